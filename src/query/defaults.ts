// What a query is when it says nothing: for a new row, and for queries that
// come without queryType (alert rules, provisioned dashboards).
import { CoreApp } from '@grafana/data';

import type { MesosQuery } from './types';

/** Version of the query's shape; the backend migrates older ones. */
export const QUERY_VERSION = 1;

/** The legendFormat that asks for the shortest name that tells series apart. */
export const AUTO_LEGEND = '__auto';

/**
 * A new query: CPU allocated, per framework. For alert rules it is instant: a range reduced by `last` has no data for
 * every series that ended within the range, an instant answer leaves those out and resolves them.
 */
export function defaultQuery(app?: CoreApp): Omit<MesosQuery, 'refId'> {
  return {
    queryType: 'metrics',
    version: QUERY_VERSION,
    entity: 'framework',
    resource: 'cpus',
    measure: 'allocated',
    ...(app === CoreApp.UnifiedAlerting ? { instant: true, range: false } : {}),
  };
}

/** The query's type, also where it is not said (QUERIES, "Common keys"). */
export function queryTypeOf(query: MesosQuery): NonNullable<MesosQuery['queryType']> {
  return query.queryType || (query.expr ? 'promql' : 'metrics');
}

/** The query as the editor shows it: a row that nobody has touched becomes the default query. */
export function withDefaults(query: MesosQuery, app?: CoreApp): MesosQuery {
  const untouched = !query.queryType && !query.expr && !query.metric && !query.entity;
  return untouched ? { ...defaultQuery(app), ...query } : query;
}

/** Whether a query asks for something at all; what it asks for is checked by the backend. */
export function isRunnable(query: MesosQuery): boolean {
  if (query.hide) {
    return false;
  }
  switch (queryTypeOf(query)) {
    case 'promql':
      return Boolean(query.expr?.trim());
    case 'variable': {
      const { labelValues, entities, promql } = query.variable ?? {};
      return Boolean(labelValues?.label || entities?.entity || promql?.trim());
    }
    default:
      return Boolean(query.metric || query.entity);
  }
}
