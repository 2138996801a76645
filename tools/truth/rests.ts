// /state is asked for less often where its answers take long, so that a master spends no more than a twentieth of its time on
// it. On a busy machine that may be so for one that is quick otherwise: right after the start, of one answer alone.
import { type Answer, byMoment } from './compare.ts';
import { pollsIn, type Ups } from './up.ts';

/** How long the answers to /state and /roles took. */
export const TOOK = { expr: 'mesos_poll_duration_seconds{poll=~"state|roles"}', by: ['poll'] };

/** For so many times as long as an answer took, the master is left alone. */
const SHARE = 20;

/** Polls after which what is seen is older than what is compared. */
const OLD = 2;

/** Seconds by which a poll may be late. */
const LATE = 1;

/** A poll of /state, Unix seconds, with how long its answers took in all; absent: it failed. */
export interface Poll {
  at: number;
  took?: number;
}

/** When /state was asked for, and when it must have been again. */
export class Rests {
  private readonly polls: Array<{ at: number; every: number; took: number }>;
  private readonly interval: number;

  /** `polls`: of one process, in their order. */
  constructor(interval: number, polls: Poll[]) {
    this.interval = interval;
    let latest: number[] = [];
    this.polls = polls.map(({ at, took }) => {
      // Of two answers the quicker one counts.
      latest = [...latest, ...(took === undefined ? [] : [took])].slice(-2);
      const least = latest.length === 0 ? 0 : Math.min(...latest);
      return { at, every: Math.max(interval, Math.ceil(SHARE * least)), took: least };
    });
  }

  /** Seconds between the latest poll up to a moment and the next one: an interval, or more after answers that took long. */
  every(at: number): number {
    return this.latest(at)?.every ?? this.interval;
  }

  /** How long the answers took because of which what is seen at a moment is old; absent: it is not, or for no such reason. */
  because(at: number): number | undefined {
    const poll = this.latest(at);
    const rests =
      poll !== undefined &&
      poll.every > this.interval &&
      at - poll.at >= OLD * this.interval &&
      at <= poll.at + poll.every + LATE;
    return rests ? poll.took : undefined;
  }

  private latest(at: number) {
    return this.polls.findLast((poll) => poll.at <= at);
  }
}

/** `took`: the answer to TOOK, with the times of its samples. */
export function restsOf(interval: number, ups: Ups, took: { answer: Answer; times: Answer }): Rests {
  const [values, times] = [byMoment(TOOK, took.answer), byMoment(TOOK, took.times)];
  const seconds = new Map<string, Map<number, number>>();
  for (const [at, said] of values) {
    for (const [poll, value] of said) {
      const then = times.get(at)?.get(poll);
      if (then !== undefined) {
        seconds.set(poll, (seconds.get(poll) ?? new Map<number, number>()).set(then, value));
      }
    }
  }
  const roles = [...(seconds.get('poll="roles"') ?? [])];
  const polls = pollsIn(ups, 'state').map(({ at }): Poll => {
    const state = seconds.get('poll="state"')?.get(at);
    const after = roles.find(([then]) => then >= at && then < at + interval)?.[1] ?? 0;
    return { at, ...(state !== undefined && { took: state + after }) };
  });
  return new Rests(interval, polls);
}
