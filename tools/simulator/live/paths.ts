/**
 * Which page a request means: Mesos takes doubled and trailing slashes, and the name of the process before the pages of that
 * process, but not before those of others (/version, /metrics/snapshot, /system/stats.json).
 */
import { splitUrl } from '../match.ts';

const PREFIXES = { master: '/master', agent: '/slave(1)' } as const;

/** Pages of other processes behind the same port. */
const OTHERS = new Set(['/version', '/metrics/snapshot', '/system/stats.json', '/']);

/** The path of a request without query string, doubled slashes and the process' own prefix. */
export function pathOf(url: string, process: keyof typeof PREFIXES): string {
  const clean = splitUrl(url)[0]
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
  const prefix = `${PREFIXES[process]}/`;
  const own = clean.startsWith(prefix) ? clean.slice(prefix.length - 1) : clean;
  return OTHERS.has(own) ? clean : own;
}

export function queryOf(url: string): URLSearchParams {
  return new URLSearchParams(splitUrl(url)[1]);
}
