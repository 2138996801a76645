// The query of a new annotation, and of annotations that were stored for another
// data source.
import { isRunnable, QUERY_VERSION } from '../query/defaults';
import type { MesosQuery } from '../query/types';

/** The refId that Grafana gives to the queries of annotations. */
const REF_ID = 'Anno';

/** Returns a new query: what happens to the cluster itself. Tasks and frameworks may come and go by the thousand. */
export function defaultTarget(): MesosQuery {
  return {
    refId: REF_ID,
    queryType: 'events',
    version: QUERY_VERSION,
    kinds: ['agent', 'master', 'maintenance', 'collection'],
    format: 'annotations',
  };
}

/** Returns a query without an expression yet. */
export function promqlTarget(): MesosQuery {
  return { refId: REF_ID, queryType: 'promql', version: QUERY_VERSION, expr: '' };
}

/** Reports whether a query belongs to this data source. PromQL that is not written yet does, too. */
export function isOwn(target: MesosQuery): boolean {
  return target.queryType === 'promql' || isRunnable({ ...target, hide: false });
}

/** Returns the query of an annotation that was stored for Prometheus before Grafana 8. */
export function oldPrometheusTarget({ expr, step }: Record<string, unknown>): MesosQuery | undefined {
  if (typeof expr !== 'string' || !expr) {
    return undefined;
  }
  return { ...promqlTarget(), expr, ...(typeof step === 'string' && step && { interval: step }) };
}
