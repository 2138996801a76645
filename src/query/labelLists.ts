// Labels and their values, as menus list them: filters and groups of the
// builder, variables and ad-hoc filters.
import { useMemo } from 'react';

import { getTemplateSrv } from '@grafana/runtime';

import type { Listed, MesosResources } from '../resources';
import { queryTypeOf } from './defaults';
import { eventLists } from './events/lists';
import { entityOf, labelsOf } from './fit';
import type { LabelLists } from './lists';
import { interpolateQuery } from './interpolate';
import { selectorsOf, selectorsOfAll, seriesOf } from './matches';
import { columnLists } from './tables/lists';
import type { Filter, MesosQuery } from './types';

/**
 * Returns the labels of the queries' series, the fields of events where a query is for those, and the columns of the
 * tables of rows.
 */
export function labelLists(queries: MesosQuery[], resources: MesosResources): LabelLists {
  const tables = queries.filter((query) => queryTypeOf(query) === 'table').map(({ table = '' }) => table);
  const events = queries.some((query) => queryTypeOf(query) === 'events');
  const ofSeries = queries.filter((query) => !['events', 'table'].includes(queryTypeOf(query)));
  const lists = [
    ...(ofSeries.length > 0 || queries.length === 0 ? [seriesLists(ofSeries, resources)] : []),
    ...(events ? [eventLists(resources)] : []),
    ...[...new Set(tables)].map((table) => columnLists(table, resources)),
  ];
  return {
    labels: async (others) => mergedParts(await Promise.all(lists.map((list) => list.labels(others)))),
    values: async (label, typed, others) =>
      mergedParts(await Promise.all(lists.map((list) => list.values(label, typed, others)))),
  };
}

/** Returns several lists as one. How many there are in all is known where each list is whole. */
function mergedParts(lists: Listed[]): Listed {
  if (lists.length === 1) {
    return lists[0];
  }
  const values = [...new Set(lists.flatMap((list) => list.values))].sort();
  const whole = lists.every(({ values, total }) => total === values.length);
  return { values, total: whole ? values.length : undefined };
}

/**
 * Returns the labels of the queries' series. Those of an entity are the catalogue's, the open ones (`attr_*`) as history
 * has them; a single series and PromQL have all labels that history has.
 */
function seriesLists(queries: MesosQuery[], resources: MesosResources): LabelLists {
  const series = async () => {
    const catalogue = await resources.catalogue();
    const names = queries.map((query) => seriesOf(query, catalogue));
    // All series where one query's are not known: a narrower list would hide its labels.
    return names.some((list) => list.length === 0) ? [] : [...new Set(names.flat())];
  };
  return {
    async labels(others = []) {
      const catalogue = await resources.catalogue();
      const names = await series();
      const all = () => resources.labels(names).catch((): Listed => ({ values: [] })); // before the first poll
      // A filter may be unfinished, or too expensive for a look-up: then it does not narrow the list.
      const found =
        others.length > 0 ? await resources.labels(selectorsOfAll(names, others, catalogue)).catch(all) : await all();
      const offered = queries.map((query) => {
        const known = labelsOf(query, catalogue) ?? [];
        const fixed = known.filter((label) => !label.endsWith('*'));
        const open = known.filter((label) => label.endsWith('*')).map((label) => label.slice(0, -1));
        const more = entityOf(query, catalogue)
          ? found.values.filter((label) => open.some((start) => label.startsWith(start)))
          : found.values;
        return [...fixed, ...more];
      });
      const values = [...new Set(queries.length > 0 ? offered.flat() : found.values)].sort();
      // Where history has no series of these, nobody knows which attributes and labels of tasks there are.
      const missing =
        found.total === undefined || found.values.length === 0 ? undefined : found.total - found.values.length;
      return { values, total: missing === undefined ? undefined : values.length + missing };
    },
    async values(label, typed, others = []) {
      const names = await series();
      const all = () => resources.labelValues(label, names, typed);
      if (others.length === 0) {
        return all();
      }
      // A filter may be unfinished, or too expensive for a look-up: then it does not narrow the list.
      const match = selectorsOf(names, label, others, await resources.catalogue());
      return resources.labelValues(label, match, typed).catch(all);
    },
  };
}

/** Returns labelLists of one query with the current values of variables. Labels are none while the catalogue cannot be loaded. */
export function useLabelLists(query: MesosQuery, resources: MesosResources): LabelLists {
  return useMemo(() => {
    // As of the moment when a menu asks: variables change without the query.
    const lists = () => labelLists([interpolateQuery(query, getTemplateSrv())], resources);
    return {
      labels: () =>
        lists()
          .labels()
          .catch(() => ({ values: [], total: 0 })),
      values: (label, typed, others = []) => lists().values(currentLabel(label), typed, currentOnes(others)),
    };
  }, [query, resources]);
}

/** Returns the label that a variable stands for now. */
function currentLabel(label: string): string {
  const { filters = [] } = interpolateQuery(
    { refId: '', filters: [{ label, operator: '=', value: '' }] },
    getTemplateSrv()
  );
  return filters[0].label;
}

/** Returns filters with the current values of variables, without those whose variables have none. */
function currentOnes(filters: Filter[]): Filter[] {
  const { filters: current = [] } = interpolateQuery({ refId: '', filters }, getTemplateSrv());
  return current.filter(({ value }) => value.length > 0 && ![value].flat().some((text) => text.includes('$')));
}

/** Returns the labels of a selector's series; of all series where there is none, or it is not finished. */
export function useSelectorLabels(match: string | undefined, resources: MesosResources): Pick<LabelLists, 'labels'> {
  return useMemo(() => {
    const all = () => resources.labels();
    return { labels: () => (match ? resources.labels([match]).catch(all) : all()) };
  }, [match, resources]);
}
