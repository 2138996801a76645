// A query as one line of text, for collapsed rows and the query history. Names of aggregations, operators and directions
// are those that the query has in every language.
import { inOrder, listOf, t } from '../i18n';
import { adhocText } from './adhoc';
import { queryTypeOf } from './defaults';
import { inSentence, nameOf } from './names';
import type { EventSeverity, Filter, MesosQuery, Variable } from './types';

/** Returns for example `CPU allocated by framework, role=~a|b, top 5`. */
export function displayText(query: MesosQuery): string {
  const fromDashboard = (query.adhocFilters ?? []).map(adhocText);
  return listOf([textOf(query), ...fromDashboard]);
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
      return listOf([topology(query), ...conditions(query.filters)]);
    case 'variable':
      return query.query ?? listText(query.variable);
    default:
      return metricsText(query);
  }
}

function topology({ groupBy = [] }: MesosQuery): string {
  return groupBy.length > 0
    ? t('query.text.topology', 'Topology of {{nodes}}', { nodes: groupBy.join(', ') })
    : t('query.text.topology-cluster', 'Topology of the cluster');
}

/** Returns for example `Values of agent in mesos_agent_info`. */
function listText({ labelValues, entities, promql }: Variable = {}): string {
  if (labelValues) {
    const { label, match } = labelValues;
    return match
      ? t('query.text.values-in', 'Values of {{label}} in {{match}}', { label, match })
      : t('query.text.values', 'Values of {{label}}', { label });
  }
  if (entities) {
    const { entity, field = 'name', filters } = entities;
    const name = nameOf(entity);
    const list =
      field === 'id'
        ? t('query.text.ids', '{{entity}} ids', { entity: name })
        : t('query.text.names', '{{entity}} names', { entity: name });
    return listOf([list, ...conditions(filters)]);
  }
  return promql ?? '';
}

const LEAST: Record<EventSeverity, () => string[]> = {
  info: () => [],
  warning: () => [t('query.text.warnings', 'warnings and errors')],
  error: () => [t('query.text.errors', 'errors')],
};

/** Returns for example `Events of task, agent, errors, framework=marathon, count by agent`. */
function eventsText({ kinds = [], severity = 'info', filters, format, groupBy = [], limit }: MesosQuery): string {
  const count =
    groupBy.length > 0
      ? t('query.text.count-by', 'count by {{fields}}', { fields: groupBy.join(', ') })
      : t('query.text.count', 'count');
  return listOf([
    kinds.length > 0
      ? t('query.text.events-of', 'Events of {{kinds}}', { kinds: kinds.join(', ') })
      : t('query.text.events', 'Events'),
    ...LEAST[severity](),
    ...conditions(filters),
    ...(format === 'count' ? [count] : []),
    ...(format === 'timeline' ? [t('query.text.timeline', 'timeline')] : []),
    ...(format === 'annotations' ? [t('query.text.annotations', 'annotations')] : []),
    ...most(limit),
  ]);
}

/** Returns for example `Rows of tasks, state=running, by memory_bytes desc, 20 at most`. */
function tableText({ table = '', columns = [], filters, orderBy = [], limit }: MesosQuery): string {
  const order = orderBy.map(({ column, direction }) => [column, direction].filter(Boolean).join(' '));
  return listOf([
    columns.length > 0
      ? t('query.text.columns', '{{columns}} of {{table}}', { table, columns: columns.join(', ') })
      : t('query.text.rows', 'Rows of {{table}}', { table }),
    ...conditions(filters),
    ...(order.length > 0 ? [t('query.text.ordered', 'by {{columns}}', { columns: order.join(', ') })] : []),
    ...most(limit),
  ]);
}

function most(limit?: number): string[] {
  return limit === undefined ? [] : [t('query.text.most', '{{limit}} at most', { limit })];
}

/** Returns for example `stderr of web.1, lines with error`. */
function logsText({ taskId = '', file, filter }: MesosQuery): string {
  return listOf([
    t('query.text.logs', '{{file}} of {{task}}', { file: file || 'stdout', task: taskId }),
    ...(filter ? [t('query.text.lines', 'lines with {{filter}}', { filter })] : []),
  ]);
}

function metricsText(query: MesosQuery): string {
  return listOf([subject(query), ...conditions(query.filters), ...operations(query)]);
}

function subject(query: MesosQuery): string {
  if (query.measure === 'fits' && !query.metric) {
    return grouped(t('query.text.room', 'Room for tasks of {{size}}', { size: shapeText(query) }), query);
  }
  const { metric, resource, measure } = query;
  const words = inOrder(resource && nameOf(resource), measure && inSentence(nameOf(measure)));
  return grouped(metric || words, query);
}

/** Returns for example `1 CPU, 2GiB memory`. */
function shapeText({ shape: { cpus, gpus, memory, disk } = {} }: MesosQuery): string {
  const parts = [
    cpus ? `${cpus} CPU` : undefined,
    gpus ? `${gpus} GPU` : undefined,
    memory && t('query.text.memory', '{{size}} memory', { size: memory }),
    disk && t('query.text.disk', '{{size}} disk', { size: disk }),
  ];
  return listOf(parts.map((part) => part || undefined)) || t('query.text.no-size', 'no size');
}

function grouped(what: string, { metric, entity, groupBy }: MesosQuery): string {
  if (groupBy?.length) {
    return t('query.text.grouped', '{{what}} by {{groups}}', { what, groups: groupBy.join(', ') });
  }
  if (metric || !entity) {
    return what;
  }
  if (entity === 'cluster') {
    return t('query.text.of-cluster', '{{what}} of the cluster', { what });
  }
  const one = inSentence(nameOf(entity));
  return groupBy
    ? t('query.text.of-all', '{{what}} of all {{entity}}s', { what, entity: one })
    : t('query.text.by-entity', '{{what}} by {{entity}}', { what, entity: one });
}

/** Returns filters as texts: framework=marathon. */
export function conditions(filters: Filter[] = []): string[] {
  return filters.map(({ label, operator, value }) => `${label}${operator}${[value].flat().join('|')}`);
}

function operations({ aggregate, rate, top, forecast, live }: MesosQuery): string[] {
  const list: string[] = [];
  if (aggregate) {
    list.push(aggregate);
  }
  if (rate) {
    list.push(rate === 'minute' ? t('query.text.per-minute', 'per minute') : t('query.text.per-second', 'per second'));
  }
  if (forecast) {
    list.push(t('query.text.forecast', 'forecast {{later}}', { later: forecast }));
  }
  if (top) {
    list.push(
      top > 0
        ? t('query.text.top', 'top {{number}}', { number: top })
        : t('query.text.bottom', 'bottom {{number}}', { number: -top })
    );
  }
  if (live) {
    list.push(t('query.text.live', 'live'));
  }
  return list;
}
