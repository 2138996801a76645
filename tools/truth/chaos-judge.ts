// Compares what the executable answered while and after the event stream had faults.
import type { Live } from '../simulator/live/live.ts';
import type { Truth } from '../simulator/live/truth.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Check, CHECKS } from './checks.ts';
import { type Answer, byMoment, type Result } from './compare.ts';
import { judgeEnds, type LoggedEnd } from './ends.ts';
import type { Verdict } from './judge.ts';
import { Judged, MOST } from './lateness.ts';
import { truthsOf } from './moments.ts';
import { requestsTo } from './watched.ts';

export interface LoggedEvent extends LoggedEnd {
  id: string;
}

/** What was answered about a cluster. Times are Unix seconds by the plugin's clock. */
export interface Afterwards {
  scenario: Scenario;
  live: Live;
  interval: number;
  from: number;
  to: number;
  /** When the faults began, and from when on everything must be right: two polls after they ended. */
  begins: number;
  right: number;
  /** Answers by expression, at moments. */
  moments: Array<{ at: number; answers: Map<string, Answer> }>;
  /** Those of tasks. */
  events: LoggedEvent[];
  toCluster(at: number): number;
  /** The most seconds that a thread of the plugin waited for a processor shortly before a moment, because others had it. */
  late(at: number): number;
}

/** The number of polls after a fault within which everything is right again. */
export const AFTER = 2;

/** States that tasks of agents are counted in. A browser is answered 1,000 series at most, so each is asked for alone. */
const AGENT_TASKS: Check[] = CHECKS.filter(({ expr }) => expr.startsWith('mesos_agent_tasks')).flatMap((check) =>
  ['staging', 'starting', 'running', 'killing'].map((state) => ({
    ...check,
    expr: `mesos_agent_tasks{state="${state}"}`,
    facts: (truth) => check.facts(truth).filter(([labels]) => labels.state === state),
  }))
);

/** What the model has: sums, counts, per framework, role and agent. */
export const KEPT = [
  ...CHECKS.filter(
    ({ expr }) =>
      /^mesos_(cluster|framework|role)_tasks$|^mesos_(cluster|framework|role|agent)_(cpus_allocated|memory_allocated_bytes)$/.test(
        expr
      ) || /^mesos_cluster_(agents|frameworks|cpus_capacity)$|^mesos_agent_(state|cpus_capacity)$/.test(expr)
  ),
  ...AGENT_TASKS,
];

const UP = 'mesos_up{poll="subscribe"}';
const DRIFT = 'mesos_model_drift_total';
const ENDED = 'sum by (state) (mesos_agent_tasks_ended_total)';
const CLUSTER_TASKS = 'mesos_cluster_tasks';

export const EXPRS = [...KEPT.map(({ expr }) => expr), UP, DRIFT, ENDED];

/** Seconds after an answer until the model of its moment is written: what the stream tells meanwhile is in it. */
const UNTIL_WRITTEN = [0, 0.02, 0.1];

/** Seconds within which what was told is read by a plugin that does not wait for a processor, and between two moments of them. */
const [READ_WITHIN, STEP] = [0.25, 0.05];

/** Seconds between two moments at which the simulator tells what happened. */
const TOLD_EVERY = 0.2;

/** Seconds after the time of a sample within which its request arrives. */
const ARRIVES = READ_WITHIN + MOST;

/** Seconds that a sample may be older than two polls. */
const SLACK = 3;

/** The states in which a task has ended. */
const ENDS = /^(finished|failed|killed|error|lost|dropped|gone|gone_by_operator|unknown)$/;

/** Faults that make the stream late, so that model and master may differ without being noticed while they last. */
const LATE = ['stream-slow', 'stream-silent', 'stream-leaders'];

/** Seconds within which every end is counted: /state is asked for, a second poll where one fails, and the next is written. */
const COUNTED = 45;

