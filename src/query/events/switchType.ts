// From metrics to events and back. What the other type held is kept while the
// editor is open.
import { CoreApp } from '@grafana/data';
import { omit, pick } from 'lodash';

import { defaultQuery, QUERY_VERSION, queryTypeOf } from '../defaults';
import type { MesosQuery } from '../types';

/** What an editor shows: events, or series (of the builder or of PromQL). */
export type Shown = 'metrics' | 'events';

/** The queries as they were left, by what they show. */
export type Left = Partial<Record<Shown, MesosQuery>>;

export function shownBy(query: MesosQuery): Shown {
  return queryTypeOf(query) === 'events' ? 'events' : 'metrics';
}

// The keys of a row, whatever it asks for.
const ROW_KEYS = ['refId', 'hide', 'key', 'datasource', 'adhocFilters'] as const;

/** Returns the query of a row that shows something else from now on: as it was left, or a new one. */
export function show(next: Shown, query: MesosQuery, left: Left, others: MesosQuery[], app?: CoreApp): MesosQuery {
  const asked = left[next] ?? (next === 'events' ? defaultEvents(others, app) : defaultQuery(app));
  return { ...omit(asked, ROW_KEYS), ...rowOf(query) };
}

/** Returns the keys of a query that belong to its row. */
export function rowOf(query: MesosQuery): MesosQuery {
  return pick(query, ROW_KEYS) as MesosQuery;
}

/**
 * Returns a new query for events: a table; beside queries for series annotations over their graphs; in a rule a count of
 * errors, which is all that a rule can read.
 */
function defaultEvents(others: MesosQuery[], app?: CoreApp): Omit<MesosQuery, 'refId'> {
  const events = { queryType: 'events' as const, version: QUERY_VERSION };
  if (app === CoreApp.UnifiedAlerting) {
    return { ...events, severity: 'error', format: 'count', range: false, instant: true };
  }
  const overGraphs = app !== CoreApp.Explore && others.some((other) => shownBy(other) === 'metrics');
  return { ...events, format: overGraphs ? 'annotations' : 'table' };
}
