// Queries of other data sources, when a row's data source is changed to this
// one: PromQL is taken over with its options, anything else starts afresh.
import type { DataQuery } from '@grafana/schema';

import { defaultQuery, QUERY_VERSION } from './defaults';
import type { MesosQuery } from './types';

// Loki's and other sources' `expr` is another language, hence a list of those that speak PromQL.
const PROMQL_SOURCES = [
  'prometheus',
  'grafana-amazonprometheus-datasource',
  'grafana-azureprometheus-datasource',
  'victoriametrics-metrics-datasource',
];

/** The queries of a data source of the type originType as ours. */
export function importQueries(queries: DataQuery[], originType: string): MesosQuery[] {
  return queries.map((query) => {
    const { refId, hide } = query;
    const own = hide === undefined ? { refId } : { refId, hide };
    if (!PROMQL_SOURCES.includes(originType) || !isPromQL(query)) {
      return { ...defaultQuery(), ...own };
    }
    const { expr, legendFormat, interval, instant, range, format } = query;
    return withoutUndefined({
      ...own,
      queryType: 'promql' as const,
      version: QUERY_VERSION,
      expr,
      legendFormat: legendFormat || undefined,
      interval: interval || undefined,
      instant,
      range,
      format: format === 'table' ? ('table' as const) : undefined,
    });
  });
}

/** The keys of Grafana's Prometheus query that mean the same here. */
interface PrometheusQuery extends DataQuery {
  expr: string;
  legendFormat?: string;
  interval?: string;
  instant?: boolean;
  range?: boolean;
  format?: string;
}

function isPromQL(query: DataQuery): query is PrometheusQuery {
  return 'expr' in query && typeof query.expr === 'string' && query.expr !== '';
}

function withoutUndefined<T extends object>(object: T): T {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as T;
}