export function judgeChaos(found: Afterwards): Verdict {
  const judged = new Judged();
  const parts: Array<[name: string, result: Result]> = [
    ...judgeModel(found, judged),
    ['fresh', judgeFresh(found, judged)],
    ['stream', judgeStream(found)],
    [DRIFT, judgeDrift(found)],
    ['events', judgeEvents(found)],
    [ENDED, judgeCounters(found)],
  ];
  parts.push(['judged', { checks: 1, inWindows: 0, deviations: judged.deviations() }]); // once all was
  return {
    checks: parts.reduce((sum, [, { checks }]) => sum + checks, 0),
    inWindows: parts.reduce((sum, [, { inWindows }]) => sum + inWindows, 0),
    deviations: parts.flatMap(([, { deviations }]) => deviations),
    wrong: new Map(parts.map(([name, { deviations }]) => [name, deviations.length])),
    lines: [
      `${found.events.length} events of tasks, ${found.live.ends().length} ends`,
      ...starved(found),
      ...judged.lines(),
    ],
  };
}

/** Says where the machine was busy, so that more moments of the cluster were compared. */
function starved({ live, moments, from, to, toCluster, late }: Afterwards): string[] {
  const waited = moments.map(({ at }) => late(at)).filter((seconds) => seconds > READ_WITHIN);
  const behind = Math.max(...range(from, to).map((at) => behindAt({ live, toCluster }, at)));
  return [
    ...(waited.length > 0
      ? [
          `busy machine: the plugin had waited for a processor at ${waited.length} of ${moments.length} moments, up to ${Math.max(...waited).toFixed(1)} s: it may have read so much later`,
        ]
      : []),
    ...(behind > READ_WITHIN
      ? [`busy machine: the simulator told what happened up to ${behind.toFixed(1)} s later`]
      : []),
  ];
}

/** The moments from one to another, STEP apart, both included. */
const range = (from: number, to: number) =>
  Array.from({ length: 1 + Math.ceil((to - from) / STEP) }, (_, i) => Math.min(from + i * STEP, to));

/** By how many seconds the simulator was late to tell what had happened until a moment. */
const behindAt = ({ live, toCluster }: { live: Pick<Live, 'nowAt'>; toCluster(at: number): number }, at: number) =>
  Math.max(0, toCluster(at) - live.nowAt(1000 * at)[0] - TOLD_EVERY);

const labelsOf = (by: string[], labels: Record<string, string>) =>
  by.map((label) => `${label}="${labels[label] ?? ''}"`).join(',');

/** The values of an expression at a moment, with the times of their samples. */
function samplesOf({ expr, by }: Pick<Check, 'expr' | 'by'>, at: number, answers: Map<string, Answer>) {
  const values = byMoment({ by }, answers.get(expr) ?? { expr, series: [] }).get(at);
  const times = byMoment({ by }, answers.get(`timestamp(${expr})`) ?? { expr, series: [] }).get(at);
  return [...(values ?? [])].map(([name, value]) => ({ name, value, then: times?.get(name) ?? at }));
}

