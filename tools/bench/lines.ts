// Measurements and their budgets, as lines of the table.
import { SIZES, type Size } from '../simulator/generate/cluster.ts';

/** A line of the table. */
export interface Line {
  name: string;
  value: string;
  /** Empty: there is none. */
  budget: string;
  verdict: 'ok' | 'over' | 'skipped' | '';
  /** What else there is to say. */
  note?: string;
}

/** Returns the line of a measurement with a budget, both formatted by `show`. */
export function atMost(name: string, value: number, budget: number, show: (n: number) => string, note?: string): Line {
  return { name, value: show(value), budget: `< ${show(budget)}`, verdict: value < budget ? 'ok' : 'over', note };
}

/** Returns the line of a measurement without a budget. */
export function told(name: string, value: string, note?: string): Line {
  return { name, value, budget: '', verdict: '', note };
}

export function skipped(name: string, why: string): Line {
  return { name, value: '', budget: '', verdict: 'skipped', note: why };
}

/** `name: value, budget, ok|over`. */
export function written({ name, value, budget, verdict, note }: Line): string {
  const rest = [value, budget, verdict].filter((part) => part !== '').join(', ');
  return `${name}: ${rest}${note ? ` (${note})` : ''}`;
}

// Units. MB is a million bytes, as in the budgets.

export const megabytes = (bytes: number) => `${rounded(bytes / 1e6)} MB`;
export const kilobytes = (bytes: number) => `${rounded(bytes / 1e3)} kB`;
export const seconds = (s: number) => `${rounded(s)} s`;
export const milliseconds = (ms: number) => `${rounded(ms)} ms`;
export const times = (ratio: number) => `${rounded(ratio)} times`;

/** Three digits, or all before the point. */
export function rounded(n: number): string {
  return Math.abs(n) >= 100 ? n.toFixed(0) : String(Number(n.toPrecision(3)));
}

export const count = (n: number) => n.toLocaleString('en');
/** How a line names a cluster. */
export const nameOf = (size: Size) => `${count(SIZES[size].agents)} agents, ${count(SIZES[size].tasks)} tasks`;
