// Compares query results with true values, moment by moment.

/** An expression, and the labels that identify its series. */
export interface Compared {
  expr: string;
  /** The labels that identify a series of it; others are ignored. */
  by: string[];
  /** Whether a series that the truth does not list is zero, as for states with no members. */
  zeros?: boolean;
}

/** A true value with its labels, and its tolerance. */
export type Fact = [labels: Record<string, string>, value: number, latitude?: Latitude];

/** The tolerance of an inexact value. */
export interface Latitude {
  low: number;
  high: number;
  /** Whether the value may be missing. */
  mayLack?: boolean;
}

/** The result of an expression. Times are Unix seconds. */
export interface Answer {
  expr: string;
  series: Array<{ labels: Record<string, string>; points: Array<[at: number, value: number]> | null }>;
}

/** A moment of the comparison. */
export interface Moment {
  at: number;
  /** Within an interval after an event: not compared. */
  window: boolean;
  /** Whether responses may be lost or cut off: values may be missing, but not wrong. */
  excused: boolean;
}

export interface Result {
  checks: number;
  /** How many of them lie in windows. */
  inWindows: number;
  deviations: string[];
}

/**
 * Compares one expression's results at all moments. `facts`: the true values at a moment; null: nothing is known, not even
 * that something is zero.
 */
export function compare(
  check: Compared,
  answer: Answer,
  moments: Moment[],
  facts: (moment: Moment) => Fact[] | null
): Result {
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  const answered = byMoment(check, answer);
  let [named, agreed] = [0, 0];
  for (const moment of moments) {
    const said = answered.get(moment.at) ?? new Map<string, number>();
    const truth = facts(moment);
    const known = new Map((truth ?? []).map((fact) => [nameOf(check, fact[0]), fact]));
    for (const name of new Set([...said.keys(), ...known.keys()])) {
      result.checks++;
      if (moment.window) {
        result.inWindows++;
        continue;
      }
      const [, expected, latitude] = known.get(name) ?? [{}, check.zeros && truth !== null ? 0 : undefined];
      const value = said.get(name);
      const silent = moment.excused || latitude?.mayLack || (check.zeros && expected === 0);
      named += expected === undefined || silent ? 0 : 1;
      agreed += value === undefined ? 0 : 1;
      if (!(value === undefined && silent) && !isRight(value, expected, latitude)) {
        const when = new Date(moment.at * 1000).toISOString();
        const right =
          latitude === undefined || expected === undefined ? (expected ?? 'nothing') : between(latitude, expected);
        result.deviations.push(`${check.expr}{${name}} at ${when}: ${value ?? 'nothing'}, true is ${right}`);
      }
    }
  }
  if (named > 0 && agreed === 0) {
    result.deviations.push(`${check.expr}: nothing was answered at any moment, and ${named} facts are true`);
  }
  return result;
}

/** Mesos counts CPUs in thousandths. */
const THOUSANDTH = 0.0011;

function isRight(value: number | undefined, expected: number | undefined, latitude?: Latitude): boolean {
  if (value === undefined || expected === undefined) {
    return value === expected;
  }
  const { low, high } = latitude ?? { low: expected, high: expected };
  return value > low - THOUSANDTH && value < high + THOUSANDTH;
}

function between({ low, high, mayLack }: Latitude, expected: number): string {
  return `${expected} (${low} to ${high}${mayLack ? ', or nothing' : ''})`;
}

/** A result's values by moment and by identifying labels. */
export function byMoment({ by }: Pick<Compared, 'by'>, { series }: Answer): Map<number, Map<string, number>> {
  const moments = new Map<number, Map<string, number>>();
  for (const { labels, points } of series) {
    const name = nameOf({ by }, labels);
    for (const [at, value] of points ?? []) {
      const values = moments.get(at) ?? new Map<string, number>();
      moments.set(at, values.set(name, value));
    }
  }
  return moments;
}

function nameOf({ by }: Pick<Compared, 'by'>, labels: Record<string, string>): string {
  return by.map((label) => `${label}="${labels[label] ?? ''}"`).join(',');
}
