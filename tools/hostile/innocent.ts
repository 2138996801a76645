// What innocent viewers may wait for while an attack goes on: a second, as docs/benchmarks.md has it; and how long the answer to
// an attack may take. That is of a machine that has nothing else to do. Where other processes than this suite's have a part of it, the rest is as much slower, and the time
// that something may take as much longer; where they have more than half, it says nothing of the plugin.
import { readFileSync } from 'node:fs';

import { Watched } from '../bench/processes.ts';

/** ms at the 95th percentile. */
export const INNOCENT = 1000;

/** Innocent queries from which their 95th percentile is not one slow query by chance; below it the median counts. */
const ENOUGH = 40;

/** The share of the machine that others may have. */
const MOST = 0.5;

/** What the processors of the machine have done so far, in seconds. */
export interface Load {
  /** Of this process and all below it. */
  ours: number;
  busy: number;
  idle: number;
}

/** Reads what the processors have done; Linux only. */
export function loadNow(): Load {
  const [, ...times] = readFileSync('/proc/stat', 'utf8').split('\n', 1)[0].split(/\s+/);
  // In hundredths (USER_HZ). Time of guests is in that of users.
  const [user, nice, system, idle, waiting, irq, softirq, steal] = times.map((time) => Number(time) / 100);
  return {
    ours: Watched.familyCpu(),
    busy: user + nice + system + irq + softirq + steal,
    idle: idle + waiting,
  };
}

/** The share of the machine that other processes had between two moments, as far as it was not idle. */
export function othersBetween(before: Load, after: Load): number {
  const [busy, idle] = [after.busy - before.busy, after.idle - before.idle];
  const all = busy + idle;
  if (all <= 0) {
    return 0;
  }
  const others = Math.max(0, busy - (after.ours - before.ours)) / all;
  return others * (1 - idle / all);
}

export interface Innocent {
  /** ms: the 95th percentile, or the median of few. */
  slow: number;
  /** What is wrong. */
  problem?: string;
  /** Why it is not known whether anything is. */
  unknown?: string;
}

/** Judges how long innocent queries took (ms) while others had a share of the machine. */
export function judgeInnocent(took: number[], others: number): Innocent {
  const slow = percentile(took, took.length >= ENOUGH ? 0.95 : 0.5);
  return { slow, ...judgeTime('innocent queries', slow, INNOCENT, 'ms', others) };
}

/** Judges how long something took, which may take `most` of the unit, while others had a share of the machine. */
export function judgeTime(
  what: string,
  took: number,
  most: number,
  unit: 'ms' | 's',
  others: number
): Pick<Innocent, 'problem' | 'unknown'> {
  const written = (time: number) => `${time.toFixed(unit === 's' ? 1 : 0)} ${unit}`;
  const share = `other processes had ${(100 * others).toFixed(0)} % of the machine`;
  if (took <= most) {
    return {};
  }
  if (others > MOST) {
    return { unknown: `${what} took ${written(took)} while ${share}` };
  }
  const may = most / (1 - others);
  return took <= may ? {} : { problem: `${what} took ${written(took)} and may take ${written(may)}, as ${share}` };
}

export function percentile(took: number[], share: number): number {
  const sorted = took.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(share * sorted.length))] ?? 0;
}
