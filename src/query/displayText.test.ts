import { displayText } from './displayText';
import type { MesosQuery } from './types';

const framework = { entity: 'framework', resource: 'cpus', measure: 'allocated' };

it.each<[string, Partial<MesosQuery>]>([
  ['sum(mesos_up)', { expr: 'sum(mesos_up)' }],
  ['CPU allocated by framework', framework],
  ['CPU allocated of all frameworks', { ...framework, groupBy: [] }],
  ['CPU allocated by framework, role', { ...framework, groupBy: ['framework', 'role'] }],
  ['Memory quota limit by role', { entity: 'role', resource: 'memory', measure: 'quota_limit' }],
  ['Disk free of the cluster', { entity: 'cluster', resource: 'disk', measure: 'free' }],
  ['CPU allocated by framework, top 5, live', { ...framework, top: 5, live: true }],
  ['mesos_up', { metric: 'mesos_up' }],
  [
    'Room for tasks of 0.5 CPU, 2GiB memory by agent',
    { entity: 'agent', resource: 'tasks', measure: 'fits', shape: { cpus: 0.5, memory: '2GiB' } },
  ],
  [
    'sum(mesos_up), framework = a, role =| x, y',
    {
      expr: 'sum(mesos_up)',
      adhocFilters: [
        { key: 'framework', operator: '=', value: 'a' },
        { key: 'role', operator: '=|', value: 'x', values: ['x', 'y'] },
      ],
    },
  ],
  ['SELECT 1', { queryType: 'sql', sql: 'SELECT 1' }],
  [
    'Rows of tasks, cpus>=2, by memory_bytes desc, name',
    {
      queryType: 'table',
      table: 'tasks',
      filters: [{ label: 'cpus', operator: '>=', value: '2' }],
      orderBy: [{ column: 'memory_bytes', direction: 'desc' }, { column: 'name' }],
    },
  ],
  ['Rows of agents, 20 at most', { queryType: 'table', table: 'agents', limit: 20 }],
  ['agent, cpus of agents', { queryType: 'table', table: 'agents', columns: ['agent', 'cpus'] }],
  ['Events, timeline, 5 at most', { queryType: 'events', format: 'timeline', limit: 5 }],
  ['Events, annotations', { queryType: 'events', format: 'annotations' }],
  ['stderr of web.1, lines with error', { queryType: 'logs', taskId: 'web.1', file: 'stderr', filter: 'error' }],
  ['Topology of role, agent', { queryType: 'topology', groupBy: ['role', 'agent'] }],
  ['mesos_up by poll', { metric: 'mesos_up', groupBy: ['poll'] }],
  [
    'CPU allocated by framework, framework=~a|b, max, top 5',
    {
      ...framework,
      filters: [{ label: 'framework', operator: '=~', value: ['a', 'b'] }],
      aggregate: 'max',
      top: 5,
    },
  ],
  ['CPU allocated by framework, forecast 1d, bottom 3', { ...framework, forecast: '1d', top: -3 }],
  ['Tasks failed by framework, per second', { entity: 'framework', resource: 'tasks', measure: 'failed', rate: true }],
  [
    'Tasks failed of the cluster, per minute',
    { entity: 'cluster', resource: 'tasks', measure: 'failed', rate: 'minute' },
  ],
  ['Events', { queryType: 'events' }],
  [
    'Events of task, agent, warnings and errors, framework=marathon',
    {
      queryType: 'events',
      kinds: ['task', 'agent'],
      severity: 'warning',
      filters: [{ label: 'framework', operator: '=', value: 'marathon' }],
      format: 'table',
    },
  ],
  ['Events, errors, count', { queryType: 'events', severity: 'error', format: 'count' }],
  [
    'Events of task, count by agent, event',
    { queryType: 'events', kinds: ['task'], format: 'count', groupBy: ['agent', 'event'] },
  ],
  ['Values of agent', { queryType: 'variable', variable: { labelValues: { label: 'agent' } } }],
  [
    'Values of agent in mesos_agent_info',
    { queryType: 'variable', variable: { labelValues: { label: 'agent', match: 'mesos_agent_info' } } },
  ],
  ['Framework names', { queryType: 'variable', variable: { entities: { entity: 'framework' } } }],
  [
    'Agent ids, attr_rack=r1|r2',
    {
      queryType: 'variable',
      variable: {
        entities: {
          entity: 'agent',
          field: 'id',
          filters: [{ label: 'attr_rack', operator: '=', value: ['r1', 'r2'] }],
        },
      },
    },
  ],
  ['count(mesos_up)', { queryType: 'variable', variable: { promql: 'count(mesos_up)' } }],
  ['label_values(agent)', { queryType: 'variable', query: 'label_values(agent)' }],
  ['', { queryType: 'variable' }],
])('%s', (text, query) => {
  expect(displayText({ refId: 'A', ...query })).toBe(text);
});
