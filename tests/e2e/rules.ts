// The rules in provisioning/alerting/, as they are shipped.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';

import { root } from '../../tools/scripts/build.ts';
import type { Query } from './api.ts';

export interface ShippedRule {
  uid: string;
  title: string;
  for: string;
  data: Array<{ refId: string; datasourceUid: string; model: Query }>;
}

interface RuleFile {
  groups: Array<{ rules: ShippedRule[] }>;
}

/** The UID of the data source in provisioning/datasources/. */
export const PROVISIONED = 'mesos';

export function shippedRule(uid: string): ShippedRule {
  const file = parse(readFileSync(path.join(root, 'provisioning', 'alerting', 'mesos.yaml'), 'utf8')) as RuleFile;
  const found = file.groups.flatMap(({ rules }) => rules).find((one) => one.uid === uid);
  if (!found) {
    throw new Error(`provisioning/alerting/mesos.yaml has no rule ${uid}`);
  }
  return found;
}

/** The query of a rule. */
export function shippedQuery(uid: string): Query {
  const model = shippedRule(uid).data.find(({ datasourceUid }) => datasourceUid === PROVISIONED)?.model;
  if (!model) {
    throw new Error(`The rule ${uid} in provisioning/alerting/mesos.yaml has no query of ours`);
  }
  const { datasource: _datasource, ...query } = model;
  return query;
}
