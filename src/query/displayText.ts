// A query as one line of text, for collapsed rows and the query history.
import { adhocText } from './adhoc';
import { queryTypeOf } from './defaults';
import { nameOf } from './names';
import type { EventSeverity, Filter, MesosQuery, Variable } from './types';

/** Returns for example `CPU allocated by framework, role=~a|b, top 5`. */
export function displayText(query: MesosQuery): string {
  const fromDashboard = (query.adhocFilters ?? []).map(adhocText);
  return [textOf(query), ...fromDashboard].filter(Boolean).join(', ');
}

function textOf(query: MesosQuery): string {
  switch (queryTypeOf(query)) {
    case 'promql':
      return query.expr ?? '';
    case 'events':
      return eventsText(query);
    case 'table':
      return tableText(query);
    case 'sql':
      return query.sql ?? '';
    case 'logs':
      return logsText(query);
    case 'topology':
      return [`Topology of ${(query.groupBy ?? []).join(', ') || 'the cluster'}`, ...conditions(query.filters)].join(
        ', '
      );
    case 'variable':
      return query.query ?? listText(query.variable);
    default:
      return metricsText(query);
  }
}

/** Returns for example `Values of agent in mesos_agent_info`. */
function listText({ labelValues, entities, promql }: Variable = {}): string {
  if (labelValues) {
    return `Values of ${labelValues.label}${labelValues.match ? ` in ${labelValues.match}` : ''}`;
  }
  if (entities) {
    const { entity, field = 'name', filters } = entities;
    return [`${nameOf(entity)} ${field}s`, ...conditions(filters)].join(', ');
  }
  return promql ?? '';
}

const LEAST: Record<EventSeverity, string[]> = {
  info: [],
  warning: ['warnings and errors'],
  error: ['errors'],
};

/** Returns for example `Events of task, agent, errors, framework=marathon, count by agent`. */
function eventsText({ kinds = [], severity = 'info', filters, format, groupBy = [] }: MesosQuery): string {
  const count = groupBy.length > 0 ? `count by ${groupBy.join(', ')}` : 'count';
  return [
    kinds.length > 0 ? `Events of ${kinds.join(', ')}` : 'Events',
    ...LEAST[severity],
    ...conditions(filters),
    ...(format === 'count' ? [count] : []),
  ].join(', ');
}

/** Returns for example `Rows of tasks, state=running, by memory_bytes desc`. */
function tableText({ table = '', filters, orderBy = [] }: MesosQuery): string {
  const order = orderBy.map(({ column, direction }) => [column, direction].filter(Boolean).join(' '));
  return [`Rows of ${table}`, ...conditions(filters), ...(order.length > 0 ? [`by ${order.join(', ')}`] : [])].join(
    ', '
  );
}

/** Returns for example `stderr of web.1, lines with error`. */
function logsText({ taskId = '', file, filter }: MesosQuery): string {
  return [`${file || 'stdout'} of ${taskId}`, ...(filter ? [`lines with ${filter}`] : [])].join(', ');
}

function metricsText(query: MesosQuery): string {
  return [subject(query), ...conditions(query.filters), ...operations(query)].join(', ');
}

function subject(query: MesosQuery): string {
  if (query.measure === 'fits' && !query.metric) {
    return `Room for tasks of ${shapeText(query)}${grouping(query)}`;
  }
  const what =
    query.metric || [nameOf(query.resource ?? ''), query.measure?.replace(/_/g, ' ')].filter(Boolean).join(' ');
  return `${what}${grouping(query)}`;
}

/** Returns for example `1 CPU, 2GiB memory`. */
function shapeText({ shape: { cpus, gpus, memory, disk } = {} }: MesosQuery): string {
  const parts = [cpus && `${cpus} CPU`, gpus && `${gpus} GPU`, memory && `${memory} memory`, disk && `${disk} disk`];
  return parts.filter(Boolean).join(', ') || 'no size';
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

function conditions(filters: Filter[] = []): string[] {
  return filters.map(({ label, operator, value }) => `${label}${operator}${[value].flat().join('|')}`);
}

function operations({ aggregate, rate, top, forecast, live }: MesosQuery): string[] {
  const list: string[] = [];
  if (aggregate) {
    list.push(aggregate);
  }
  if (rate) {
    list.push(rate === 'minute' ? 'per minute' : 'per second');
  }
  if (forecast) {
    list.push(`forecast ${forecast}`);
  }
  if (top) {
    list.push(top > 0 ? `top ${top}` : `bottom ${-top}`);
  }
  if (live) {
    list.push('live');
  }
  return list;
}
