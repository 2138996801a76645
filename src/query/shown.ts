// What a row shows: series, rows of tables, events, logs or a node graph. What the
// other kinds held is kept while the editor is open.
import { CoreApp } from '@grafana/data';
import { omit, pick } from 'lodash';

import { t } from '../i18n';
import { defaultQuery, QUERY_VERSION, queryTypeOf } from './defaults';
import type { MesosQuery } from './types';

/** What an editor shows: metrics are series (of the builder or of PromQL), tables are rows (of the builder or of SQL). */
export type Shown = 'metrics' | 'tables' | 'events' | 'logs' | 'topology';

/** The queries as they were left, by what they show. */
export type Left = Partial<Record<Shown, MesosQuery>>;

const SHOWN_BY: Record<NonNullable<MesosQuery['queryType']>, Shown> = {
  metrics: 'metrics',
  promql: 'metrics',
  variable: 'metrics',
  table: 'tables',
  sql: 'tables',
  events: 'events',
  logs: 'logs',
  topology: 'topology',
};

export function shownBy(query: MesosQuery): Shown {
  return SHOWN_BY[queryTypeOf(query)] ?? 'metrics';
}

interface Choice {
  label: string;
  value: Shown;
  description: string;
}

const choices = (): Choice[] => [
  {
    label: t('query.shown.metrics', 'Metrics'),
    value: 'metrics',
    description: t('query.shown.metrics-about', 'Numbers over time'),
  },
  {
    label: t('query.shown.tables', 'Tables'),
    value: 'tables',
    description: t('query.shown.tables-about', 'Tasks, agents, frameworks and more, as rows'),
  },
  {
    label: t('query.shown.events', 'Events'),
    value: 'events',
    description: t('query.shown.events-about', 'What happened'),
  },
  {
    label: t('query.shown.logs', 'Logs'),
    value: 'logs',
    description: t('query.shown.logs-about', 'What a task wrote'),
  },
  {
    label: t('query.shown.topology', 'Topology'),
    value: 'topology',
    description: t('query.shown.topology-about', 'What runs where, as a node graph'),
  },
];

/** Returns what a row can show: rules read numbers, so neither logs nor node graphs. */
export function choicesOf(app?: CoreApp): Choice[] {
  const numbers: Shown[] = ['metrics', 'tables', 'events'];
  return app === CoreApp.UnifiedAlerting ? choices().filter(({ value }) => numbers.includes(value)) : choices();
}

// The keys of a row, whatever it asks for.
const ROW_KEYS = ['refId', 'hide', 'key', 'datasource', 'adhocFilters'] as const;

/** Returns the query of a row that shows something else from now on: as it was left, or a new one. */
export function show(next: Shown, query: MesosQuery, left: Left, others: MesosQuery[], app?: CoreApp): MesosQuery {
  const asked = left[next] ?? NEW[next](others, app);
  return { ...omit(asked, ROW_KEYS), ...rowOf(query) };
}

/** Returns the keys of a query that belong to its row. */
export function rowOf(query: MesosQuery): MesosQuery {
  return pick(query, ROW_KEYS) as MesosQuery;
}

type NewQuery = Omit<MesosQuery, 'refId'>;

const version = QUERY_VERSION;

const NEW: Record<Shown, (others: MesosQuery[], app?: CoreApp) => NewQuery> = {
  metrics: (_, app) => defaultQuery(app),
  tables: (_, app) => defaultTable(app),
  events: defaultEvents,
  logs: () => ({ queryType: 'logs', version, file: 'stdout' }),
  topology: () => ({ queryType: 'topology', version, groupBy: ['framework', 'agent'] }),
};

/** Returns a new query for rows: tasks; in a rule the number of agents that are not active, as rules read numbers. */
function defaultTable(app?: CoreApp): NewQuery {
  return app === CoreApp.UnifiedAlerting
    ? {
        queryType: 'sql',
        version,
        sql: "SELECT count(*) AS agents FROM agents WHERE state <> 'active'",
        format: 'numeric',
        range: false,
        instant: true,
      }
    : { queryType: 'table', version, table: 'tasks' };
}

/**
 * Returns a new query for events: a table; beside queries for series annotations over their graphs; in a rule a count of
 * errors, which is all that a rule can read.
 */
function defaultEvents(others: MesosQuery[], app?: CoreApp): NewQuery {
  const events = { queryType: 'events' as const, version };
  if (app === CoreApp.UnifiedAlerting) {
    return { ...events, severity: 'error', format: 'count', range: false, instant: true };
  }
  const overGraphs = app !== CoreApp.Explore && others.some((other) => shownBy(other) === 'metrics');
  return { ...events, format: overGraphs ? 'annotations' : 'table' };
}
