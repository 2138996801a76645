// Compares what queries answered with what was true, moment by moment.

/** What was asked for, and what names a series of it. */
export interface Compared {
  expr: string;
  /** The labels that name a series of it; others are not looked at. */
  by: string[];
  /** A series that the truth does not name is a zero, as states are that nothing is in. */
  zeros?: boolean;
}

/** A value with the labels that name it, and what else would be right. */
export type Fact = [labels: Record<string, string>, value: number, latitude?: Latitude];

/** For what nobody can know to the last digit. */
export interface Latitude {
  low: number;
  high: number;
  /** Nothing is right, too. */
  mayLack?: boolean;
}

/** What an expression gave. Times are Unix seconds. */
export interface Answer {
  expr: string;
  series: Array<{ labels: Record<string, string>; points: Array<[at: number, value: number]> | null }>;
}

/** A moment at which is asked. */
export interface Moment {
  at: number;
  /** Within an interval after an event: not compared. */
  window: boolean;
  /** What hosts say may not arrive, or not whole: nothing need be known, but nothing wrong may be said. */
  excused: boolean;
}

export interface Result {
  checks: number;
  /** How many of them lie in windows. */
  inWindows: number;
  deviations: string[];
}

/**
 * Compares one expression's answer at all moments. `facts`: what is true of a moment; null: there is nothing to know, not
 * even that something is zero.
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

/** An answer's values by moment and by what names them. */
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
