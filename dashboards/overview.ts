// The cluster overview: capacity, allocation, agents, frameworks, tasks, and the
// health of the plugin. No panel is empty in a healthy cluster: GPUs, which most
// clusters do not have, are a line beside others.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import { agentColors, frameworkColors } from './colors.ts';
import type { Definition } from './frame.ts';
import { down, linked, then, to } from './links.ts';
import { colored, fullness, graph, inColor, inFull, levels, roughly, stat, table, unit, whole } from './panels.ts';
import { inCluster, metric, of, promql } from './query.ts';
import { capacityOf, endings, fullestAgents, ONE_ROW, tasksByState } from './shared.ts';

const several = { text: BigValueTextMode.ValueAndName, width: 8, height: 4, plain: true };

/** How many are active, and how many are not, which is worth a look from one on. */
const activeOrNot = (title: string, series: string, about_: string, dashboard: 'agents' | 'frameworks') =>
  stat({
    ...several,
    title,
    counts: true,
    about: about_,
    queries: {
      A: promql(`sum(${series}{${inCluster},state="active"})`, { legendFormat: 'Active' }),
      B: promql(`sum(${series}{${inCluster},state!="active"})`, { legendFormat: 'Not active' }),
    },
    thresholds: levels({ value: 1, color: 'orange' }),
    links: [to(dashboard, `All ${dashboard}`)],
  }).overrideByName('Active', [inColor('green')]);

const now = [
  stat({
    ...several,
    title: 'Leader',
    about: 'The leading master, and how long it has been running. Counters of ended tasks start with it.',
    queries: {
      A: promql(
        `mesos_master_uptime_seconds{${inCluster}} and on (cluster, master) mesos_master_elected{${inCluster}} == 1`,
        { legendFormat: '{{master}}', instant: true } // a range has those that led before, too
      ),
    },
    color: 'text',
    links: [to('masters', 'All masters')],
  }).overrideByFieldType('number', [unit('s')]),
  activeOrNot(
    'Agents',
    'mesos_cluster_agents',
    'Active agents take part in offers. Others are disconnected, unreachable, deactivated, draining, drained, or not back since a failover.',
    'agents'
  ),
  activeOrNot(
    'Frameworks',
    'mesos_cluster_frameworks',
    'Active frameworks are connected and get offers. Others are disconnected, connected but not active, or not back since a failover.',
    'frameworks'
  ),
  stat({
    ...several,
    title: 'Utilization now',
    about:
      'Allocated to tasks and executors, of what all listed agents have. Mesos counts what is asked for, used or not.',
    queries: {
      A: { ...of('cluster', 'cpus', 'utilization'), legendFormat: 'CPU' },
      B: { ...of('cluster', 'memory', 'utilization'), legendFormat: 'Memory' },
      C: { ...of('cluster', 'disk', 'utilization'), legendFormat: 'Disk' },
    },
    thresholds: fullness(),
    decimals: 1,
    plain: false,
    width: 12,
    height: 5,
    links: [to('capacity', 'Capacity and forecast')],
  })
    .min(0)
    .max(1),
  stat({
    ...several,
    title: 'Tasks',
    about:
      'Running tasks, and those that failed within the time range, as far as history reaches into it. An increase is ' +
      'extrapolated to the ends of the range: about so many.',
    queries: {
      A: { ...of('cluster', 'tasks', 'running'), legendFormat: 'Running', instant: true },
      B: { ...of('cluster', 'tasks', 'failed'), legendFormat: 'Failed', instant: true },
    },
    thresholds: levels({ value: 0.5, color: 'orange' }),
    width: 6,
    height: 5,
  })
    .overrideByName('Running', [...whole, inColor('green'), linked([to('tasks', 'All tasks')])])
    .overrideByName('Failed', [...roughly, linked([to('tasks', 'Which tasks failed')])]),
  stat({
    ...several,
    title: 'Versions',
    counts: true,
    about:
      'How many agents run each version of Mesos. With several versions an upgrade is in progress, or incomplete. ' +
      'Masters before 0.26 do not tell it.',
    queries: {
      A: promql(
        `label_replace(count by (version) (mesos_agent_info{${inCluster}}), "version", "not told", "version", "")`,
        {
          legendFormat: '{{version}}',
          instant: true,
        }
      ),
    },
    color: 'text',
    width: 6,
    height: 5,
  }),
];

