// The gap in series when the leader is lost: as long as there is no leader (and until the new one knows its first agent),
// without samples in it, and with `mesos_up` 0.
//
// Polls are an interval apart, so a gap is exact to that: it begins with the first poll after the loss, and ends with the
// first after the return, which may be late by the back-off of polls that failed.
import { type Answer, byMoment, type Moment, type Result } from './compare.ts';
import type { Rests } from './rests.ts';
import { BACK_OFF, pollsIn, type Ups } from './up.ts';
import { anyMasterAnswers, type Watched } from './watched.ts';

/** A series of each kind that must end and return. One per kind is enough, because others come from the same poll. */
export const GAP_SERIES = [
  { entity: 'cluster', expr: 'mesos_cluster_cpus_capacity' },
  { entity: 'agent', expr: 'mesos_agent_cpus_capacity' },
  { entity: 'framework', expr: 'mesos_framework_cpus_allocated' },
];

/** Most polls that a change of leader may cost where another master takes over. */
const FAILOVER = 2;

export interface Gaps extends Result {
  /** A line for each loss of a leader. */
  lines: string[];
}

/** An answer with the times of its samples. */
interface Timed {
  entity: string;
  answer: Answer;
  times: Answer;
}

/** The times without a leader that knows its cluster, by the cluster's clock. */
interface Outage {
  lost: number;
  elected: number;
  back: number;
}

function outagesOf({ live, toCluster, from, to, interval, speed }: Watched): Outage[] {
  const leaderships = live.reachable();
  return leaderships.slice(1).flatMap(({ from: elected, ready: back = Infinity }, i): Outage[] => {
    const { until: lost = Infinity } = leaderships[i];
    const seen = lost > toCluster(from) && back < toCluster(to) - BACK_OFF * interval * speed;
    return seen ? [{ lost, elected, back }] : [];
  });
}

export function judgeGaps(watched: Watched, ups: Ups, series: Timed[], moments: Moment[], rests?: Rests): Gaps {
  const gaps: Gaps = { checks: 0, inWindows: 0, deviations: [], lines: [] };
  const found = outagesOf(watched);
  const losses = watched.scenario.steps.filter((step) => step.do === 'leader dies' || step.do === 'zookeeper fails');
  if (anyMasterAnswers(watched)) {
    // A poll that meets another master is a gap too.
    return gaps;
  }
  gaps.checks++;
  if (found.length < losses.length) {
    gaps.deviations.push(`${losses.length} leaders are lost, and ${found.length} of them in the time that is watched`);
  }
  for (const outage of found) {
    judgeOutage(watched, outage, ups, series, moments, gaps, rests);
  }
  return gaps;
}

function judgeOutage(
  watched: Watched,
  { lost, elected, back }: Outage,
  ups: Ups,
  series: Timed[],
  moments: Moment[],
  gaps: Gaps,
  rests?: Rests
): void {
  const { interval, speed, toCluster, oneClock } = watched;
  const polls = pollsIn(ups, 'state');
  const before = polls.findLast(({ at }) => toCluster(at) < lost);
  // A request is on its way for a moment, and a dead master's port is closed a moment later.
  const slack = oneClock ? 0.01 : 0.5 * speed;
  const when = new Date(lost * 1000).toISOString();
  const check = (right: boolean, wrong: string) => {
    gaps.checks++;
    if (!right) {
      gaps.deviations.push(`leader lost at ${when}: ${wrong}`);
    }
  };

  const failed = polls.find(({ up, at }) => up === 0 && toCluster(at) >= lost - slack);
  const good = failed && polls.find(({ up, at }) => up === 1 && at > failed.at);
  // After answers that took long the next poll comes later.
  const every = Math.max(interval, (before && rests?.every(before.at)) ?? interval) * speed;
  if (failed !== undefined && good === undefined && back > toCluster(watched.to) - BACK_OFF * every) {
    gaps.lines.push(`leader lost at ${when.slice(11, 19)}: what is watched ends before the next poll`);
    return;
  }
  if (failed === undefined || good === undefined) {
    // So short that it may lie between a poll and the next, or that one's second try.
    check(failed === undefined && back - lost < 1.2 * every, 'mesos_up was never 0, or never 1 again');
    gaps.lines.push(`leader lost at ${when.slice(11, 19)}: back after ${seconds(back - lost)}, between two polls`);
    return;
  }
  const zero = (good.at - failed.at) * speed;
  const missed = polls.filter(({ up, at }) => up === 0 && at >= failed.at && at < good.at).length;
  check(
    toCluster(failed.at) <= lost + every + slack,
    `mesos_up is 0 only ${seconds(toCluster(failed.at) - lost)} later`
  );
  const late = toCluster(good.at) - back;
  check(
    late > -slack && late <= BACK_OFF * every + slack,
    `mesos_up is 1 ${seconds(late)} after the new leader has something to tell`
  );
  if (watched.live.plan.masters > 1 && back - lost < FAILOVER * every) {
    check(
      missed <= FAILOVER,
      `${missed} polls were missed, and ${FAILOVER} are allowed where another master takes over`
    );
  }
  const lengths: number[] = [];
  for (const { entity, answer, times } of series) {
    const present = byMoment({ by: [] }, answer);
    const samples = new Set([...byMoment({ by: [] }, times).values()].flatMap((values) => [...values.values()]));
    const invented = [...samples].filter((at) => toCluster(at) > lost + slack && toCluster(at) < back - slack);
    check(invented.length === 0, `${invented.length} samples of the ${entity} are of the time without a leader`);
    const next = [...samples].sort((a, b) => a - b).find((at) => at > failed.at);
    lengths.push(((next ?? failed.at) - failed.at) * speed);
    for (const { at } of moments) {
      if (toCluster(at) > lost - 3 * every && toCluster(at) < back + 4 * every) {
        const inGap = at >= failed.at && at < good.at;
        const said = present.has(at) ? 'there' : 'missing';
        check(present.has(at) !== inGap, `series of the ${entity} are ${said} at ${new Date(at * 1000).toISOString()}`);
      }
    }
  }
  gaps.lines.push(
    `leader lost at ${when.slice(11, 19)}: dead for ${seconds(elected - lost)}, recovering ${seconds(back - elected)}; ` +
      `gap in the series ${seconds(Math.max(...lengths))}, mesos_up 0 for ${seconds(zero)}, polls missed: ${missed}`
  );
}

function seconds(n: number): string {
  return `${Number(n.toFixed(1))} s`;
}
