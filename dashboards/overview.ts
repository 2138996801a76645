// The cluster overview: capacity, allocation, agents, frameworks, tasks, and the
// health of the plugin. No panel is empty in a healthy cluster: GPUs, which most
// clusters do not have, are a line beside others.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import { asLimit, colored, fullness, graph, inFull, levels, stat, table, unit } from './panels.ts';
import { chosen, type Metrics, metric, of, promql, type Resource } from './query.ts';
import { frame, type Frame, type Rows } from './frame.ts';

const cluster = (resource: Resource, measure: Metrics['measure']) => of('cluster', resource, measure);

// Green is good, yellow is in transition, orange and red are out of reach, in every panel.
const agentColors = {
  active: 'green',
  disconnected: 'orange',
  deactivated: 'blue',
  draining: 'yellow',
  drained: 'purple',
  unreachable: 'red',
  recovered: 'light-blue',
};
const frameworkColors = { active: 'green', inactive: 'yellow', disconnected: 'orange', recovered: 'light-blue' };
const taskColors = { staging: 'yellow', starting: 'blue', running: 'green', killing: 'purple', unreachable: 'red' };
const endingColors = {
  finished: 'green',
  killed: 'blue',
  failed: 'red',
  error: 'dark-red',
  lost: 'orange',
  dropped: 'yellow',
  gone: 'purple',
  gone_by_operator: 'dark-purple',
};

/** The tiles on top, six to a line; tall ones have a graph behind the number. */
const tile = { width: 4, height: 4, text: BigValueTextMode.Value, plain: true };
const tall = { ...tile, height: 5, plain: false };

const utilization = (title: string, resource: Resource) =>
  stat({
    ...tall,
    title,
    about:
      'Allocated to tasks and executors, of what all listed agents have. Mesos counts what is asked for, used or not.',
    queries: { A: cluster(resource, 'utilization') },
    thresholds: fullness(),
    decimals: 1,
  })
    .min(0)
    .max(1);

const now = [
  stat({
    ...tile,
    title: 'Leader',
    about: 'The leading master, and how long it has been running. Counters of ended tasks start with it.',
    queries: {
      A: promql('mesos_master_uptime_seconds and on (cluster, master) mesos_master_elected == 1', {
        legendFormat: '{{master}}',
        instant: true, // a range has those that led before, too
      }),
    },
    text: BigValueTextMode.ValueAndName,
    color: 'text',
    width: 8,
  }).overrideByFieldType('number', [unit('s')]),
  stat({
    ...tile,
    title: 'Agents active',
    counts: true,
    about: 'Agents that are connected and take part in offers.',
    queries: { A: promql('sum(mesos_cluster_agents{state="active"})') },
    color: 'green',
  }),
  stat({
    ...tile,
    title: 'Agents not active',
    counts: true,
    about: 'Agents that are disconnected, unreachable, deactivated, draining, drained, or not back since a failover.',
    queries: { A: promql('sum(mesos_cluster_agents{state!="active"})') },
    thresholds: levels({ value: 1, color: 'orange' }),
  }),
  stat({
    ...tile,
    title: 'Frameworks active',
    counts: true,
    about: 'Frameworks that are connected and active.',
    queries: { A: promql('sum(mesos_cluster_frameworks{state="active"})') },
    color: 'green',
  }),
  stat({
    ...tile,
    title: 'Frameworks not active',
    counts: true,
    about: 'Frameworks that are disconnected, connected but not active, or not back since a failover.',
    queries: { A: promql('sum(mesos_cluster_frameworks{state!="active"})') },
    thresholds: levels({ value: 1, color: 'orange' }),
  }),
  utilization('CPU utilization', 'cpus'),
  utilization('Memory utilization', 'memory'),
  utilization('Disk utilization', 'disk'),
  stat({
    ...tall,
    title: 'Tasks running',
    counts: true,
    about: 'Tasks in the state running.',
    queries: { A: of('cluster', 'tasks', 'running') },
    color: 'green',
  }),
  stat({
    ...tall,
    title: 'Tasks failed',
    counts: true,
    about: 'Tasks that ended with an error of their own within the time range, as far as history reaches into it.',
    queries: { A: { ...of('cluster', 'tasks', 'failed'), instant: true } },
    thresholds: levels({ value: 1, color: 'orange' }),
    plain: true,
    decimals: 0,
  }),
  stat({
    ...tall,
    title: 'Agent versions',
    counts: true,
    about:
      'How many agents run each version of Mesos. With several versions an upgrade is in progress, or incomplete. ' +
      'Masters before 0.26 do not tell it.',
    queries: {
      A: promql('label_replace(count by (version) (mesos_agent_info), "version", "not told", "version", "")', {
        legendFormat: '{{version}}',
        instant: true,
      }),
    },
    text: BigValueTextMode.ValueAndName,
    color: 'text',
    plain: true,
  }),
];

