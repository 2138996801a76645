// Compares what else the event log has, beside the ends of tasks, with what happened: tasks that began to run, leaders, agents
// that disconnected; and the counters that are made of events.
import type { Truth } from '../simulator/live/truth.ts';
import { shapeOf } from '../simulator/live/versions/shapes.ts';
import type { Leadership, TaskEnd } from '../simulator/live/world.ts';
import type { Answer, Result } from './compare.ts';
import type { Watched } from './watched.ts';

/** How many deviations are told one by one. */
const TOLD = 20;

function resultOf(checks: number, deviations: string[]): Result {
  const more = deviations.splice(TOLD).length;
  return { checks, inWindows: 0, deviations: more > 0 ? [...deviations, `and ${more} more`] : deviations };
}

const wrong = (what: string, told: number, least: number, most: number): string[] =>
  told >= least && told <= most
    ? []
    : [`${what}: ${told} times in the log, true is ${least === most ? least : `${least} to ${most}`}`];

const readsStream = ({ live }: Watched) => live.plan.mesos === undefined;

/** Whether the cluster's version of Mesos has the key in its pages: without `active` no agent is told to be disconnected. */
function tells({ live }: Watched, of: 'agent' | 'task', key: string): boolean {
  return shapeOf(live.plan.mesos)?.keys[of].includes(key) ?? true;
}

/** Every task that a master heard to run between two moments is told once, and no other. Without a stream, short ones are not. */
export function judgeStarts(watched: Watched, from: number, to: number): Result {
  const told = Map.groupBy(
    (watched.others ?? []).filter(({ kind }) => kind === 'task'),
    ({ id }) => id
  );
  const ended = new Map(watched.live.ends().map(({ taskId, heard }) => [taskId, heard]));
  const starts = new Map(watched.live.starts().map((start) => [start.taskId, start.heard]));
  const deviations = [...starts].flatMap(([id, heard]) => {
    const seen = readsStream(watched) || (ended.get(id) ?? Infinity) > heard + 2 * watched.interval;
    const least = heard >= from && heard <= to && seen ? 1 : 0;
    return wrong(`event ${id} running`, told.get(id)?.length ?? 0, least, 1);
  });
  const strangers = [...told.keys()].filter((id) => !starts.has(id));
  deviations.push(...strangers.map((id) => `event ${id} running: in the log, true is none`));
  return resultOf(starts.size + strangers.length, deviations);
}

/** Seconds by which the time of an election may differ: it is rounded. */
const EXACT = 1.5;

/** Every leader that lasted is told once, with the time of its election. */
export function judgeLeaders(watched: Watched, from: number, to: number): Result {
  const told = (watched.others ?? []).filter(({ kind }) => kind === 'master');
  const led = watched.live.leaderships();
  const deviations = led.slice(1).flatMap((leadership) => {
    const { ready, until = Infinity } = leadership;
    const lasted = ready !== undefined && ready >= from && Math.min(until, to) - ready >= 3 * watched.interval;
    const n = told.filter(({ at }) => Math.abs(at - leadership.from) <= EXACT).length;
    return wrong(`leader elected at ${leadership.from}`, n, lasted ? 1 : 0, 1);
  });
  const strangers = told.filter(({ at }) => !led.some((leadership) => Math.abs(at - leadership.from) <= EXACT));
  deviations.push(...strangers.map(({ at }) => `leader elected at ${at}: in the log, true is none`));
  return resultOf(led.length - 1 + strangers.length, deviations);
}

const leads = (all: Leadership[], at: number) =>
  all.find(({ ready = Infinity, until = Infinity }) => ready <= at && at < until);

/**
 * An agent that was connected at one poll and is disconnected at the next has disconnected once. Over a change of the leader that
 * is not known.
 */
