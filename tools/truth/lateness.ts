// How late the plugin may have read what happened because the machine was busy with something else, and how much of that is
// let pass: a second at most. What would need more is not judged, and few moments may be so.

/** The most seconds that are let pass where a sample may be of an earlier moment. */
export const MOST = 1;

/** The most seconds that are let pass where a sample must be of its moment. */
export const LITTLE = 0.5;

/** The share of moments that may not be judged, in whole moments. */
const UNJUDGED = 0.1;

/** How many moments one delay may concern, where a moment is compared with all of an interval: so many may not be judged. */
export const ONE_DELAY = 3;

/** What a process and its threads had done at a moment (Unix seconds), in seconds so far. */
export interface Look {
  at: number;
  /** How long the process had run, on all processors. */
  ran: number;
  /** How long each thread had run, and had waited for a processor, by its ID. */
  threads: Map<string, { ran: number; waited: number }>;
}

/**
 * Returns how long one of the threads waited for a processor within about a second before a moment, because of others than the
 * process itself: the most seconds of any.
 *
 * While a thread waits, another one runs on its processor. Where that is one of the same process, the process holds itself up,
 * which excuses nothing. So much of the wait as its other threads ran meanwhile may be of that kind, and is not counted: a
 * process that takes all processors for itself has no excuse, whatever the kernel counts.
 */
export function waitedFor(looks: Look[], at: number): number {
  const before = looks.findLast((look) => look.at < at - 1) ?? looks[0];
  const after = looks.find((look) => look.at >= at) ?? looks[looks.length - 1];
  if (before === undefined || after === undefined) {
    return 0;
  }
  const waits = [...after.threads].map(([id, { ran, waited }]) => {
    const then = before.threads.get(id) ?? { ran: 0, waited: 0 };
    const others = Math.max(0, after.ran - before.ran - (ran - then.ran));
    // The kernel counts a wait when it is over: it may have begun before.
    return Math.min(waited - then.waited, after.at - before.at) - others;
  });
  return Math.max(0, ...waits);
}

/** Counts which moments were judged. */
export class Judged {
  private readonly all = new Set<number>();
  /** The seconds that the moments would have needed which were not judged. */
  private readonly not = new Map<number, number>();
  /** How long the answers took because of which /state was asked for less often, by the moments that are not judged for it. */
  private readonly rested = new Map<number, number>();

  private readonly most: number;
  private readonly unjudged: number;

  /** `most`: the seconds that are let pass. `unjudged`: how many moments may not be judged, however few there are. */
  constructor(most = MOST, unjudged = 0) {
    this.most = most;
    this.unjudged = unjudged;
  }

  /** Notes a moment, and returns whether it is judged. `needed`: the seconds that must be let pass. */
  judges(at: number, needed: number): boolean {
    this.all.add(at);
    if (needed > this.most) {
      this.not.set(at, Math.max(needed, this.not.get(at) ?? 0));
    }
    return needed <= this.most;
  }

  /** Notes a moment that is not judged because /state was asked for less often, since its answers took so many seconds. */
  rests(at: number, took: number): void {
    this.all.add(at);
    this.rested.set(at, took);
  }

  /** Lines where something was not judged. */
  lines(): string[] {
    const lines: string[] = [];
    if (this.not.size > 0) {
      const most = Math.max(...this.not.values()).toFixed(1);
      lines.push(
        `busy machine: ${this.told(this.not.size)} not judged, which would need up to ${most} s; ${this.most} s is let pass`
      );
    }
    if (this.rested.size > 0) {
      const most = Math.max(...this.rested.values()).toFixed(1);
      lines.push(
        `busy machine: ${this.told(this.rested.size)} not judged, at which /state was asked for less often since its answers took ${most} s`
      );
    }
    return lines;
  }

  /** A deviation where too little was judged. */
  deviations(): string[] {
    const left = new Set([...this.not.keys(), ...this.rested.keys()]).size;
    return left <= Math.max(this.unjudged, Math.ceil(UNJUDGED * this.all.size))
      ? []
      : [`${this.told(left)} not judged, and ${100 * UNJUDGED} % may be: run it on a machine that is less busy`];
  }

  private told(moments: number): string {
    return `${moments} of ${this.all.size} moments were`;
  }
}
