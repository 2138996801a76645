// The shipped provisioning files, with the data source on given masters.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { parse, stringify } from 'yaml';

import { root } from './build.ts';

/** A data source in a provisioning file, with Grafana's keys. */
export interface SourceSettings {
  jsonData?: Record<string, unknown>;
  basicAuth?: boolean;
  basicAuthUser?: string;
  secureJsonData?: Record<string, string | undefined>;
}

/** Short, for tests and for the replay, whose series lasts only some minutes. */
const SHORTEST = '10s';

/**
 * Copies provisioning/ into a temporary folder, which the caller removes, with these masters in its data source and other
 * settings over what it has. `name` is the data source's name. The poll interval is the shortest one unless the
 * settings have another.
 */
export function provisioningFor(masters: string[], name: string, settings: SourceSettings = {}): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-provisioning-'));
  cpSync(path.join(root, 'provisioning'), folder, { recursive: true });
  const file = path.join(folder, 'datasources', 'mesos.yaml');
  const shipped = parse(readFileSync(file, 'utf8')) as {
    datasources: [SourceSettings & { name: string; editable?: boolean }];
  };
  const [source] = shipped.datasources;
  const jsonData = { ...source.jsonData, masters, pollInterval: SHORTEST, ...settings.jsonData };
  Object.assign(source, settings, { name, editable: true, jsonData });
  writeFileSync(file, stringify(shipped));
  return folder;
}
