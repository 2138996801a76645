/**
 * A scene, as the servers need it: whether a recorded host is up at a moment, and which rows answer.
 *
 * There are three kinds: scenes of one moment (stages.ts), the sampled series (series.ts), the failover (failover.ts).
 */
import type { Row } from './manifest.ts';

/** One host at one moment. */
export interface Moment {
  /** False: nothing listens there. */
  up: boolean;
  /** Rows that may answer. */
  rows: Row[];
  /** The recorded moment in Unix seconds; NaN when unknown. Answers not recorded in the scene are taken near it. */
  at: number;
  /** The host to which its redirects lead, when it is another one than recorded. */
  redirectsTo?: string;
}

/** What was done to the cluster, and when. */
export interface SceneEvent {
  /** Seconds from the start of the recording. */
  t: number;
  text: string;
}

/** The time course of a scene that moves. */
export interface Course {
  /** When the recording started, Unix seconds. */
  start: number;
  /** Seconds of recording. */
  length: number;
  /** Whether it starts again at its end, or stays as it ended. */
  loops: boolean;
  /** Seconds from the start at which some host comes up or goes down, ascending. */
  changes: number[];
  events: SceneEvent[];
}

/** A scene that can be served. */
export interface Scene {
  name: string;
  /** Recorded hosts, `address:port`. */
  hosts: string[];
  /** Names for setStage; empty when the scene has one state only, or moves by itself. */
  stages: string[];
  /** Present when the scene moves in time. */
  course?: Course;
  /** Whether rows of other scenes may fill what this one lacks: false where responses depend on credentials or on the leader. */
  borrows: boolean;
  /** `elapsed`: seconds from the start of the recording; ignored by scenes of one moment. */
  moment(host: string, elapsed: number): Moment;
  stage(): string;
  /** Throws for names that are not in `stages`. */
  setStage(name: string): void;
}
