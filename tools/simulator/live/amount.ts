/**
 * Amounts of resources as Mesos counts them, and how it writes them.
 */
import { tidy } from '../generate/cluster.ts';
import { double } from '../generate/json.ts';

/** CPUs, MiB, MiB, GPUs. `revocable`: CPUs that may be taken away again; they are in no other figure. */
export interface Amount {
  cpus: number;
  mem: number;
  disk: number;
  gpus: number;
  revocable: number;
}

/** The scalars in the order in which /state writes them, but for revocable ones. */
const SCALARS = ['disk', 'mem', 'gpus', 'cpus'] as const;

const KINDS = ['cpus', 'mem', 'disk', 'gpus', 'revocable'] as const;

export function amount(part: Partial<Amount> = {}): Amount {
  return { cpus: 0, mem: 0, disk: 0, gpus: 0, revocable: 0, ...part };
}

/** Adds `what` so many times, in place, without rounding errors of binary fractions. */
export function add(to: Amount, what: Amount, times = 1): void {
  for (const kind of KINDS) {
    to[kind] = tidy(to[kind] + times * what[kind]);
  }
}

export function sum(all: Iterable<Amount>): Amount {
  const total = amount();
  for (const one of all) {
    add(total, one);
  }
  return total;
}

export function minus(a: Amount, b: Amount): Amount {
  const rest = { ...a };
  add(rest, b, -1);
  return rest;
}

/** The smaller of both, of each kind. */
export function least(a: Amount, b: Amount): Amount {
  const result = { ...a };
  KINDS.forEach((kind) => (result[kind] = Math.min(a[kind], b[kind])));
  return result;
}

export function fits(what: Amount, available: Amount): boolean {
  return KINDS.every((kind) => what[kind] <= available[kind] + 1e-9);
}

/** `{"disk":..,"mem":..,"gpus":..,"cpus":..}` with revocable CPUs and ports where there are any (src/common/http.cpp). */
export function resources(of: Amount, ports: Iterable<number> = []): string {
  const revocable = of.revocable > 0 ? `"cpus_revocable":${double(of.revocable)},` : '';
  const scalars = SCALARS.map((kind) => `"${kind}":${double(of[kind])}`);
  const range = ranges(ports);
  return `{${revocable}${scalars.join(',')}${range && `,"ports":"${range}"`}}`;
}

/** What /roles writes: only what there is, and without a difference between revocable and other CPUs. */
export function quantities(of: Amount, ports = 0): Record<string, number> {
  const all = { cpus: tidy(of.cpus + of.revocable), disk: of.disk, gpus: of.gpus, mem: of.mem, ports };
  return Object.fromEntries(Object.entries(all).filter(([, value]) => value > 0));
}

/** `[31000-31002, 31005-31005]`; empty for none. */
export function ranges(ports: Iterable<number>): string {
  const parts = rangesOf(ports).map(([first, last]) => `${first}-${last}`);
  return parts.length === 0 ? '' : `[${parts.join(', ')}]`;
}

/** Ports that follow each other, together. */
export function rangesOf(ports: Iterable<number>): Array<[first: number, last: number]> {
  const sorted = [...ports].sort((a, b) => a - b);
  const parts: Array<[first: number, last: number]> = [];
  for (const port of sorted) {
    const last = parts.at(-1);
    if (last !== undefined && port === last[1] + 1) {
      last[1] = port;
    } else {
      parts.push([port, port]);
    }
  }
  return parts;
}
