/**
 * Which keys of /metrics/snapshot a version has. metrics.json has, by the version that began with them, the keys that the
 * oldest have not; from Mesos' source history. In keys, `<name>` is any text.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';

const SINCE = JSON.parse(readFileSync(join(import.meta.dirname, 'metrics.json'), 'utf8')) as Record<string, string[]>;

const PATTERNS = Object.entries(SINCE).flatMap(([since, keys]) =>
  keys.map((key) => ({ since, matches: pattern(key) }))
);

function pattern(key: string): (name: string) => boolean {
  const parts = key.split(/<[^>]+>/).map((part) => part.replace(/[.*+?^${}()|[\]\\]/g, '\\$&'));
  const whole = new RegExp(`^${parts.join('.*')}$`);
  return (name) => whole.test(name);
}

/** Whether a version is another or a later one. */
function isFrom(version: string, since: string): boolean {
  const [a, b] = [version, since].map((text) => text.split('.').map(Number));
  const at = a.findIndex((part, i) => part !== b[i]);
  return at === -1 || a[at] > b[at];
}

/** Whether a version of Mesos has a metric. */
export function hasMetric(version: string, key: string): boolean {
  const found = PATTERNS.filter(({ matches }) => matches(key)).map(({ since }) => since);
  return found.length === 0 || found.some((since) => isFrom(version, since));
}
