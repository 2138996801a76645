// A query as one line of text: collapsed rows and the query history show it.
import { queryTypeOf } from './defaults';
import { nameOf } from './names';
import type { MesosQuery } from './types';

/** For example `CPU allocated by framework, role=~a|b, top 5`. */
export function displayText(query: MesosQuery): string {
  if (queryTypeOf(query) === 'promql') {
    return query.expr ?? '';
  }
  return [subject(query), ...conditions(query), ...operations(query)].join(', ');
}

function subject(query: MesosQuery): string {
  const what =
    query.metric || [nameOf(query.resource ?? ''), query.measure?.replace(/_/g, ' ')].filter(Boolean).join(' ');
  return `${what}${grouping(query)}`;
}

function grouping({ metric, entity, groupBy }: MesosQuery): string {
  if (groupBy?.length) {
    return ` by ${groupBy.join(', ')}`;
  }
  if (metric || !entity) {
    return '';
  }
  return groupBy || entity === 'cluster'
    ? ` of ${entity === 'cluster' ? 'the cluster' : `all ${entity}s`}`
    : ` by ${entity}`;
}

function conditions({ filters = [] }: MesosQuery): string[] {
  return filters.map(({ label, operator, value }) => `${label}${operator}${[value].flat().join('|')}`);
}

function operations({ aggregate, rate, top, forecast }: MesosQuery): string[] {
  const list: string[] = [];
  if (aggregate) {
    list.push(aggregate);
  }
  if (rate) {
    list.push('per second');
  }
  if (forecast) {
    list.push(`forecast ${forecast}`);
  }
  if (top) {
    list.push(top > 0 ? `top ${top}` : `bottom ${-top}`);
  }
  return list;
}