const resources = [
  capacityOf('CPU', 'cpus', 6),
  capacityOf('Memory', 'memory', 6),
  capacityOf('Disk', 'disk', 6),
  graph({
    title: 'Utilization',
    about: 'Allocated to tasks and executors, of what all listed agents have. GPUs where there are any.',
    queries: {
      CPU: { ...of('cluster', 'cpus', 'utilization'), legendFormat: 'CPU' },
      Memory: { ...of('cluster', 'memory', 'utilization'), legendFormat: 'Memory' },
      Disk: { ...of('cluster', 'disk', 'utilization'), legendFormat: 'Disk' },
      GPU: { ...of('cluster', 'gpus', 'utilization'), legendFormat: 'GPU' },
    },
    max: 1,
    width: 6,
    height: 8,
    links: [to('capacity', 'Capacity and forecast')],
  }),
];

const states = [
  colored(
    graph({
      title: 'Agents by state',
      counts: true,
      about:
        'Each agent is in one state. Disconnected: its resources still count, and are lost when it does not come back ' +
        'in time; then it is unreachable.',
      queries: { A: metric('mesos_cluster_agents', { legendFormat: '{{state}}' }) },
      stacked: true,
      hidesZeros: true,
      width: 12,
      height: 8,
      links: [then('agents', 'Agents then')],
    }),
    agentColors
  ),
  colored(
    graph({
      title: 'Frameworks by state',
      counts: true,
      about: 'Each framework is in one state. Disconnected: its tasks run on until its failover time-out ends.',
      queries: { A: metric('mesos_cluster_frameworks', { legendFormat: '{{state}}' }) },
      stacked: true,
      hidesZeros: true,
      width: 12,
      height: 8,
      links: [then('frameworks', 'Frameworks then')],
    }),
    frameworkColors
  ),
  tasksByState('Tasks that have not ended.'),
  endings(
    'Tasks ended per minute',
    'How tasks ended. Failed: with an error of their own; error: refused because their description was invalid.',
    'mesos_cluster_tasks_ended_total',
    12
  ),
];

const frameworks = [
  graph({
    title: 'CPU allocated by framework',
    about:
      'The ten frameworks with most CPU over the time range. A framework’s allocation is that of its tasks and executors.',
    queries: { A: { ...of('framework', 'cpus', 'allocated', 'framework'), top: 10 } },
    stacked: true,
    width: 12,
    height: 9,
    links: down('framework', 'series'),
  }),
  graph({
    title: 'Memory allocated by framework',
    about: 'The ten frameworks with most memory over the time range.',
    queries: { A: { ...of('framework', 'memory', 'allocated', 'framework'), top: 10 } },
    stacked: true,
    width: 12,
    height: 9,
    links: down('framework', 'series'),
  }),
  table({
    title: 'Top frameworks',
    about: `The ten frameworks with most CPU now, and their running tasks. Shares are of what the whole cluster has. ${ONE_ROW.framework}`,
    rows: 'framework',
    rowTitle: 'Framework',
    rowLinks: down('framework', 'cell'),
    columns: [
      { title: 'CPU', width: 110, spec: { ...of('framework', 'cpus', 'allocated', 'framework'), top: 10 } },
      { title: 'CPU share', width: 150, spec: of('framework', 'cpus', 'share', 'framework'), bar: fullness() },
      { title: 'Memory', width: 110, spec: of('framework', 'memory', 'allocated', 'framework') },
      { title: 'Memory share', width: 150, spec: of('framework', 'memory', 'share', 'framework'), bar: fullness() },
      { title: 'Tasks', width: 90, counts: true, spec: of('framework', 'tasks', 'running', 'framework') },
    ],
    width: 24,
    height: 9,
  }),
];

