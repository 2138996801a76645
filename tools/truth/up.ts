// `mesos_up`: 1 exactly while the leader answers, 0 while it is dead or does not know its cluster yet.
import { POLLS } from './checks.ts';
import { type Answer, byMoment, type Moment, type Result } from './compare.ts';
import { leadershipAt, type Watched } from './watched.ts';

export const UP = { expr: 'mesos_up{poll=~"state|roles|snapshot|agents"}', by: ['poll'] };

/** Of polls that fail in a row, the next may come after two intervals and a tenth; a query sees samples for 2.5. */
export const BACK_OFF = 2.2;

/** The value of `mesos_up` of a poll at a moment. */
export interface Said {
  up: number;
  /** When that poll was, by the plugin's clock: sent, or where it failed, scheduled. */
  at: number;
}

/** By poll, by moment. */
export type Ups = Map<string, Map<number, Said>>;

export function upsOf(answer: Answer, times: Answer): Ups {
  const [values, moments] = [byMoment(UP, answer), byMoment(UP, times)];
  const ups: Ups = new Map();
  for (const [at, said] of values) {
    for (const [name, up] of said) {
      const poll = /"(.*)"/.exec(name)?.[1] ?? '';
      const then = moments.get(at)?.get(name);
      if (then !== undefined) {
        ups.set(poll, (ups.get(poll) ?? new Map<number, Said>()).set(at, { up, at: then }));
      }
    }
  }
  return ups;
}

/** The polls that were made, oldest first, each once. */
export function pollsIn(ups: Ups, poll: string): Said[] {
  const made = new Map([...(ups.get(poll)?.values() ?? [])].map((said) => [said.at, said]));
  return [...made.values()].sort((a, b) => a.at - b.at);
}

type Standing = 'none' | 'recovering' | 'ready';

/** Whether there is a leader that knows its cluster. */
function standing({ live }: Watched, at: number): Standing {
  const leadership = leadershipAt(live.reachable(), at);
  return leadership === undefined ? 'none' : at >= (leadership.ready ?? Infinity) ? 'ready' : 'recovering';
}

/** What `mesos_up` may be at a poll. `then`: the cluster's moment at which it was answered or failed. */
function allowed(watched: Watched, poll: string, then: number): number[] {
  const { interval, speed } = watched;
  const now = standing(watched, then);
  switch (poll) {
    case 'snapshot':
      // A master that has read its registry has metrics, whether or not agents came back.
      return now === 'none' ? [0] : now === 'ready' ? [1] : [0, 1];
    case 'agents': {
      // Agents are queried while the latest /state lists them: one poll later than the leader returns or is lost.
      const before = [1, BACK_OFF].map((n) => standing(watched, then - n * interval * speed));
      return [now, ...before].every((one) => one === 'ready') ? [1] : [0, 1];
    }
    default:
      return now === 'ready' ? [1] : [0];
  }
}

/** Compares at all moments. `answeredAt`: the cluster's moment at which a page was answered for a sample. */
export function judgeUp(
  watched: Watched,
  ups: Ups,
  moments: Moment[],
  answeredAt: (page: string, at: number) => number
): Result {
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  // Polls that fail before any other have no cluster to be named by.
  const [first] = moments;
  const met = pollsIn(ups, 'state').find(({ up }) => up === 1);
  const begun = first?.excused && met !== undefined ? met.at : (first?.at ?? 0);
  const pages = Object.fromEntries(Object.entries(POLLS).map(([page, poll]) => [poll, page]));
  for (const poll of [...Object.values(POLLS), ...(watched.measured ? ['agents'] : [])]) {
    // The first poll of the agents is over later than the first moment.
    const from = begun + (poll === 'agents' ? watched.interval : 0);
    for (const { at, window, excused } of moments.filter(({ at }) => at >= from)) {
      result.checks++;
      if (window) {
        result.inWindows++;
        continue;
      }
      const said = ups.get(poll)?.get(at);
      if (said === undefined || said.at <= at - (BACK_OFF + 0.1) * watched.interval) {
        result.deviations.push(`mesos_up{poll="${poll}"} at ${written(at)}: nothing that is new enough`);
        continue;
      }
      const answered = said.up === 1 && poll in pages;
      const right = allowed(watched, poll, answered ? answeredAt(pages[poll], said.at) : watched.toCluster(said.at));
      if (!excused && !right.includes(said.up)) {
        result.deviations.push(`mesos_up{poll="${poll}"} at ${written(at)}: ${said.up}, true is ${right.join(' or ')}`);
      }
    }
  }
  return result;
}

function written(at: number): string {
  return new Date(at * 1000).toISOString();
}