const capacityOf = (title: string, resource: Resource) =>
  graph({
    title,
    about:
      'Allocated to tasks and executors, and stacked on it what is offered to frameworks now. ' +
      'What is free is between that and the dashed line of capacity.',
    queries: {
      Allocated: { ...cluster(resource, 'allocated'), legendFormat: 'Allocated' },
      Offered: { ...cluster(resource, 'offered'), legendFormat: 'Offered' },
      Capacity: { ...cluster(resource, 'capacity'), legendFormat: 'Capacity' },
    },
    stacked: true,
    width: 6,
    height: 8,
  })
    .overrideByQuery('Capacity', asLimit)
    .overrideByQuery('Allocated', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'blue' } }])
    .overrideByQuery('Offered', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'yellow' } }]);

const resources = [
  capacityOf('CPU', 'cpus'),
  capacityOf('Memory', 'memory'),
  capacityOf('Disk', 'disk'),
  graph({
    title: 'Utilization',
    about: 'Allocated to tasks and executors, of what all listed agents have. GPUs where there are any.',
    queries: {
      CPU: { ...cluster('cpus', 'utilization'), legendFormat: 'CPU' },
      Memory: { ...cluster('memory', 'utilization'), legendFormat: 'Memory' },
      Disk: { ...cluster('disk', 'utilization'), legendFormat: 'Disk' },
      GPU: { ...cluster('gpus', 'utilization'), legendFormat: 'GPU' },
    },
    max: 1,
    width: 6,
    height: 8,
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
      width: 6,
      height: 8,
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
      width: 6,
      height: 8,
    }),
    frameworkColors
  ),
  colored(
    graph({
      title: 'Tasks by state',
      counts: true,
      about: 'Tasks that have not ended.',
      queries: { A: metric('mesos_cluster_tasks', { legendFormat: '{{state}}' }) },
      stacked: true,
      width: 6,
      height: 8,
    }),
    taskColors
  ),
  colored(
    graph({
      title: 'Tasks ended per minute',
      about:
        'How tasks ended. Failed: with an error of their own; error: refused because their description was invalid.',
      queries: {
        A: promql('60 * sum by (state) (rate(mesos_cluster_tasks_ended_total[$__rate_interval]))', {
          legendFormat: '{{state}}',
        }),
      },
      width: 6,
      height: 8,
    })
      .overrideByFieldType('number', [unit('suffix: /min')])
      .axisSoftMax(1),
    endingColors
  ),
];

const frameworks = [
  graph({
    title: 'CPU allocated by framework',
    about:
      'The ten frameworks with most CPU over the time range. A framework’s allocation is that of its tasks and executors.',
    queries: { A: { ...of('framework', 'cpus', 'allocated'), ...chosen, top: 10 } },
    stacked: true,
    width: 6,
    height: 9,
  }),
  graph({
    title: 'Memory allocated by framework',
    about: 'The ten frameworks with most memory over the time range.',
    queries: { A: { ...of('framework', 'memory', 'allocated'), ...chosen, top: 10 } },
    stacked: true,
    width: 6,
    height: 9,
  }),
  table({
    title: 'Top frameworks',
    about: 'The ten frameworks with most CPU now, and their running tasks. Shares are of what the whole cluster has.',
    rows: 'framework',
    rowTitle: 'Framework',
    columns: [
      { title: 'CPU', width: 85, spec: { ...of('framework', 'cpus', 'allocated'), ...chosen, top: 10 } },
      { title: 'CPU share', width: 100, spec: { ...of('framework', 'cpus', 'share'), ...chosen }, bar: true },
      { title: 'Memory', width: 80, spec: { ...of('framework', 'memory', 'allocated'), ...chosen } },
      { title: 'Memory share', width: 110, spec: { ...of('framework', 'memory', 'share'), ...chosen }, bar: true },
      { title: 'Tasks', width: 60, counts: true, spec: { ...of('framework', 'tasks', 'running'), ...chosen } },
    ],
    width: 12,
    height: 9,
  }),
];