/** Every sample is true at its moment, and all that is true is there. */
function judgeModel(found: Afterwards, judged: Judged): Array<[string, Result]> {
  const { live, scenario, moments, begins, right } = found;
  const all = moments
    .filter(({ at }) => at >= right || at < begins || !LATE.includes(scenario.name))
    .map(({ at, answers }) => ({
      at,
      checks: KEPT.map((check) => ({ check, samples: samplesOf(check, at, answers) })),
    }));
  const around = momentsAround(found);
  const truth = truthsOf(
    { live },
    all.flatMap(({ checks }) =>
      [...new Set(checks.flatMap(({ samples }) => samples.map(({ then }) => then)))].flatMap(
        (then) => around(then).moments
      )
    )
  );
  const known = new Map<string, Map<string, number>>();
  const factsAt = (check: Check, at: number): Map<string, number> => {
    const key = `${check.expr} ${at}`;
    const facts = known.get(key) ?? new Map(factsOf(check, truth(at)));
    known.set(key, facts);
    return facts;
  };
  const results = new Map(KEPT.map(({ expr }) => [expr, { checks: 0, inWindows: 0, deviations: [] as string[] }]));
  for (const { at, checks } of all) {
    for (const { check, samples } of checks) {
      const result = results.get(check.expr)!;
      const needed = Math.max(0, ...samples.map(({ then }) => around(then).needed));
      if (!judged.judges(at, needed)) {
        result.checks += samples.length;
        result.inWindows += samples.length;
        continue;
      }
      const newest = Math.max(...samples.map(({ then }) => then));
      const complete = samples.length === 0 ? [] : around(newest).moments.map((moment) => factsAt(check, moment));
      const there = new Set(samples.map(({ name }) => name));
      const missing = [...(complete[0] ?? [])].filter(
        ([name]) => !there.has(name) && complete.every((facts) => (facts.get(name) ?? 0) !== 0)
      );
      result.checks += samples.length + missing.length;
      const when = `${new Date(1000 * at).toISOString()} (${(at - found.from).toFixed(0)} s)`;
      if (samples.length === 0 && !AGENT_TASKS.includes(check)) {
        result.checks++;
        result.deviations.push(`${check.expr} at ${when}: nothing`);
      }
      for (const { name, value, then } of samples) {
        const right = around(then).moments.map(
          (moment) => factsAt(check, moment).get(name) ?? (check.zeros ? 0 : undefined)
        );
        // Between two of the moments it may have been any number between theirs.
        const known = right.filter((fact) => fact !== undefined);
        if (!(value > Math.min(...known) - 0.0011 && value < Math.max(...known) + 0.0011)) {
          result.deviations.push(
            `${check.expr}{${name}} at ${when}, ${(at - then).toFixed(1)} s old: ${value}, true is ${[...new Set(right)].join(' or ')}`
          );
        }
      }
      missing.forEach(([name, value]) =>
        result.deviations.push(`${check.expr}{${name}} at ${when}: nothing, true is ${value}`)
      );
    }
  }
  return [...results];
}

/** The cluster's moments that a sample may be of, and how many seconds are let pass for that. */
export interface Around {
  moments: number[];
  needed: number;
}

/**
 * Returns the cluster's moments that a sample may be of: those of the answers that were asked for at its time, and up to which
 * the event stream had told then. What is let pass: by how much the simulator told later than it does, and how long the plugin
 * waited for a processor, about that time. Where that is more than MOST, the moments are not to be compared with.
 */
export function momentsAround({
  live,
  late,
  toCluster,
}: Pick<Afterwards, 'late' | 'toCluster'> & { live: Pick<Live, 'requests' | 'nowAt'> }): (then: number) => Around {
  const answers = requestsTo(live)
    .filter(({ path, status }) => status === 200 && /^\/(master\/)?(state|metrics\/snapshot)\b/.test(path))
    .flatMap(({ time, at }) => (at === undefined ? [] : [{ arrived: Date.parse(time) / 1000, at }]));
  const around = (then: number): Around => {
    const found = answers
      .filter(({ arrived }) => arrived > then - 0.01 && arrived < then + ARRIVES)
      .map(({ at }) => at);
    // Between two /state the model is of the moment of the request, as far as the stream had been read by then.
    const waited = Math.min(late(then), MOST);
    const told = range(then - READ_WITHIN - waited, then).flatMap((before) => live.nowAt(1000 * before));
    const moments = [...told, ...found.flatMap((at) => UNTIL_WRITTEN.map((more) => at + more))];
    const behind = range(then - READ_WITHIN - waited, then + ARRIVES).map((at) => behindAt({ live, toCluster }, at));
    return {
      moments: [...new Set(moments)].sort((a, b) => a - b),
      needed: Math.max(...behind) + Math.max(late(then), late(then + ARRIVES)),
    };
  };
  // Many samples are of one moment.
  const known = new Map<number, Around>();
  return (then) => known.get(then) ?? known.set(then, around(then)).get(then)!;
}

function factsOf(check: Check, truth: Truth): Array<[string, number]> {
  return check.facts(truth).map(([labels, value]) => [labelsOf(check.by, labels), value]);
}

