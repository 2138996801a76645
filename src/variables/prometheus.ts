// Variables that were written for Grafana's Prometheus data source, as a text or as
// an object. The backend answers the text; the editor shows the same list in this
// data source's own form.
import { escapeString } from '../query/interpolate';
import type { Variable } from '../query/types';

/** The keys of such an object (grafana/grafana packages/grafana-prometheus/src/types.ts, PromVariableQuery). */
interface PrometheusVariable {
  query?: unknown;
  /** 0 label names, 1 label values, 2 metric names, 3 query result, 4 series, 5 a text. */
  qryType?: number;
  label?: string;
  metric?: string;
  match?: string;
  varQuery?: string;
  seriesQuery?: string;
  classicQuery?: string;
}

/** Returns the text of a saved query that was written for Prometheus; undefined for a query of this data source. */
export function prometheusText(saved: unknown): string | undefined {
  if (typeof saved === 'string') {
    return saved.trim() || undefined;
  }
  if (!saved || typeof saved !== 'object' || 'variable' in saved) {
    return undefined;
  }
  const query = saved as PrometheusVariable;
  return typeof query.query === 'string' && query.query.trim() ? query.query.trim() : byType(query) || undefined;
}

function byType({ qryType, label, metric, match = '', varQuery, seriesQuery, classicQuery }: PrometheusVariable) {
  switch (qryType) {
    case 0:
      return `label_names(${match})`;
    case 1:
      return label && `label_values(${metric ? `${metric}, ` : ''}${label})`;
    case 2:
      return metric && `metrics(${metric})`;
    case 3:
      return varQuery && `query_result(${varQuery})`;
    case 4:
      return seriesQuery;
    default:
      return classicQuery;
  }
}

const LABEL_VALUES = /^label_values\((?:([^]+),)?\s*"?([^,()"]+?)"?\s*\)$/;
const METRICS = /^metrics\(([^]+)\)$/;
const QUERY_RESULT = /^query_result\(([^]+)\)$/;
const SELECTOR = /^([a-zA-Z_:][\w:]*\s*)?(\{[^]*\})$|^mesos_\w+$/;

/** The label that holds the names of series. */
const NAMES = '__name__';

/** Returns the list that a text stands for; undefined where there is none, as for label_names(). */
export function fromPrometheus(text: string): Variable | undefined {
  const values = LABEL_VALUES.exec(text);
  if (values) {
    const [, match, label] = values;
    return { labelValues: match ? { label, match: match.trim() } : { label } };
  }
  const pattern = METRICS.exec(text)?.[1].trim();
  if (pattern) {
    return { labelValues: { label: NAMES, match: `{__name__=~".*(?:${escapeString(pattern)}).*"}` } };
  }
  const expr = QUERY_RESULT.exec(text)?.[1] ?? SELECTOR.exec(text)?.[0];
  return expr === undefined ? undefined : { promql: expr };
}
