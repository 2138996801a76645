// Panels that several dashboards have.
import { endingColors, severityColors, taskColors } from './colors.ts';
import { around, down, then } from './links.ts';
import { asLimit, colored, graph, inColor, list, type Look, unit } from './panels.ts';
import { by, events, inCluster, type Label, matching, metric, of, promql, type Resource } from './query.ts';
import type { EventsQuery } from '../src/query/types.gen.ts';

/** What a row by a name is: names can repeat, and filter together. */
export const ONE_ROW = {
  framework: 'Frameworks of one name are one row.',
  agent: 'Agents of one host name are one row.',
};

/**
 * Returns an expression whose series have a name. What is stacked is one query of such: two would have points at different
 * moments, as the polls of their series have, and their stack would be a comb.
 */
export const named = (name: string, expr: string) => `label_replace(${expr}, "of", "${name}", "", "")`;

const suffix = (resource: Resource) => (resource === 'memory' || resource === 'disk' ? '_bytes' : '');

/** Allocated and offered of the whole cluster, below its capacity. */
export const capacityOf = (title: string, resource: Resource, width: number) =>
  graph({
    title,
    about:
      'Allocated to tasks and executors, and stacked on it what is offered to frameworks now. ' +
      'What is free is between that and the dashed line of capacity.',
    queries: {
      A: promql(
        (['allocated', 'offered', 'capacity'] as const)
          .map((what) =>
            named(
              what[0].toUpperCase() + what.slice(1),
              `sum(mesos_cluster_${resource}_${what}${suffix(resource)}{${inCluster}})`
            )
          )
          .join(' or '),
        { legendFormat: '{{of}}' }
      ),
    },
    stacked: true,
    width,
    height: 8,
    links: [then('capacity', 'Capacity then'), then('tasks', 'Tasks then')],
  })
    .overrideByName('Capacity', asLimit)
    .overrideByName('Allocated', [inColor('blue')])
    .overrideByName('Offered', [inColor('yellow')]);

/** Tasks of the cluster that have not ended, by state. */
export const tasksByState = (about: string) =>
  colored(
    graph({
      title: 'Tasks by state',
      counts: true,
      about,
      queries: { A: metric('mesos_cluster_tasks', { legendFormat: '{{state}}' }) },
      stacked: true,
      hidesZeros: true,
      width: 12,
      height: 8,
      links: [then('tasks', 'Tasks then')],
    }),
    taskColors
  );

/** How tasks ended, of the cluster or of what is chosen. */
export const endings = (title: string, about: string, series: string, width: number, ...chosen: Label[]) =>
  colored(
    graph({
      title,
      about: `${about} Click a point to see what ended then.`,
      queries: {
        A: promql(
          `60 * sum by (state) (rate(${series}{${chosen.length > 0 ? matching('cluster', ...chosen) : inCluster}}[$__rate_interval]))`,
          { legendFormat: '{{state}}' }
        ),
      },
      hidesZeros: true,
      width,
      height: 8,
      links: [then('tasks', 'What ended then', ...chosen.map((label) => `\${${label}:queryparam}`))],
    })
      .overrideByFieldType('number', [unit('suffix: /min')])
      .axisSoftMax(1),
    endingColors
  );

/** The columns that events have in every table, where there is something in them. */
const eventColumns = {
  time: {
    title: 'Time',
    width: 155,
    unit: 'time:YYYY-MM-DD HH:mm:ss',
    links: [around('cluster-overview', 'The cluster then')],
  },
  kind: { title: 'Kind', width: 95 },
  event: { title: 'Event', width: 110 },
  severity: { title: 'Severity', width: 90, colors: severityColors },
  log: { hidden: true },
  agent: { title: 'Agent', width: 170, links: down('agent', 'cell') },
  framework: { title: 'Framework', width: 120, links: down('framework', 'cell') },
  role: { title: 'Role', width: 110, links: down('role', 'cell') },
  task: { title: 'Task', width: 130 },
  task_id: { title: 'Task ID', width: 190, links: down('task', 'cell') },
  reason: { title: 'Reason', width: 120 },
  source: { title: 'Source', width: 80 },
  message: { title: 'Message' },
  cluster: { hidden: true },
  end: { hidden: true },
  not_before: { hidden: true },
  agent_id: { hidden: true },
  framework_id: { hidden: true },
  id: { hidden: true },
};

/** What happened, the newest first. */
export const happened = (
  title: string,
  about: string,
  query: Omit<EventsQuery, 'refId' | 'queryType' | 'datasource' | 'filters'> & { chosen?: Label[] },
  hidden: string[] = [],
  columns: Record<string, Look> = {}
) => {
  const { chosen = [], ...rest } = query;
  return list({
    title,
    about,
    query: events({ format: 'table', limit: 200, filters: by(...chosen), ...rest }),
    columns: {
      ...eventColumns,
      ...columns,
      ...Object.fromEntries(hidden.map((name) => [name, { hidden: true }])),
    },
    // The ID of a task leads to its logs, so that it is seen at 1,280 pixels as well.
    first: ['time', 'kind', 'event', 'severity', 'task_id'],
    width: 24,
    height: 10,
  });
};

/** Where reasons come from, and why there may be none. */
const REASONS =
  'Reason and message are of the leader’s event stream: “not told” where Mesos gives none, and of tasks that ended while only polls were ' +
  'read, as in the history that the demo begins with.';

/** Tasks that failed, the newest first. All columns are seen at 1,280 pixels beside Grafana's menu. */
export const failedTasks = (title: string, about: string, severity: 'warning' | 'error', ...chosen: Label[]) =>
  happened(
    title,
    `${about} ${REASONS}`,
    { kinds: ['task'], severity, chosen },
    ['kind', 'severity', 'role', 'task', 'source'],
    {
      event: { ...eventColumns.event, width: 80 },
      task_id: { ...eventColumns.task_id, width: 180 },
      agent: { ...eventColumns.agent, width: 165 },
      framework: { ...eventColumns.framework, width: 100 },
      reason: { ...eventColumns.reason, width: 110, unknown: 'not told' },
      message: { ...eventColumns.message, minWidth: 120, unknown: 'not told' },
    }
  );

/** The ten agents that are fullest. */
export const fullestAgents = (title: string, resource: Resource, width: number) =>
  graph({
    title,
    about: 'The ten agents with the highest utilization over the time range.',
    queries: { A: { ...of('agent', resource, 'utilization', 'agent'), top: 10 } },
    max: 1,
    width,
    height: 9,
    table: true,
    links: down('agent', 'series'),
  });
