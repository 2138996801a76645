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
    console.log(row(name, checks, share(inWindows, checks), deviations.length));
    lines.forEach((line) => console.log(`    ${line}`));
    deviations.slice(0, SHOWN).forEach((deviation) => console.log(`    ${deviation}`));
    if (deviations.length > SHOWN) {
      console.log(`    and ${deviations.length - SHOWN} more`);
    }
    this.checks += checks;
    this.inWindows += inWindows;
    this.deviations += deviations.length;
    this.count(deviations.length === 0 && checks > 0);
  }

  /** Prints a mutant. `must`: the expressions that must have deviations. */
  tellMutant(name: string, { checks, inWindows, deviations, wrong }: Verdict, must: string[]): void {
    const missing = must.filter((expr) => (wrong.get(expr) ?? 0) === 0);
    const verdict = missing.length === 0 ? 'noticed, as it must be' : `NOT NOTICED in ${missing.join(', ')}`;
    console.log(`${row(name, checks, share(inWindows, checks), deviations.length)}  ${verdict}`);
    this.count(missing.length === 0);
  }

  /** Prints what cannot run here, and why. */
  skip(what: string, why: string): void {
    console.log(`\n${what}: skipped, ${why}`);
    this.skipped++;
  }

  end(): void {
    console.log(`\n${row('all', this.checks, share(this.inWindows, this.checks), this.deviations)}`);
    const few = this.inWindows <= WINDOWS * this.checks;
    if (!few) {
      console.log(`more than ${100 * WINDOWS} % of the checks lie in windows, where nothing is compared`);
    }
    this.count(few);
  }

  private count(right: boolean): void {
    this[right ? 'passed' : 'failed']++;
  }
}

function share(part: number, whole: number): string {
  return `${((100 * part) / Math.max(1, whole)).toFixed(1)} %`;
}

function row(name: string, ...cells: Array<string | number>): string {
  return [name.padEnd(24), ...cells.map((cell) => String(cell).padStart(12))].join('');
}
