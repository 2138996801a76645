// A scenario that the plugin polled, with the plugin's results and the simulator's records.
//
// There are two clocks: the plugin's, for polls and queries, and the cluster's, for events. In the quick half they are the
// same; in the shipped half the cluster's may be faster.
import { type Entry, LIMIT } from '../simulator/journal.ts';
import { pathOf } from '../simulator/live/paths.ts';
import type { Live } from '../simulator/live/live.ts';
import type { Step } from '../simulator/live/steps.ts';
import type { Leadership } from '../simulator/live/world.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import type { Answer } from './compare.ts';
import type { LoggedEnd } from './ends.ts';

/** An event as the log has it. Unix seconds. */
export interface Happened {
  kind: string;
  event: string;
  /** Of a task its ID, of an agent its host name. */
  id: string;
  at: number;
}

export interface Watched {
  scenario: Scenario;
  live: Live;
  /** Seconds between two polls, by the plugin's clock. Moments asked for are multiples of it. */
  interval: number;
  /** The first and the last queried moment, by the plugin's clock. */
  from: number;
  to: number;
  /** Whether agents were queried for measured use. */
  measured: boolean;
  /** Seconds after a moment at which every agent has been queried, and the next poll has not begun. */
  shift: number;
  /** Answers by expression. */
  answers: Map<string, Answer>;
  /** The ends of tasks in the event log; absent: they were not read. */
  ends?: LoggedEnd[];
  /** With them: what else of the event log is compared. */
  others?: Happened[];
  /** The plugin's clock is the cluster's: a test's, not the machine's. */
  oneClock: boolean;
  /** Seconds of the cluster in a second of the plugin. */
  speed: number;
  /** The cluster's time at a moment of the plugin's clock. */
  toCluster(at: number): number;
  /**
   * By how many seconds at most the simulator or the plugin was late between two moments of the plugin's clock, because the
   * machine was busy with something else; absent where that changes nothing.
   */
  late?(from: number, to: number): number;
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

/** All requests to a cluster. Throws when the oldest are no longer kept: what is compared with those left would seem right. */
export function requestsTo(live: Pick<Live, 'requests'>): Entry[] {
  const requests = live.requests();
  if (requests.length >= LIMIT) {
    throw new Error(`the cluster had ${LIMIT} requests or more, and keeps no more: watch it for less time`);
  }
  return requests;
}

/** All pages that hosts answered with 200, in the order of their moments. */
export function pagesOf({ live, oneClock }: Watched): Answered[] {
  return requestsTo(live)
    .filter(({ status, at }) => status === 200 && at !== undefined)
    .map(({ behind, time, at = 0, ...asked }) => {
      const { host, path } = behind ?? asked;
      return {
        host,
        // Older versions have pages under names with .json.
        page: pathOf(path, host.startsWith('master') ? 'master' : 'agent').replace(/\.json$/, ''),
        arrived: oneClock ? at : Date.parse(time) / 1000,
        at,
      };
    })
    .sort((a, b) => a.at - b.at);
}

/** The leader at a moment of the cluster's clock. */
export function leadershipAt(leaderships: Leadership[], at: number): Leadership | undefined {
  return leaderships.find(({ from, until = Infinity }) => from <= at && at < until);
}

type Disturb = Extract<Step, { do: 'disturb' }>;

/** Whether a step puts a fault on event streams, or takes one off. */
export function disturbsStream(step: Step): boolean {
  return step.do === 'disturb' && step.name === 'stream';
}

/** What was done last to the network, up to a moment of the cluster's clock. */
function latestFault({ scenario, live }: Watched, on: Disturb['on'], at: number): Disturb | undefined {
  // What happens to the event stream excuses nothing: polls go on.
  const done = (step: Step): step is Disturb =>
    step.do === 'disturb' && step.on === on && !disturbsStream(step) && step.at <= at - live.plan.start;
  return scenario.steps.findLast(done);
}

/** Whether any master may answer a request, also one that does not lead. */
export function anyMasterAnswers({ live: { plan } }: Watched): boolean {
  return plan.front?.kind === 'balancer' && plan.front.picks === 'any';
}

/** Whether responses may be lost or late at a moment of the cluster's clock. */
export function disturbed(watched: Watched, on: Disturb['on'], at: number): boolean {
  if (on === 'masters' && anyMasterAnswers(watched)) {
    return true;
  }
  const last = latestFault(watched, on, at);
  // After a failure the collector may wait for a while.
  const patience = 8 * watched.interval * watched.speed;
  return last !== undefined && (last.fault !== null || at - watched.live.plan.start - last.at < patience);
}

/** Whether responses arrive completely, even if late. */
export function arrivesWhole(watched: Watched, on: Disturb['on'], at: number): boolean {
  const kind = latestFault(watched, on, at)?.fault?.kind;
  return kind === undefined || kind === 'delay' || kind === 'trickle';
}
