// Measured next to allocated use. For data sources with `agentStatistics`:
// without it no agent is queried, and the panels have no data.
import { frame, type Frame, type Rows } from './frame.ts';
import { asLimit, graph, levels, stat, table, unit } from './panels.ts';
import { chosen, metric, of, promql, type Resource } from './query.ts';

const efficiency = (title: string, resource: Resource) =>
  stat({
    title,
    about:
      'What containers use, of what is allocated to those that were measured. Agents that do not answer are excluded ' +
      'from both sides.',
    queries: { A: of('cluster', resource, 'efficiency') },
    thresholds: levels({ value: 0.95, color: 'orange' }),
    decimals: 1,
    width: 6,
    height: 4,
  }).min(0);

const together = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'Used by containers, allocated to tasks and executors, and what all listed agents have.',
    queries: {
      Used: { ...of('cluster', resource, 'used'), legendFormat: 'Used' },
      Allocated: { ...of('cluster', resource, 'allocated'), legendFormat: 'Allocated' },
      Capacity: { ...of('cluster', resource, 'capacity'), legendFormat: 'Capacity' },
    },
    width: 12,
    height: 8,
  })
    .overrideByQuery('Used', [
      { id: 'color', value: { mode: 'fixed', fixedColor: 'green' } },
      { id: 'custom.fillOpacity', value: 50 },
    ])
    .overrideByQuery('Allocated', [{ id: 'color', value: { mode: 'fixed', fixedColor: 'blue' } }])
    .overrideByQuery('Capacity', asLimit);

const cluster = [
  efficiency('CPU used of allocated', 'cpus'),
  efficiency('Memory used of allocated', 'memory'),
  stat({
    title: 'Allocated and not used: CPU',
    about: 'Of measured containers: what could be allocated to others.',
    queries: { A: promql('sum(mesos_cluster_cpus_measured) - sum(mesos_cluster_cpus_used)') },
    color: 'text',
    decimals: 1,
    width: 6,
    height: 4,
  }).overrideByFieldType('number', [unit('suffix: CPUs')]),
  stat({
    title: 'Allocated and not used: memory',
    about: 'Of measured containers: what could be allocated to others.',
    queries: { A: promql('sum(mesos_cluster_memory_measured_bytes) - sum(mesos_cluster_memory_used_bytes)') },
    color: 'text',
    decimals: 1,
    width: 6,
    height: 4,
  }).overrideByFieldType('number', [unit('bytes')]),
  together('CPU', 'cpus'),
  together('Memory', 'memory'),
];

const frameworks = [
  graph({
    title: 'CPU used by framework',
    about: 'The ten frameworks that use most CPU over the time range.',
    queries: { A: { ...of('framework', 'cpus', 'used'), ...chosen, top: 10 } },
    stacked: true,
    width: 6,
    height: 9,
  }),
  graph({
    title: 'Memory used by framework',
    about: 'The ten frameworks that use most memory over the time range.',
    queries: { A: { ...of('framework', 'memory', 'used'), ...chosen, top: 10 } },
    stacked: true,
    width: 6,
    height: 9,
  }),
  table({
    title: 'Frameworks: used of allocated',
    about:
      'The ten frameworks that use most CPU now. Efficiency is used of allocated; over 100 %: more than was allocated.',
    rows: 'framework',
    rowTitle: 'Framework',
    columns: [
      { title: 'CPU used', width: 85, spec: { ...of('framework', 'cpus', 'used'), ...chosen, top: 10 } },
      {
        title: 'CPU efficiency',
        width: 115,
        spec: { ...of('framework', 'cpus', 'efficiency'), ...chosen },
        bar: true,
      },
      { title: 'Memory used', width: 105, spec: { ...of('framework', 'memory', 'used'), ...chosen } },
      {
        title: 'Memory efficiency',
        width: 130,
        spec: { ...of('framework', 'memory', 'efficiency'), ...chosen },
        bar: true,
      },
    ],
    width: 12,
    height: 9,
  }),
];

