// The provisioning files a user gets, with the data source on given masters.
import { cpSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { parse, stringify } from 'yaml';

import { root } from './build.ts';

/**
 * Copies provisioning/ into a temporary folder, which the caller removes, with these masters and the shortest poll
 * interval in its data source. `name` is what the data source is called.
 */
export function provisioningFor(masters: string[], name: string): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-provisioning-'));
  cpSync(path.join(root, 'provisioning'), folder, { recursive: true });
  const file = path.join(folder, 'datasources', 'mesos.yaml');
  const shipped = parse(readFileSync(file, 'utf8')) as {
    datasources: [{ name: string; editable?: boolean; jsonData: Record<string, unknown> }];
  };
  const [source] = shipped.datasources;
  source.name = name;
  source.editable = true;
  source.jsonData = { ...source.jsonData, masters, pollInterval: '10s' };
  writeFileSync(file, stringify(shipped));
  return folder;
}
