/**
 * Plays a recording in time: the current position in it, and its times on today's clock.
 */
import type { Course, SceneEvent } from './scene.ts';

/** Where a replay is. */
export interface Position {
  /** How often the recording was played to its end. */
  loop: number;
  /** Seconds from the start of the recording. */
  elapsed: number;
  /** What was done to the cluster last, in this loop. */
  event?: SceneEvent;
}

/** JSON members of Mesos' answers that hold a moment in Unix seconds. `build_time` is the program's, not the cluster's. */
const TIMES = [
  ...['start_time', 'elected_time', 'registered_time', 'reregistered_time', 'unregistered_time', 'timestamp'],
  'estimated_drain_start_time_seconds',
];

/** Zero and other small numbers are not moments (Mesos writes `"unregistered_time":0`). */
const TIME_MEMBER = new RegExp(`("(?:${TIMES.join('|')})":)(\\d{9,})(\\.\\d+)?`, 'g');

/** The time course of one replay. */
export class Timeline {
  readonly course: Course;
  private readonly speed: number;
  private readonly clock: () => number;
  private readonly begun: number;

  /** `clock` gives milliseconds since the epoch; the recording starts now. */
  constructor(course: Course, speed: number, clock: () => number) {
    this.course = course;
    this.speed = speed;
    this.clock = clock;
    this.begun = clock();
  }

  position(): Position {
    const played = ((this.clock() - this.begun) / 1000) * this.speed;
    const { length, loops, events } = this.course;
    const loop = loops ? Math.floor(played / length) : 0;
    const elapsed = loops ? played - loop * length : Math.min(played, length);
    return { loop, elapsed, event: events.findLast(({ t }) => t <= elapsed) };
  }

  /** Milliseconds until a host comes up or goes down, or the recording starts again; undefined when nothing follows. */
  untilChange(): number | undefined {
    const { elapsed } = this.position();
    const next = this.course.changes.find((t) => t > elapsed) ?? (this.course.loops ? this.course.length : undefined);
    return next === undefined ? undefined : ((next - elapsed) / this.speed) * 1000;
  }

  /**
   * Moves the recorded times inside a JSON answer to today's clock; every other byte stays.
   *
   * In each loop the recording's start becomes that loop's start, so a looping master has a new `elected_time` and
   * smaller counters: it looks like a restarted master. The difference is a whole number of seconds, rounded
   * down, so digits after the point stay and no time lies in the future. At another speed than 1, times after the
   * recording's start are spread by it.
   */
  shift(body: Buffer): Buffer {
    const { start, length } = this.course;
    const loopStart = this.begun / 1000 + (this.position().loop * length) / this.speed;
    const difference = Math.floor(loopStart - start);
    const moved = (whole: string, fraction: string) => {
      const recorded = Number(whole + fraction);
      if (this.speed === 1 || recorded <= start) {
        return `${Number(whole) + difference}${fraction}`;
      }
      return (start + difference + (recorded - start) / this.speed).toFixed(Math.max(0, fraction.length - 1));
    };
    const text = body.toString('latin1'); // One character per byte: whatever the encoding, nothing else changes.
    return Buffer.from(
      text.replace(TIME_MEMBER, (_, name: string, whole: string, fraction = '') => name + moved(whole, fraction)),
      'latin1'
    );
  }
}
