// A click on a value, "filter for" or "filter out": in a table, a graph or a log of
// Explore, where it changes the query. On dashboards Grafana makes it a filter of the
// dashboard.
import { isEqual, omit } from 'lodash';

import type { Catalogue } from '../../resources';
import { queryTypeOf } from '../defaults';
import { labelsOf } from '../fit';
import { escapeRegex } from '../interpolate';
import type { AdhocFilter, Filter, MesosQuery } from '../types';
import type * as Selectors from './selectors';
import type { Condition } from './selectors';
import { hasWhere, withoutWhere, withWhere } from './where';

/** What is loaded with the first query of Explore, as Grafana does not wait for an answer here. */
export interface Known {
  catalogue: Catalogue;
  selectors: typeof Selectors;
}

/** Reports whether the query has the condition, as a click would add it. */
export function hasFilter(query: MesosQuery, condition: Condition, known?: Known): boolean {
  return adhocAt(query, condition) >= 0 || HOW[queryTypeOf(query)]?.has(query, condition, known) || false;
}

/**
 * Returns the query with the condition, without the opposite one, or without the condition where it has it. It is the
 * query itself where it can have no such condition.
 */
export function toggleFilter(query: MesosQuery, condition: Condition, known?: Known): MesosQuery {
  const how = HOW[queryTypeOf(query)];
  if (!how || !condition.label) {
    return query;
  }
  if (hasFilter(query, condition, known)) {
    return without(query, condition, known);
  }
  const opposite: Condition = { ...condition, operator: condition.operator === '=' ? '!=' : '=' };
  return addFilter(without(query, opposite, known), condition, known);
}

/** Returns the query with the condition. */
export function addFilter(query: MesosQuery, condition: Condition, known?: Known): MesosQuery {
  const how = HOW[queryTypeOf(query)];
  if (!how || !condition.label || hasFilter(query, condition, known)) {
    return query;
  }
  return how.add(query, condition, known) ?? withAdhoc(query, [...(query.adhocFilters ?? []), adhocOf(condition)]);
}

function without(query: MesosQuery, condition: Condition, known?: Known): MesosQuery {
  const at = adhocAt(query, condition);
  const rest =
    at < 0
      ? query
      : withAdhoc(
          query,
          (query.adhocFilters ?? []).filter((_, i) => i !== at)
        );
  return HOW[queryTypeOf(query)]?.remove(rest, condition, known) ?? rest;
}

interface How {
  has: (query: MesosQuery, condition: Condition, known?: Known) => boolean;
  /** Undefined where the query has no place for it: then it is a filter as a dashboard's, of which the backend says more. */
  add: (query: MesosQuery, condition: Condition, known?: Known) => MesosQuery | undefined;
  remove: (query: MesosQuery, condition: Condition, known?: Known) => MesosQuery;
}

const FILTERS: How = {
  has: ({ filters = [] }, condition) => filters.some((filter) => holds(filter, condition)),
  add: (query, condition, known) => {
    const labels = queryTypeOf(query) === 'metrics' ? labelsOf(query, known?.catalogue) : undefined;
    if (labels && !labels.some((label) => covers(label, condition.label))) {
      return undefined;
    }
    const filters = query.filters ?? [];
    const same = filters.findIndex(({ label, operator }) => label === condition.label && operator === '!=');
    if (condition.operator === '!=' && same >= 0) {
      const value = [...[filters[same].value].flat(), condition.value];
      return { ...query, filters: filters.map((filter, i) => (i === same ? { ...filter, value } : filter)) };
    }
    return { ...query, filters: [...filters, condition] };
  },
  remove: (query, condition) => {
    if (!query.filters?.some((filter) => holds(filter, condition))) {
      return query;
    }
    const filters = query.filters.flatMap((filter) => {
      if (!holds(filter, condition)) {
        return [filter];
      }
      const left = [filter.value].flat().filter((value) => value !== condition.value);
      return left.length > 0 ? [{ ...filter, value: left.length === 1 ? left[0] : left }] : [];
    });
    return { ...omit(query, 'filters'), ...(filters.length > 0 && { filters }) };
  },
};

const EXPRESSION: How = {
  has: ({ expr = '' }, condition, known) => known?.selectors.hasMatcher(expr, condition) ?? false,
  add: (query, condition, known) => {
    const changed = known?.selectors.withMatcher(query.expr ?? '', condition, (series, label) => {
      const of = known.catalogue.series.find(({ name }) => name === series);
      const labels = of && ['cluster', ...(of.labels ?? []), ...(of.openLabels ?? [])];
      return !labels || labels.some((one) => covers(one, label));
    });
    return changed === undefined ? undefined : { ...query, expr: changed };
  },
  remove: (query, condition, known) => {
    const expr = known?.selectors.withoutMatcher(query.expr ?? '', condition) ?? query.expr;
    return expr === query.expr ? query : { ...query, expr };
  },
};

const SQL: How = {
  has: ({ sql = '' }, condition) => hasWhere(sql, condition),
  add: (query, condition) => ({ ...query, sql: withWhere(query.sql ?? '', condition) }),
  remove: (query, condition) => {
    const sql = withoutWhere(query.sql ?? '', condition);
    return sql === query.sql ? query : { ...query, sql };
  },
};

/** The labels that all lines of a log have with the same value: a filter for them changes nothing. */
export const OF_THE_LOG = ['task_id', 'task', 'framework_id', 'framework', 'agent_id', 'agent', 'file'];

const LINES: How = {
  has: ({ filter }, { operator, value }) => operator === '=' && filter === textFilter(value),
  add: (query, { label, operator, value }) =>
    operator === '=' && !OF_THE_LOG.includes(label) ? { ...query, filter: textFilter(value) } : query,
  remove: (query, condition) => (LINES.has(query, condition) ? omit(query, 'filter') : query),
};

/** Returns the filter that keeps lines with a text. One between slashes would be a regular expression. */
export function textFilter(text: string): string {
  return /^\/.+\/$/.test(text) ? `/${escapeRegex(text)}/` : text;
}

const HOW: Partial<Record<ReturnType<typeof queryTypeOf>, How>> = {
  metrics: FILTERS,
  table: FILTERS,
  events: FILTERS,
  topology: FILTERS,
  promql: EXPRESSION,
  sql: SQL,
  logs: LINES,
};

/** A filter for one of several values does not say which; one that leaves several out leaves out each. */
function holds({ label, operator, value }: Filter, condition: Condition): boolean {
  const values = [value].flat();
  return (
    label === condition.label &&
    operator === condition.operator &&
    (operator === '!=' ? values.includes(condition.value) : isEqual(values, [condition.value]))
  );
}

function covers(known: string, label: string): boolean {
  return known.endsWith('*') ? label.startsWith(known.slice(0, -1)) : label === known;
}

function adhocOf({ label, operator, value }: Condition): AdhocFilter {
  return { key: label, operator, value };
}

function adhocAt({ adhocFilters = [] }: MesosQuery, { label, operator, value }: Condition): number {
  return adhocFilters.findIndex(
    (one) => one.key === label && one.operator === operator && one.value === value && !one.values
  );
}

function withAdhoc(query: MesosQuery, adhocFilters: AdhocFilter[]): MesosQuery {
  return { ...omit(query, 'adhocFilters'), ...(adhocFilters.length > 0 && { adhocFilters }) };
}
