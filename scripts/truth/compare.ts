// Compares what queries answered with what was true, moment by moment.
import type { Truth } from '../../simulator/live/truth.ts';
import type { Check } from './checks.ts';

/** What tests/truth prints for an expression. */
export interface Answer {
  expr: string;
  series: Array<{ labels: Record<string, string>; points: Array<[at: number, value: number]> | null }>;
}

/** A moment at which is asked. */
export interface Moment {
  at: number;
  /** Within an interval after an event: not compared. */
  window: boolean;
  /** The cluster could not be asked, or not all of it: nothing need be known, but nothing wrong may be said. */
  excused: boolean;
}

export interface Result {
  checks: number;
  /** How many of them lie in windows. */
  inWindows: number;
  deviations: string[];
}

/**
 * Compares one expression's answer at all moments. An answer is of the moment at which the cluster was polled (`times`, the
 * answer to `timestamp(expr)`), which must lie within an interval before the question.
 */
export function compare(
  check: Check,
  answer: Answer,
  times: Answer,
  moments: Moment[],
  interval: number,
  truth: (at: number) => Truth
): Result {
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  const answered = byMoment(check, answer);
  const polled = byMoment(check, times);
  for (const { at, window, excused } of moments) {
    const said = answered.get(at) ?? new Map<string, number>();
    const since = Math.max(...(polled.get(at)?.values() ?? []));
    const then = truth(since > at - interval ? since : at);
    const known = new Map(check.facts(then).map(([labels, value]) => [nameOf(check, labels), value]));
    for (const name of new Set([...said.keys(), ...known.keys()])) {
      result.checks++;
      if (window) {
        result.inWindows++;
        continue;
      }
      const expected = known.get(name) ?? (check.zeros && then.leader !== null ? 0 : undefined);
      const value = said.get(name);
      const absent = value === undefined && (excused || (check.zeros && expected === 0));
      if (!absent && !alike(value, expected)) {
        const when = new Date(at * 1000).toISOString();
        result.deviations.push(
          `${check.expr}{${name}} at ${when}: ${value ?? 'nothing'}, true is ${expected ?? 'nothing'}`
        );
      }
    }
  }
  return result;
}

/** Mesos counts CPUs in thousandths. */
function alike(value: number | undefined, expected: number | undefined): boolean {
  if (value === undefined || expected === undefined) {
    return value === expected;
  }
  return Math.abs(value - expected) < 0.0011;
}

function byMoment(check: Check, { series }: Answer): Map<number, Map<string, number>> {
  const moments = new Map<number, Map<string, number>>();
  for (const { labels, points } of series) {
    const name = nameOf(check, labels);
    for (const [at, value] of points ?? []) {
      const values = moments.get(at) ?? new Map<string, number>();
      moments.set(at, values.set(name, value));
    }
  }
  return moments;
}

function nameOf({ by }: Check, labels: Record<string, string>): string {
  return by.map((label) => `${label}="${labels[label] ?? ''}"`).join(',');
}