/** From two polls after a fault on, no sample of tasks is older than two polls. */
function judgeFresh({ moments, right, interval, from, late }: Afterwards, judged: Judged): Result {
  const after = moments.filter(({ at }) => at >= right);
  const compared = after.filter(({ at }) => judged.judges(at, late(at)));
  const deviations = compared.flatMap(({ at, answers }) => {
    const newest = Math.max(...samplesOf({ expr: CLUSTER_TASKS, by: ['state'] }, at, answers).map(({ then }) => then));
    return at - newest <= AFTER * interval + SLACK + late(at)
      ? []
      : [`${CLUSTER_TASKS} ${(at - from).toFixed(0)} s after the beginning is ${(at - newest).toFixed(1)} s old`];
  });
  return { checks: after.length, inWindows: after.length - compared.length, deviations };
}

/** There was a stream before the faults, and there is one in the end. */
function judgeStream({ moments, begins }: Afterwards): Result {
  const at = [moments.findLast((moment) => moment.at < begins), moments.at(-1)];
  const deviations = at.flatMap((moment, i) => {
    const up = moment?.answers.get(UP)?.series[0]?.points?.[0]?.[1];
    return up === 1 ? [] : [`${UP} is ${up ?? 'nothing'} ${i === 0 ? 'before the fault' : 'in the end'}, true is 1`];
  });
  return { checks: at.length, inWindows: 0, deviations };
}

/** Model and /state agree, but while the stream is late. */
function judgeDrift({ scenario, moments, right }: Afterwards): Result {
  const total = (answers?: Map<string, Answer>) =>
    (answers?.get(DRIFT)?.series ?? []).reduce((sum, { points }) => sum + (points?.[0]?.[1] ?? 0), 0);
  const before = LATE.includes(scenario.name) ? total(moments.find(({ at }) => at >= right)?.answers) : 0;
  const drift = total(moments.at(-1)?.answers) - before;
  return { checks: 1, inWindows: 0, deviations: drift === 0 ? [] : [`${DRIFT} grew by ${drift}, true is 0`] };
}

/** Every end of a task is in the log once, and no state of a task twice. */
function judgeEvents({ live, events, from, to, interval, toCluster }: Afterwards): Result {
  const ends = events.filter(({ state }) => ENDS.test(state));
  const judged = judgeEnds(live, ends, toCluster(from + 2 * interval), toCluster(to - 3 * interval));
  const states = Map.groupBy(events, ({ framework, taskId, state }) => `${framework} ${taskId} ${state}`);
  const twice = [...states].filter(([, same]) => same.length > 1);
  return {
    checks: judged.checks + states.size,
    inWindows: 0,
    deviations: [
      ...judged.deviations,
      ...twice.map(([name, { length }]) => `event ${name}: ${length} times in the log`),
    ],
  };
}

/** The counters have every end that the log has. */
function judgeCounters({ scenario, moments, events }: Afterwards): Result {
  const last = moments.at(-1);
  const totals = new Map(
    (last?.answers.get(ENDED)?.series ?? []).map(({ labels, points }) => [labels.state, points?.[0]?.[1] ?? 0])
  );
  const sampled = Math.max(
    ...samplesOf({ expr: ENDED, by: ['state'] }, last?.at ?? 0, last?.answers ?? new Map()).map(({ then }) => then)
  );
  const states = Map.groupBy(
    events.filter(({ state }) => ENDS.test(state)),
    ({ state }) => state
  );
  const deviations = [...new Set([...totals.keys(), ...states.keys()])].flatMap((state) => {
    const logged = states.get(state) ?? [];
    const counted = logged.filter(({ at }) => at < sampled - COUNTED);
    const [least, most] = [counted.length, logged.length];
    const value = totals.get(state) ?? 0;
    return value >= least && value <= most ? [] : [`${ENDED}{state="${state}"}: ${value}, true is ${least} to ${most}`];
  });
  return { checks: totals.size, inWindows: 0, deviations };
}
