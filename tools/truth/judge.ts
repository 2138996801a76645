// Compares the plugin's results of a scenario with the truth.
import { judgeBalanced } from './balanced.ts';
import { type Check, CHECKS } from './checks.ts';
import { judgeEnds } from './ends.ts';
import { COUNTERS, judgeCounters, judgeDisconnected, judgeLeaders, judgeStarts } from './happenings.ts';
import { FITS_CHECKS } from './fits.ts';
import { type Answer, compare, type Fact, type Moment, type Result } from './compare.ts';
import { GAP_SERIES, judgeGaps } from './gaps.ts';
import { Judged, LITTLE, ONE_DELAY } from './lateness.ts';
import { answeredAtOf, momentsOf, thenOf, truthsOf } from './moments.ts';
import { passAt, type Reading, readingsOf, USE_CHECKS } from './passes.ts';
import { restsOf, TOOK } from './rests.ts';
import { told, truthFor } from './untold.ts';
import { judgeUp, pollsIn, UP, type Ups, upsOf } from './up.ts';
import { anyMasterAnswers, disturbed, disturbsStream, leadershipAt, type Watched } from './watched.ts';

export interface Verdict extends Result {
  /** Deviations by expression. */
  wrong: Map<string, number>;
  /** A line for each loss of a leader, and for what was left out. */
  lines: string[];
}

/** What too few judged moments are listed as. */
const BUSY = 'busy machine';

/** Polls of /state that failed because a leader did not know its cluster yet. */
const RECOVERING = 'mesos_poll_failures_total{poll="state",category="recovering"}';

/** `keptOnly`: as of judge. */
const checksOf = (keptOnly: boolean) => [...CHECKS, ...(keptOnly ? [] : FITS_CHECKS)];

/** A query, and the name by which its answer is found. */
export interface Question {
  expr: string;
  query: object;
}

/** An expression of PromQL. */
export const promql = (expr: string): Question => ({ expr, query: { queryType: 'promql', expr } });

const timeOf = (expr: string) => `timestamp(${expr})`;

/** How often the model that events keep differed from the one that was polled. */
const DRIFT = 'mesos_model_drift_total';

/** Measured use at the end of the poll of the agents that a moment lies in. */
const later = (expr: string, shift: number) => `${expr} offset ${-Math.round(1000 * shift)}ms`;

/**
 * An expression at all moments, though a query's steps are no shorter than the longest interval of the polls that bring it,
 * rounded up to a minute: the followers' for `mesos_up`, four times that of others. So it is asked several times, each a
 * moment later.
 */
const atAll = (expr: string, interval: number) =>
  Array.from({ length: Math.ceil(60 / interval) }, (_, i) => ({
    ago: i * interval,
    expr: expr.replace(/(\{.*\})/, `$1 offset ${-i * interval}s`),
  }));

/** Merges the results of the queries of atAll. */
function merged(watched: Watched, expr: string): Answer {
  const series = atAll(expr, watched.interval).flatMap(({ expr: later, ago }) =>
    answerTo(watched, later).series.map(({ labels, points }) => ({
      labels,
      points: (points ?? []).map(([at, value]): [number, number] => [at + ago, value]),
    }))
  );
  return { expr, series };
}

/** Everything that the plugin is queried for. */
export function questions(
  { measured, shift, interval }: Pick<Watched, 'measured' | 'shift' | 'interval'>,
  keptOnly = false
): Question[] {
  const state = checksOf(keptOnly).flatMap(({ expr, query }) =>
    query ? [{ expr, query }] : [promql(expr), promql(timeOf(expr))]
  );
  const health = [UP.expr, timeOf(UP.expr), TOOK.expr, timeOf(TOOK.expr), RECOVERING].flatMap((expr) =>
    atAll(expr, interval)
  );
  const use = measured ? USE_CHECKS.map(({ expr }) => later(expr, shift)) : [];
  const counters = COUNTERS.map(({ expr }) => expr);
  return [...state, ...[DRIFT, ...counters, ...health.map(({ expr }) => expr), ...use].map(promql)];
}

function answerTo({ answers, scenario }: Watched, expr: string): Answer {
  const found = answers.get(expr);
  if (found === undefined) {
    throw new Error(`${scenario.name}: ${expr} was not asked for`);
  }
  return found;
}

/** What events keep between two /state: with many agents those are far apart, and the other checks assume that they are not. */
const KEPT =
  /_tasks\b|mesos_cluster_(agents|frameworks)|mesos_agent_cpus_capacity|^events$|^starts$|_tasks_ended_total|^mesos_model_drift/;

