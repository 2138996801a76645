// The table that `npm run truth` prints, and its totals.
import type { Verdict } from './judge.ts';

/** Most deviations that are printed of a scenario. */
const SHOWN = 8;

/** The share of checks that may lie in windows. */
const WINDOWS = 0.1;

/** Prints results line by line. */
export class Table {
  /** The numbers of passed, failed and skipped lines: scenarios, mutants, and the share in windows. */
  passed = 0;
  failed = 0;
  skipped = 0;
  /** What was printed of each line that failed. */
  failures: string[] = [];
  private checks = 0;
  private inWindows = 0;
  private deviations = 0;

  begin(heading: string): void {
    console.log(`\n${heading}`);
    console.log(row('scenario', 'checks', 'in windows', 'deviations'));
  }

  /** Prints a scenario. */
  tell(name: string, verdict: Verdict): void {
    const { checks, inWindows, deviations, lines } = verdict;
    const told = [
      row(name, checks, share(inWindows, checks), deviations.length),
      ...[...lines, ...deviations.slice(0, SHOWN)].map((line) => `    ${line}`),
      ...(deviations.length > SHOWN ? [`    and ${deviations.length - SHOWN} more`] : []),
    ].join('\n');
    console.log(told);
    this.checks += checks;
    this.inWindows += inWindows;
    this.deviations += deviations.length;
    this.count(deviations.length === 0 && checks > 0, told);
  }

  /** Prints a mutant. `must`: the expressions that must have deviations. */
  tellMutant(name: string, { checks, inWindows, deviations, wrong }: Verdict, must: string[]): void {
    const missing = must.filter((expr) => (wrong.get(expr) ?? 0) === 0);
    const verdict = missing.length === 0 ? 'noticed, as it must be' : `NOT NOTICED in ${missing.join(', ')}`;
    const told = `${row(name, checks, share(inWindows, checks), deviations.length)}  ${verdict}`;
    console.log(told);
    this.count(missing.length === 0, told);
  }

  /** Prints what cannot run here, and why. */
  skip(what: string, why: string): void {
    console.log(`\n${what}: skipped, ${why}`);
    this.skipped++;
  }

  end(): void {
    console.log(`\n${row('all', this.checks, share(this.inWindows, this.checks), this.deviations)}`);
    const few = this.inWindows <= WINDOWS * this.checks;
    const many = `more than ${100 * WINDOWS} % of the checks lie in windows, where nothing is compared`;
    if (!few) {
      console.log(many);
    }
    this.count(few, many);
  }

  private count(right: boolean, told: string): void {
    this[right ? 'passed' : 'failed']++;
    if (!right) {
      this.failures.push(told);
    }
  }
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

function row(name: string, ...cells: Array<string | number>): string {
  return [name.padEnd(24), ...cells.map((cell) => String(cell).padStart(12))].join('');
}
