/**
 * What a generated master copies from a recorded one, because it does not depend on what the cluster runs: flags, versions,
 * build dates, the hundreds of counters that stay 0.
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

export const CAPTURES_DIR = join(import.meta.dirname, '..', '..', '..', 'testdata', 'captures');

const SCENE = join(CAPTURES_DIR, '03-workload');

function read<T>(file: string): T {
  const content = readFileSync(join(SCENE, file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(content) : content).toString()) as T;
}

/** The fields of /state before `slaves`. */
export interface Head {
  start_time: number;
  elected_time: number;
  id: string;
  cluster: string;
  flags: Record<string, string>;
  [field: string]: unknown;
}

export function recordedHead(): Head {
  const state = read<Head>('master-get_state.json.gz');
  const names = Object.keys(state);
  return Object.fromEntries(names.slice(0, names.indexOf('slaves')).map((name) => [name, state[name]])) as Head;
}

/** The domain of the recorded master. */
export const recordedDomain = () => recordedHead().domain;

export const recordedVersion = () => read<Record<string, unknown>>('master-get_version.json');

export const recordedSnapshot = () => read<Record<string, number>>('master-get_metrics_snapshot.json.gz');