const agents = [
  graph({
    title: 'CPU utilization by agent',
    about: 'The ten agents with the highest utilization over the time range.',
    queries: { A: { ...of('agent', 'cpus', 'utilization'), top: 10 } },
    max: 1,
    width: 6,
    height: 9,
  }),
  graph({
    title: 'Memory utilization by agent',
    about: 'The ten agents with the highest utilization over the time range.',
    queries: { A: { ...of('agent', 'memory', 'utilization'), top: 10 } },
    max: 1,
    width: 6,
    height: 9,
  }),
  table({
    title: 'Top agents',
    about: 'The ten agents with the highest CPU utilization now, and their running tasks.',
    rows: 'agent',
    rowTitle: 'Agent',
    columns: [
      { title: 'CPU', width: 120, spec: { ...of('agent', 'cpus', 'utilization'), top: 10 }, bar: true },
      { title: 'Memory', width: 120, spec: of('agent', 'memory', 'utilization'), bar: true },
      { title: 'Disk', width: 110, spec: of('agent', 'disk', 'utilization'), bar: true },
      { title: 'Tasks', width: 60, counts: true, spec: of('agent', 'tasks', 'running') },
    ],
    width: 12,
    height: 9,
  }),
];

const collection = [
  stat({
    title: 'Polls',
    about: 'Whether the last poll of each kind succeeded. For an alert rule use mesos_up{poll="snapshot"}.',
    queries: { A: metric('mesos_up', { legendFormat: '{{poll}}' }) },
    text: BigValueTextMode.ValueAndName,
    thresholds: levels(),
    plain: true,
    width: 6,
    height: 7,
  })
    .thresholds(upOrDown())
    .mappings([
      { type: 'value', options: { '0': { text: 'failed', index: 0 }, '1': { text: 'ok', index: 1 } } },
    ] as never),
  stat({
    title: 'History and series',
    about:
      'How far back history reaches, how many series have a value now, and how many are not kept because of maxSeries ' +
      'or memoryLimit.',
    queries: {
      A: promql('max(time() - mesos_history_start_timestamp_seconds)', { legendFormat: 'Reaches back' }),
      B: promql('count({__name__=~"mesos_.+"})', { legendFormat: 'Series', instant: true }),
      C: metric('mesos_series_dropped', { legendFormat: 'Series dropped' }),
    },
    text: BigValueTextMode.ValueAndName,
    color: 'text',
    plain: true,
    width: 6,
    height: 7,
  })
    .overrideByName('Reaches back', [unit('s')])
    .overrideByName('Series', [inFull])
    .overrideByName('Series dropped', [inFull]),
  graph({
    title: 'Duration of polls',
    about:
      'How long the last poll of each kind took, from the request to the last byte read. That of the agents is spread over ' +
      'the first half of its interval, so that it takes about that long.',
    queries: { A: metric('mesos_poll_duration_seconds', { legendFormat: '{{poll}}' }) },
    width: 6,
    height: 7,
  }),
  graph({
    title: 'Failed polls',
    counts: true,
    about: 'Polls that failed, by cause. See Errors in the guide for what each means and what to do.',
    queries: {
      A: promql('sum by (category) (increase(mesos_poll_failures_total[$__rate_interval]))', {
        legendFormat: '{{category}}',
      }),
    },
    width: 6,
    height: 7,
  }).axisSoftMax(1),
];

function upOrDown() {
  return levels().steps([
    { value: null, color: 'red' },
    { value: 1, color: 'green' },
  ]);
}

const rows: Rows = {
  'Cluster now': now,
  Resources: resources,
  'Agents, frameworks and tasks': states,
  Frameworks: frameworks,
  Agents: agents,
  'Plugin health': collection,
};

/** Returns the dashboard; its variable chooses the data source. */
export const overview = ({ uid, shown }: Pick<Frame, 'uid' | 'shown'>) =>
  frame({
    uid,
    shown,
    title: 'Mesos cluster overview',
    about: 'Capacity, allocation, agents, frameworks and tasks of an Apache Mesos cluster.',
    filters: 'the Frameworks row',
    rows,
  });
