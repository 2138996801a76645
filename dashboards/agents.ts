// Agents: all of them in a list and as heat maps, and of those that are chosen
// what is allocated and used, what runs there and their events.
import { agentColors, allTaskColors } from './colors.ts';
import type { Definition } from './frame.ts';
import { down } from './links.ts';
import { asLimit, fullness, graph, heatmap, inColor, list, timeline } from './panels.ts';
import { by, events, matching, of, promql, type Resource, sql, rowsOf } from './query.ts';
import { endings, fullestAgents, happened } from './shared.ts';
import { choice } from './variables.ts';

const chosen = matching('cluster', 'agent');

const all = list({
  title: 'All agents',
  about:
    'Agents that the leader lists, the fullest first. Click a name for it (with others on that host), its tasks, or its page in ' +
    'Mesos’ web UI. Unreachable agents are not listed by Mesos; their events are below.',
  query: sql(`SELECT agent, state, cpus_allocated / nullif(cpus, 0) AS cpu, cpus_used, cpus_free,
    memory_allocated_bytes / nullif(memory_bytes, 0) AS memory, memory_used_bytes, memory_free_bytes, tasks, agent_id
    FROM agents WHERE agent REGEXP '^(?:\${agent:regex})$' ORDER BY cpu DESC LIMIT 1000`),
  columns: {
    agent: { title: 'Agent', links: down('agent', 'cell') },
    state: { title: 'State', width: 85, colors: agentColors },
    cpu: { title: 'CPU', width: 105, unit: 'percentunit', decimals: 0, bar: fullness() },
    cpus_used: { title: 'CPUs used', width: 95, decimals: 1 },
    cpus_free: { title: 'CPUs free', width: 90, decimals: 1 },
    memory: { title: 'Memory', width: 105, unit: 'percentunit', decimals: 0, bar: fullness() },
    memory_used_bytes: { title: 'Memory used', width: 110 },
    memory_free_bytes: { title: 'Memory free', width: 105 },
    tasks: { title: 'Tasks', width: 65, counts: true },
    agent_id: { hidden: true },
  },
  width: 24,
  height: 10,
});

const free = (title: string, series: (measure: string) => string, scheme: string) =>
  heatmap({
    title,
    about:
      'How many agents have how much free, neither allocated nor offered. Dark at the bottom: many agents are full. Many with ' +
      'a little: large tasks find no agent although the cluster has room.',
    queries: {
      A: promql(
        `${series('capacity')}{${chosen}} - ${series('allocated')}{${chosen}} - ${series('offered')}{${chosen}}`,
        { legendFormat: '{{agent}}' }
      ),
    },
    scheme,
    width: 12,
    height: 8,
  });

/** Allocated beside used, of all agents that are chosen. */
const together = (title: string, resource: Resource) =>
  graph({
    title,
    about:
      'Of the chosen agents: allocated to tasks and executors, what these use where "Agent statistics" is on, and what the ' +
      'agents have.',
    queries: {
      Used: { ...of('agent', resource, 'used', 'agent'), groupBy: [], legendFormat: 'Used' },
      Allocated: { ...of('agent', resource, 'allocated', 'agent'), groupBy: [], legendFormat: 'Allocated' },
      Capacity: { ...of('agent', resource, 'capacity', 'agent'), groupBy: [], legendFormat: 'Capacity' },
    },
    width: 12,
    height: 8,
  })
    .overrideByQuery('Used', [inColor('green'), { id: 'custom.fillOpacity', value: 40 }])
    .overrideByQuery('Allocated', [inColor('blue')])
    .overrideByQuery('Capacity', asLimit);

const placed = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'Allocated, of what the agents of each group have. The variable “Group by” chooses the label or attribute.',
    queries: { A: { ...of('agent', resource, 'utilization', 'agent'), groupBy: ['$place'] } },
    max: 1,
    table: true,
    width: 12,
    height: 8,
  });

export const agents: Definition = {
  title: 'Mesos agents',
  about:
    'Agents of an Apache Mesos cluster: what they have, what is allocated and used, racks and zones, tasks and events.',
  filters: ['agent'],
  across: ['tasks', 'Tasks'],
  variables: [
    choice(
      'place',
      'Group by',
      'Label of agents that the row “Racks and zones” groups by: zone, region, or attr_ and the name of an attribute',
      ['zone', 'region', 'version']
    ),
  ],
  rows: {
    Agents: [all],
    'The fleet': [
      free('Free CPU of agents', (measure) => `mesos_agent_cpus_${measure}`, 'Blues'),
      free('Free memory of agents', (measure) => `mesos_agent_memory_${measure}_bytes`, 'Purples'),
      fullestAgents('Fullest by CPU', 'cpus', 12),
      fullestAgents('Fullest by memory', 'memory', 12),
    ],
    'Allocated beside used': [together('CPU of chosen agents', 'cpus'), together('Memory of chosen agents', 'memory')],
    'Racks and zones': [placed('CPU utilization by group', 'cpus'), placed('Memory utilization by group', 'memory')],
    'What runs there': [
      list({
        title: 'Tasks on the chosen agents',
        about:
          'Tasks that have not ended, the largest first. Click an ID for the task’s logs and its page in Mesos’ web UI.',
        query: rowsOf(
          'tasks',
          [
            ...['task_id', 'state', 'framework', 'agent', 'cpus', 'cpus_used', 'memory_bytes'],
            ...['memory_used_bytes', 'agent_id', 'framework_id'],
          ],
          { filters: by('agent'), orderBy: [{ column: 'cpus', direction: 'desc' }], limit: 500 }
        ),
        columns: {
          task_id: { title: 'Task', links: down('task', 'cell') },
          state: { title: 'State', width: 90, colors: allTaskColors },
          framework: { title: 'Framework', width: 120, links: down('framework', 'cell') },
          agent: { title: 'Agent', width: 175, links: down('agent', 'cell') },
          cpus: { title: 'CPUs', width: 70, decimals: 1 },
          memory_bytes: { title: 'Memory', width: 90 },
          cpus_used: { title: 'CPUs used', width: 95, decimals: 2 },
          memory_used_bytes: { title: 'Memory used', width: 110 },
          agent_id: { hidden: true },
          framework_id: { hidden: true },
        },
        width: 24,
        height: 9,
      }),
      graph({
        title: 'Running tasks by agent',
        counts: true,
        about: 'The ten agents with most running tasks over the time range.',
        queries: { A: { ...of('agent', 'tasks', 'running', 'agent'), top: 10 } },
        table: true,
        width: 12,
        height: 8,
        links: down('agent', 'series'),
      }),
      endings(
        'How tasks ended there',
        'Tasks on the chosen agents by the state they ended in. Counted by this plugin since it watches the cluster.',
        'mesos_agent_tasks_ended_total',
        12,
        'agent'
      ),
    ],
    Events: [
      timeline({
        title: 'States of agents',
        about: 'The states of agents that changed while the event log watched the cluster. Others have no row.',
        queries: { A: events({ format: 'timeline', kinds: ['agent'], filters: by('agent'), limit: 50 }) },
        colors: agentColors,
        width: 24,
        height: 8,
      }),
      happened(
        'Events of agents',
        'Agents that were added, lost, drained, deactivated or came back, the newest first.',
        { kinds: ['agent'], chosen: ['agent'] },
        ['kind', 'framework', 'role', 'task', 'task_id', 'reason', 'source']
      ),
    ],
  },
};
