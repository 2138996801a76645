// Imports queries when a row's data source is changed to this one: PromQL with
// its options, any other query becomes the default query.
import type { DataQuery } from '@grafana/schema';
import { isUndefined, omitBy } from 'lodash';

import { defaultQuery, QUERY_VERSION } from './defaults';
import type { MesosQuery } from './types';

// Types of data sources whose `expr` is PromQL. In others, such as Loki, it is another language.
const PROMQL_SOURCES = [
  'prometheus',
  'grafana-amazonprometheus-datasource',
  'grafana-azureprometheus-datasource',
  'victoriametrics-metrics-datasource',
];

/** Returns the queries of a data source of the type originType as queries of this one. */
export function importQueries(queries: DataQuery[], originType: string): MesosQuery[] {
  return queries.map((query) => {
    const { refId, hide } = query;
    const own = hide === undefined ? { refId } : { refId, hide };
    if (!PROMQL_SOURCES.includes(originType) || !isPromQL(query)) {
      return { ...defaultQuery(), ...own };
    }
    const { expr, legendFormat, interval, instant, range, format } = query;
    return omitBy<MesosQuery>(
      {
        ...own,
        queryType: 'promql' as const,
        version: QUERY_VERSION,
        expr,
        legendFormat: legendFormat || undefined,
        interval: interval || undefined,
        instant,
        range,
        format: format === 'table' ? ('table' as const) : undefined,
      },
      isUndefined
    ) as MesosQuery;
  });
}

/** The keys of Grafana's Prometheus query that have the same meaning here. */
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
