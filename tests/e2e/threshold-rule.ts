// Alert rules as Grafana's provisioning API takes them: one query of ours, and a threshold on its answer.
import type { GrafanaApi, Query } from './api.ts';

/** The shortest interval Grafana evaluates at, in seconds. */
export const SHORTEST = 10;

/** A comparison of the answer of `expression`, a refId, with a number. */
export const threshold = (expression: string, type: 'gt' | 'lt', value: number, refId = 'C') => ({
  refId,
  datasourceUid: '__expr__',
  model: {
    refId,
    type: 'threshold',
    expression,
    conditions: [{ type: 'query', evaluator: { type, params: [value] } }],
  },
});

/** A query of a data source over the last so many seconds, as A. */
export const asked = (datasourceUid: string, seconds: number, query: Query) => ({
  refId: 'A',
  datasourceUid,
  relativeTimeRange: { from: seconds, to: 0 },
  model: { refId: 'A', ...query },
});

export interface WrittenRule {
  uid: string;
  title: string;
  /** How long the condition holds before the rule fires (0s). */
  pending?: string;
  /** Grafana's name of the state without data (OK). */
  noData?: string;
  data: object[];
}

/** Writes the rules of a group, in a folder that exists, and evaluates them as often as Grafana can. */
export async function writeRules(api: GrafanaApi, folderUid: string, group: string, rules: WrittenRule[]) {
  await api.call('PUT', `/api/v1/provisioning/folder/${folderUid}/rule-groups/${encodeURIComponent(group)}`, {
    title: group,
    folderUid,
    interval: SHORTEST,
    rules: rules.map(({ uid, title, pending = '0s', noData = 'OK', data }) => ({
      ...{ title, uid, folderUID: folderUid, ruleGroup: group, condition: 'C', for: pending },
      ...{ noDataState: noData, execErrState: 'Error', data },
    })),
  });
}
