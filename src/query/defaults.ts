// The query of a new row, and what a query without queryType means (alert
// rules and provisioned dashboards may have none).
import { CoreApp } from '@grafana/data';
import { pickBy } from 'lodash';

import type { MesosQuery } from './types';

/** Version of the query's shape; the backend migrates older ones. */
export const QUERY_VERSION = 1;

/** The legendFormat that asks for the shortest name that tells series apart. */
export const AUTO_LEGEND = '__auto';

/** Whether a query asks for a range, an instant or both. */
export type KindKeys = Pick<MesosQuery, 'range' | 'instant'>;

/**
 * Returns a new query: CPU allocated, per framework. It holds every choice that the editor shows. For alert and
 * recording rules it is instant, as in Grafana's Prometheus editor: the last value of a range is an old one when the
 * series has ended, and an instant query has no value then.
 */
export function defaultQuery(app?: CoreApp): Omit<MesosQuery, 'refId'> {
  return {
    queryType: 'metrics',
    version: QUERY_VERSION,
    entity: 'framework',
    resource: 'cpus',
    measure: 'allocated',
    legendFormat: AUTO_LEGEND,
    format: 'time_series',
    ...defaultKind(app),
  };
}

function defaultKind(app?: CoreApp): Required<KindKeys> {
  const instant = app === CoreApp.UnifiedAlerting;
  return { range: !instant, instant };
}

/** Returns the query's type, also where it is absent (QUERIES, "Common keys"). */
export function queryTypeOf(query: MesosQuery): NonNullable<MesosQuery['queryType']> {
  return query.queryType || (query.expr ? 'promql' : 'metrics');
}

/**
 * Returns the query as the editor shows it: one that asks for nothing becomes the default query, any other is returned
 * as it is. Grafana writes keys with the value undefined into new rules; they count as absent.
 */
export function withDefaults(query: MesosQuery, app?: CoreApp): MesosQuery {
  const untouched = !query.queryType && !query.expr && query.metric === undefined && !query.entity;
  if (!untouched) {
    return query;
  }
  const given = pickBy(query, (value) => value !== undefined && value !== '');
  const { range, instant, ...defaults } = defaultQuery(app);
  const kind = 'range' in given || 'instant' in given ? {} : { range, instant };
  return { ...defaults, ...kind, ...given, refId: query.refId };
}

/** Reports whether a query asks for something at all; what it asks for is checked by the backend. */
export function isRunnable(query: MesosQuery): boolean {
  if (query.hide) {
    return false;
  }
  switch (queryTypeOf(query)) {
    case 'promql':
      return Boolean(query.expr?.trim());
    case 'variable': {
      const { labelValues, entities, promql, sql } = query.variable ?? {};
      return Boolean(query.query || labelValues?.label || entities?.entity || promql?.trim() || sql?.trim());
    }
    case 'events':
    case 'topology':
      return true;
    case 'table':
      return Boolean(query.table);
    case 'sql':
      return Boolean(query.sql?.trim());
    case 'logs':
      return Boolean(query.taskId);
    default:
      return Boolean(query.metric || query.entity);
  }
}