/** `keptOnly`: /state is seldom asked for, and only what events keep is compared. */
export function judge(watched: Watched, keptOnly = false): Verdict {
  const checks = checksOf(keptOnly);
  const answer = (expr: string) => answerTo(watched, expr);
  const timed = ({ expr, timesOf = expr }: Pick<Check, 'expr' | 'timesOf'>) => ({
    answer: answer(expr),
    times: answer(timeOf(timesOf)),
  });
  const ups = upsOf(merged(watched, UP.expr), merged(watched, timeOf(UP.expr)));
  const answeredAt = answeredAtOf(watched);
  const judged = new Judged(LITTLE, ONE_DELAY);
  const rests = restsOf(watched.interval, ups, {
    answer: merged(watched, TOOK.expr),
    times: merged(watched, timeOf(TOOK.expr)),
  });
  const moments = momentsOf(watched, 0, (at) => disturbed(watched, 'masters', at), judged, rests);
  const parts: Array<[name: string, result: Result]> = [];

  const thens = new Map(
    checks.map((check) => [check, thenOf(watched, check, timed(check).times, ups, moments, answeredAt)])
  );
  const truth = truthsOf(
    watched,
    [...thens.values()].flatMap((then) => [...then.values()])
  );
  const leaderships = watched.live.reachable();
  for (const check of checks) {
    const then = thens.get(check);
    const facts = ({ at }: Moment) => {
      const moment = then?.get(at) ?? at;
      const known = truth(moment);
      // A leader that has read its registry has metrics, whether or not agents came back.
      const leadership = leadershipAt(leaderships, moment);
      const tells =
        leadership !== undefined &&
        (check.page === '/metrics/snapshot' ? known.leader !== null : known.ready && moment >= (leadership.ready ?? 0));
      if (!tells) {
        return null;
      }
      const version = watched.live.plan.mesos;
      return told(check, check.facts(truthFor(check, known, version)), known, version);
    };
    parts.push([check.expr, compare(check, answer(check.expr), moments, facts)]);
  }
  parts.push([UP.expr, judgeUp(watched, ups, moments, answeredAt)]);
  parts.push(['balanced', judgeBalanced(watched, ups)]);
  parts.push([RECOVERING, judgeRecovering(watched, merged(watched, RECOVERING), ups)]);
  const gaps = judgeGaps(
    watched,
    ups,
    GAP_SERIES.map(({ entity, expr }) => ({ entity, ...timed({ expr }) })),
    moments,
    rests
  );
  parts.push(['gaps', gaps]);
  parts.push([DRIFT, judgeDrift(watched, answer(DRIFT), readsStream(watched))]);
  if (watched.ends !== undefined) {
    // A task that ended before the first poll, or since the last one, may not be known; where polls fail at any time, nor
    // may those of some polls before.
    const late = anyMasterAnswers(watched) ? 5 : 1;
    const [from, to] = [watched.from + 2 * watched.interval, watched.to - late * watched.interval];
    parts.push(['events', judgeEnds(watched.live, watched.ends, watched.toCluster(from), watched.toCluster(to))]);
    if (watched.others !== undefined) {
      parts.push(['starts', judgeStarts(watched, from, to)]);
      parts.push(['leaders', judgeLeaders(watched, from, to)]);
      parts.push(['disconnected', judgeDisconnected(watched, from, to, truthsOf)]);
      parts.push(...judgeCounters(watched, answer, from, to));
    }
  }
  if (watched.measured) {
    parts.push(...judgeUse(watched, answer, judged));
  }
  parts.push([BUSY, { checks: 0, inWindows: 0, deviations: judged.deviations() }]);
  const counted = parts.filter(([name]) => !keptOnly || name === BUSY || KEPT.test(name));
  return {
    checks: counted.reduce((sum, [, { checks }]) => sum + checks, 0),
    inWindows: counted.reduce((sum, [, { inWindows }]) => sum + inWindows, 0),
    deviations: counted.flatMap(([, { deviations }]) => deviations),
    wrong: new Map(counted.map(([name, { deviations }]) => [name, deviations.length])),
    lines: [
      ...gaps.lines,
      ...judged.lines(),
      ...(watched.measured
        ? []
        : ['without measured use: its time passes too fast, agents wait, or polls fail at any time']),
    ],
  };
}

/** Whether an event stream is read: by a clock of its own, which the log of events is kept with; older masters have none. */
function readsStream({ ends, live: { plan } }: Watched): boolean {
  return ends !== undefined && plan.mesos === undefined;
}