const agents = [
  graph({
    title: 'CPU used by agent',
    about: 'The ten agents whose containers use most CPU over the time range.',
    queries: { A: { ...of('agent', 'cpus', 'used'), top: 10 } },
    width: 6,
    height: 9,
  }),
  graph({
    title: 'Memory used by agent',
    about: 'The ten agents whose containers use most memory over the time range.',
    queries: { A: { ...of('agent', 'memory', 'used'), top: 10 } },
    width: 6,
    height: 9,
  }),
  table({
    title: 'Agents: used of allocated',
    about: 'The ten agents whose containers use most CPU now. Efficiency is used of allocated.',
    rows: 'agent',
    rowTitle: 'Agent',
    columns: [
      { title: 'CPU used', width: 85, spec: { ...of('agent', 'cpus', 'used'), top: 10 } },
      { title: 'CPU efficiency', width: 115, spec: of('agent', 'cpus', 'efficiency'), bar: true },
      { title: 'Memory used', width: 105, spec: of('agent', 'memory', 'used') },
      { title: 'Memory efficiency', width: 130, spec: of('agent', 'memory', 'efficiency'), bar: true },
    ],
    width: 12,
    height: 9,
  }),
];

const containers = [
  graph({
    title: 'Tasks that use most CPU',
    about: 'Only tasks that are alone in their container are measured; nothing is divided among several.',
    queries: { A: { ...of('task', 'cpus', 'used'), ...chosen, top: 10 } },
    width: 8,
    height: 9,
  }),
  graph({
    title: 'Tasks that use most memory',
    about: 'Only tasks that are alone in their container are measured; nothing is divided among several.',
    queries: { A: { ...of('task', 'memory', 'used'), ...chosen, top: 10 } },
    width: 8,
    height: 9,
  }),
  graph({
    title: 'CPU throttling by framework',
    about:
      'Seconds per second in which containers were throttled by cgroups: they needed more CPU than their share. Agents ' +
      'without cgroups do not report it.',
    queries: {
      A: promql(
        'topk(10, sum by (framework) (rate(mesos_executor_cpu_throttled_seconds_total{framework=~"$framework"}[$__rate_interval])))',
        { legendFormat: '{{framework}}' }
      ),
    },
    width: 8,
    height: 9,
  })
    .overrideByFieldType('number', [unit('s')])
    .axisSoftMax(1),
];

const collection = [
  stat({
    title: 'Agents that answer',
    about: 'Whether at least half of the connected agents answered the last time.',
    queries: { A: promql('min(mesos_up{poll="agents"})') },
    thresholds: levels(),
    plain: true,
    width: 6,
    height: 6,
  }).mappings([
    { type: 'value', options: { '0': { text: 'less than half', index: 0 }, '1': { text: 'ok', index: 1 } } },
  ] as never),
  graph({
    title: 'Allocated to measured containers',
    about: 'Below 100 % some containers were not measured: their agents did not answer, or they have just started.',
    queries: {
      A: promql('sum(mesos_cluster_cpus_measured) / sum(mesos_cluster_cpus_allocated)', { legendFormat: 'CPU' }),
      B: promql('sum(mesos_cluster_memory_measured_bytes) / sum(mesos_cluster_memory_allocated_bytes)', {
        legendFormat: 'Memory',
      }),
    },
    width: 9,
    height: 6,
  }).overrideByFieldType('number', [unit('percentunit')]),
  graph({
    title: 'Agents that do not answer',
    counts: true,
    about: 'Answers of agents that failed, by cause.',
    queries: {
      A: promql('sum by (category) (increase(mesos_poll_failures_total{poll="agents"}[$__rate_interval]))', {
        legendFormat: '{{category}}',
      }),
    },
    width: 9,
    height: 6,
  }).axisSoftMax(1),
];

const rows: Rows = {
  Cluster: cluster,
  Frameworks: frameworks,
  Agents: agents,
  Containers: containers,
  'Plugin health': collection,
};

/** Returns the dashboard; its variable chooses the data source. */
export const measuredUse = ({ uid, shown }: Pick<Frame, 'uid' | 'shown'>) =>
  frame({
    uid,
    shown,
    title: 'Mesos measured use',
    about: 'What containers use of what is allocated to them. Needs agentStatistics in the data source.',
    filters: 'the rows Frameworks and Containers',
    rows,
  });
