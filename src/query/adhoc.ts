// A dashboard's filters that a query holds itself: Grafana writes them into queries
// that go from a panel to Explore or to a rule.
import { omit } from 'lodash';

import { queryTypeOf } from './defaults';
import type { AdhocFilter, ComparisonOperator, Filter, MesosQuery } from './types';

const COMPARISONS: Record<string, ComparisonOperator> = {
  '=': '=',
  '!=': '!=',
  '=~': '=~',
  '!~': '!~',
  '=|': '=',
  '!=|': '!=',
};

/** Returns the query without one of its ad-hoc filters. */
export function withoutAdhoc(query: MesosQuery, at: number): MesosQuery {
  return withAdhoc(
    query,
    (query.adhocFilters ?? []).filter((_, i) => i !== at)
  );
}

function withAdhoc(query: MesosQuery, adhocFilters: AdhocFilter[]): MesosQuery {
  return { ...omit(query, 'adhocFilters'), ...(adhocFilters.length > 0 && { adhocFilters }) };
}

/**
 * Returns the query with those of its ad-hoc filters as filters of its own whose labels it has, or all if the labels are
 * not given. The others stay: the backend would refuse them as filters.
 */
export function foldAdhoc(query: MesosQuery, labels?: string[]): MesosQuery {
  const folded: Filter[] = [];
  const rest = (query.adhocFilters ?? []).filter((adhoc) => {
    const filter = filterOf(adhoc, query);
    if (!filter || labels?.includes(filter.label) === false) {
      return true;
    }
    folded.push(filter);
    return false;
  });
  return folded.length > 0 ? withAdhoc({ ...query, filters: [...(query.filters ?? []), ...folded] }, rest) : query;
}

function filterOf({ key, operator, value = '', values }: AdhocFilter, query: MesosQuery): Filter | undefined {
  const comparison = COMPARISONS[operator];
  const all = values && values.length > 0 ? values : [value];
  // Without a value the filter is not applied, while a filter of the query's own asks for an absent label then.
  if (!comparison || all.every((one) => one === '')) {
    return undefined;
  }
  // Rows name what series have as attr_rack and label_team.
  const label =
    queryTypeOf(query) === 'table' ? key.replace(/^attr_/, 'attributes.').replace(/^label_/, 'labels.') : key;
  return { label, operator: comparison, value: all.length === 1 ? all[0] : all };
}

/** Returns an ad-hoc filter as it is shown. */
export function adhocText({ key, operator, value = '', values }: AdhocFilter): string {
  return `${key} ${operator} ${values && values.length > 0 ? values.join(', ') : value}`;
}