const agents = [
  fullestAgents('CPU utilization by agent', 'cpus', 12),
  fullestAgents('Memory utilization by agent', 'memory', 12),
  table({
    title: 'Top agents',
    about: `The ten agents with the highest CPU utilization now, and their running tasks. ${ONE_ROW.agent}`,
    rows: 'agent',
    rowTitle: 'Agent',
    rowLinks: down('agent', 'cell'),
    columns: [
      { title: 'CPU', width: 160, spec: { ...of('agent', 'cpus', 'utilization', 'agent'), top: 10 }, bar: fullness() },
      { title: 'Memory', width: 160, spec: of('agent', 'memory', 'utilization', 'agent'), bar: fullness() },
      { title: 'Disk', width: 160, spec: of('agent', 'disk', 'utilization', 'agent'), bar: fullness() },
      { title: 'Tasks', width: 90, counts: true, spec: of('agent', 'tasks', 'running', 'agent') },
    ],
    width: 24,
    height: 9,
  }),
];

/** 1 is good, 0 is not. */
export const upOrDown = () =>
  levels().steps([
    { value: null, color: 'red' },
    { value: 1, color: 'green' },
  ]);

export const polls = () =>
  stat({
    title: 'Polls',
    about: 'Whether the last poll of each kind succeeded. For an alert rule use mesos_up{poll="snapshot"}.',
    queries: { A: metric('mesos_up', { legendFormat: '{{poll}}' }) },
    text: BigValueTextMode.ValueAndName,
    plain: true,
    width: 8,
    height: 7,
    links: [to('health', 'Plugin health')],
  })
    .thresholds(upOrDown())
    .mappings([
      { type: 'value', options: { '0': { text: 'failed', index: 0 }, '1': { text: 'ok', index: 1 } } },
    ] as never);

export const history = () =>
  stat({
    title: 'History and series',
    about:
      'Since when there is history, how many series have a value now, and how many are not kept because of ' +
      '"Series limit" or "Memory limit".',
    queries: {
      // A moment, so that it does not depend on the end of the time range.
      A: promql(`1000 * min(mesos_history_start_timestamp_seconds{${inCluster}})`, { legendFormat: 'Began' }),
      B: promql(`count({__name__=~"mesos_.+",${inCluster}})`, { legendFormat: 'Series', instant: true }),
      C: metric('mesos_series_dropped', { legendFormat: 'Series dropped' }),
    },
    text: BigValueTextMode.ValueAndName,
    color: 'text',
    plain: true,
    width: 8,
    height: 7,
    links: [to('health', 'Plugin health')],
  })
    .overrideByName('Began', [unit('dateTimeFromNow')])
    .overrideByName('Series', [inFull])
    .overrideByName('Series dropped', [inFull]);

export const failedPolls = () =>
  graph({
    title: 'Failed polls per hour',
    about: 'Polls that failed, by cause. See Errors in the guide for what each means and what to do.',
    queries: {
      A: promql(`3600 * sum by (category) (rate(mesos_poll_failures_total{${inCluster}}[$__rate_interval]))`, {
        legendFormat: '{{category}}',
      }),
    },
    hidesZeros: true,
    sum: promql(`3600 * sum(rate(mesos_poll_failures_total{${inCluster}}[$__rate_interval]))`),
    width: 8,
    height: 7,
    links: [then('health', 'Plugin health then')],
  })
    .overrideByFieldType('number', [unit('suffix: /h')])
    .axisSoftMax(1);

export const overview: Definition = {
  title: 'Mesos cluster overview',
  about: 'Capacity, allocation, agents, frameworks and tasks of an Apache Mesos cluster.',
  filters: ['framework', 'agent'],
  across: ['agents', 'All agents'],
  rows: {
    'Cluster now': now,
    Resources: resources,
    'Agents, frameworks and tasks': states,
    Frameworks: frameworks,
    Agents: agents,
    'Plugin health': [polls(), history(), failedPolls()],
  },
};