/** There is no drift, whatever happens, but while the event stream is late, and until two polls later. */
export function judgeDrift(
  watched: Pick<Watched, 'scenario' | 'live' | 'interval' | 'speed' | 'toCluster'>,
  answer: Answer,
  streams: boolean
): Result {
  const late = streamsLate(watched);
  const grown = answer.series.map(({ labels: { entity }, points }) => {
    const known: Array<[number, number]> = [[-Infinity, 0], ...(points ?? [])];
    const steps = known.slice(1).map(([at, value], i) => ({ since: known[i][0], at, more: value - known[i][1] }));
    return {
      entity,
      value: steps.reduce((sum, { since, at, more }) => sum + (late(since, at) ? 0 : Math.max(0, more)), 0),
    };
  });
  const wrong = grown.filter(({ value }) => value > 0);
  return {
    checks: Math.max(1, grown.length),
    inWindows: 0,
    deviations: [
      ...(streams && grown.length === 0 ? [`${DRIFT}: nothing, so that no model was kept by the event stream`] : []),
      ...wrong.map(({ entity, value }) => `${DRIFT}{entity="${entity}"}: ${value}, true is 0`),
    ],
  };
}

/** Whether the event stream came late between two moments of the plugin's clock: because it is slow, and not cut. */
function streamsLate({
  scenario: { steps },
  live,
  interval,
  speed,
  toCluster,
}: Parameters<typeof judgeDrift>[0]): (since: number, at: number) => boolean {
  const faults = steps.filter((step) => step.do === 'disturb').filter(disturbsStream);
  const times = faults.flatMap(({ at: begins, fault }, i) =>
    fault?.kind === 'stream-slow' ? [{ begins, over: (faults[i + 1]?.at ?? Infinity) + 2 * interval * speed }] : []
  );
  return (since, at) =>
    times.some(
      ({ begins, over }) => toCluster(at) - live.plan.start > begins && toCluster(since) - live.plan.start < over
    );
}

/** A poll counts as 'recovering' when both attempts met a leader without agents, and only then. */
function judgeRecovering(watched: Watched, answer: Answer, ups: Ups): Result {
  const { live, interval, speed, toCluster, to, oneClock } = watched;
  if (anyMasterAnswers(watched)) {
    return { checks: 0, inWindows: 0, deviations: [] };
  }
  const retry = Math.min(5, interval / 10);
  const slack = oneClock ? 0 : 0.5 * speed;
  const leaderships = live.reachable().slice(1);
  const meets = (at: number, margin: number) =>
    leaderships.some(({ from, ready = Infinity }) => from - margin <= at && at < ready + margin);
  const tries = pollsIn(ups, 'state')
    .filter(({ up }) => up === 0)
    .map(({ at }) => [toCluster(at), toCluster(at + retry)]);
  const least = tries.filter((both) => both.every((at) => meets(at, -slack))).length;
  const most = tries.filter((both) => both.some((at) => meets(at, slack))).length;
  const points = answer.series.flatMap(({ points }) => points ?? []).filter(([at]) => at <= to);
  const counted = points.toSorted(([a], [b]) => a - b).at(-1)?.[1];
  const right = counted !== undefined && counted >= least && counted <= most;
  const sentence = `${RECOVERING}: ${counted ?? 'nothing'}, true is ${least} to ${most}`;
  return { checks: 1, inWindows: 0, deviations: right ? [] : [sentence] };
}

/** Measured use, by poll of the agents. */
function judgeUse(watched: Watched, answer: (expr: string) => Answer, judged: Judged): Array<[string, Result]> {
  const { shift, interval } = watched;
  const readings = readingsOf(watched);
  const moments = momentsOf(
    watched,
    shift,
    (at) => (['masters', 'agents'] as const).some((on) => disturbed(watched, on, at)),
    judged
  );
  const passes = new Map(moments.map(({ at }) => [at, passAt(readings, at + shift, interval)]));
  const results = USE_CHECKS.map((check): [string, Result] => {
    const facts = ({ at }: Moment): Fact[] => check.facts(passes.get(at) ?? []);
    return [check.expr, compare(check, answer(later(check.expr, shift)), moments, facts)];
  });
  return [...results, ['asked', judgeAsked(watched, readings, moments)]];
}

/** An agent that was active for two intervals must have been queried in the next one. */
function judgeAsked(watched: Watched, readings: Reading[], moments: Moment[]): Result {
  const { interval, shift, toCluster } = watched;
  const around = (at: number) => [-2, -1, 0, 1].map((n) => toCluster(at + n * interval));
  const truth = truthsOf(
    watched,
    moments.flatMap(({ at }) => around(at))
  );
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  for (const { at, window, excused } of moments.slice(3)) {
    const asked = new Set(passAt(readings, at + shift, interval).map(({ agent }) => agent));
    const then = around(at).map((moment) => truth(moment));
    const active = then.map(
      ({ agents }) => new Set(agents.filter(({ state }) => state === 'active').map(({ agent }) => agent))
    );
    for (const agent of active[0]) {
      if (excused || !active.every((agents) => agents.has(agent))) {
        continue;
      }
      result.checks++;
      result.inWindows += window ? 1 : 0;
      if (!window && !asked.has(agent)) {
        result.deviations.push(`${agent} was not asked in the interval from ${new Date(at * 1000).toISOString()}`);
      }
    }
  }
  return result;
}
