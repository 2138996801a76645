// A scenario that went by before the plugin, with what the plugin answered and what the simulator remembers.
//
// There are two clocks: the plugin's, by which it polls and is asked, and the cluster's, by which things happen. Where the
// plugin has a clock of its own they are one; before the shipped executable the cluster's may be faster.
import { pathOf } from '../simulator/live/paths.ts';
import type { Live } from '../simulator/live/live.ts';
import type { Step } from '../simulator/live/steps.ts';
import type { Leadership } from '../simulator/live/world.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import type { Answer } from './compare.ts';

export interface Watched {
  scenario: Scenario;
  live: Live;
  /** Seconds between two polls, by the plugin's clock. Moments asked for are multiples of it. */
  interval: number;
  /** The first and the last moment that was asked for, by the plugin's clock. */
  from: number;
  to: number;
  /** Whether agents were asked for measured use. */
  measured: boolean;
  /** Seconds after a moment at which every agent has been asked, and the next pass has not begun. */
  shift: number;
  /** Answers by expression. */
  answers: Map<string, Answer>;
  /** The plugin's clock is the cluster's: a test's, not the machine's. */
  oneClock: boolean;
  /** Seconds of the cluster in a second of the plugin. */
  speed: number;
  /** The cluster's time at a moment of the plugin's clock. */
  toCluster(at: number): number;
}

/** A page that a host answered. */
export interface Answered {
  host: string;
  page: string;
  /** By the plugin's clock. */
  arrived: number;
  /** By the cluster's clock: what it said was true then. */
  at: number;
}

/** All pages that hosts answered with 200, in the order of their moments. */
export function pagesOf({ live, oneClock }: Watched): Answered[] {
  return live
    .requests()
    .filter(({ status, at }) => status === 200 && at !== undefined)
    .map(({ host, path, time, at = 0 }) => ({
      host,
      page: pathOf(path, host.startsWith('master') ? 'master' : 'agent'),
      arrived: oneClock ? at : Date.parse(time) / 1000,
      at,
    }))
    .sort((a, b) => a.at - b.at);
}

/** The leader at a moment of the cluster's clock. */
export function leadershipAt(leaderships: Leadership[], at: number): Leadership | undefined {
  return leaderships.find(({ from, until = Infinity }) => from <= at && at < until);
}

type Disturb = Extract<Step, { do: 'disturb' }>;

/** What was done last to the network, up to a moment of the cluster's clock. */
function latestFault({ scenario, live }: Watched, on: Disturb['on'], at: number): Disturb | undefined {
  const done = (step: Step): step is Disturb =>
    step.do === 'disturb' && step.on === on && step.at <= at - live.plan.start;
  return scenario.steps.findLast(done);
}

/** Whether what hosts say may not arrive, or not in time, at a moment of the cluster's clock. */
export function disturbed(watched: Watched, on: Disturb['on'], at: number): boolean {
  const last = latestFault(watched, on, at);
  // A collector that failed has the right to wait for a while.
  const patience = 8 * watched.interval * watched.speed;
  return last !== undefined && (last.fault !== null || at - watched.live.plan.start - last.at < patience);
}

/** Whether what hosts say arrives whole, if late. */
export function arrivesWhole(watched: Watched, on: Disturb['on'], at: number): boolean {
  const kind = latestFault(watched, on, at)?.fault?.kind;
  return kind === undefined || kind === 'delay' || kind === 'trickle';
}