export function judgeDisconnected(
  watched: Watched,
  from: number,
  to: number,
  truthsOf: (watched: Watched, moments: number[]) => (at: number) => Truth
): Result {
  const moments: number[] = [];
  for (let at = watched.from; at <= watched.to; at += watched.interval) {
    moments.push(at);
  }
  const truth = truthsOf(watched, moments.map(watched.toCluster));
  const led = watched.live.leaderships();
  const told = tells(watched, 'agent', 'active');
  const least = new Map<string, number>();
  const most = new Map<string, number>();
  const count = (counts: Map<string, number>, agent: string) => counts.set(agent, (counts.get(agent) ?? 0) + 1);
  for (let i = 1; i < moments.length; i++) {
    const [before, now] = [moments[i - 1], moments[i]].map(watched.toCluster);
    const same = leads(led, before) !== undefined && leads(led, before) === leads(led, now);
    const states = new Map(truth(before).agents.map(({ agent, state }) => [agent, state]));
    for (const { agent, state } of truth(now).agents) {
      if (state !== 'disconnected' || states.get(agent) === state) {
        continue;
      }
      count(most, agent);
      if (told && same && states.has(agent) && before >= from && now <= to) {
        count(least, agent);
      }
    }
  }
  const logged = Map.groupBy(
    (watched.others ?? []).filter(({ kind }) => kind === 'agent'),
    ({ id }) => id
  );
  const agents = new Set([...most.keys(), ...logged.keys()]);
  const deviations = [...agents].flatMap((agent) =>
    wrong(`event ${agent} disconnected`, logged.get(agent)?.length ?? 0, least.get(agent) ?? 0, most.get(agent) ?? 0)
  );
  return resultOf(agents.size, deviations);
}

/** The counters of ends, by what, with what of an end that is. */
export const COUNTERS = [
  { label: 'agent', name: 'mesos_agent_tasks_ended_total', of: ({ agent }: TaskEnd) => agent },
  { label: 'role', name: 'mesos_role_tasks_ended_total', of: ({ role }: TaskEnd) => role },
  { label: 'label_team', name: 'mesos_task_label_tasks_ended_total', of: ({ labels }: TaskEnd) => labels.team },
].map((one) => ({ ...one, expr: `sum by (${one.label}, state) (${one.name})` }));

/** For so many intervals the role and the labels of a task that only an update told of may be awaited. */
const AWAITED = 4;

/** Between two moments the counters have risen by the ends that a master heard of. */
export function judgeCounters(
  watched: Watched,
  answer: (expr: string) => Answer,
  from: number,
  to: number
): Array<[name: string, result: Result]> {
  const labeled = tells(watched, 'task', 'labels');
  const ends = watched.live.ends().map((end) => (labeled ? end : { ...end, labels: {} }));
  return COUNTERS.map(({ expr, label, name, of }) => {
    const key = (value: string | undefined, state: string) => `${name}{${label}="${value ?? ''}",state="${state}"}`;
    const risen = new Map(
      answer(expr).series.map(({ labels, points }) => {
        const at = (moment: number) => (points ?? []).findLast(([time]) => time <= moment)?.[1] ?? 0;
        return [key(labels[label], labels.state), at(to) - at(from)];
      })
    );
    const heard = Map.groupBy(
      ends.filter((end) => of(end) !== undefined),
      (end) => key(of(end), end.state.toLowerCase())
    );
    const late = AWAITED * watched.interval;
    const deviations = [...new Set([...risen.keys(), ...heard.keys()])]
      .filter((series) => !series.includes('state="unknown"'))
      .flatMap((series) => {
        const within = (a: number, b: number) =>
          (heard.get(series) ?? []).filter(
            (end) => end.heard > watched.toCluster(a) && end.heard <= watched.toCluster(b)
          ).length;
        const [value, least, most] = [risen.get(series) ?? 0, within(from, to - late), within(from - late, to)];
        return value >= least && value <= most ? [] : [`${series}: risen by ${value}, true is ${least} to ${most}`];
      });
    return [name, resultOf(heard.size, deviations)];
  });
}
