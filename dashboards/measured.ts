// Measured next to allocated use. For data sources with `agentStatistics`:
// without it no agent is queried, and the panels have no data.
import type { Definition } from './frame.ts';
import { down, then, to } from './links.ts';
import { asLimit, efficiencies, graph, inColor, levels, stat, table, unit } from './panels.ts';
import { cpuEfficiency, inCluster, matching, of, promql, type QuerySpec, type Resource } from './query.ts';
import { ONE_ROW } from './shared.ts';

const efficiency = (title: string, about: string, spec: QuerySpec) =>
  stat({
    title,
    about: `${about} Agents that do not answer are excluded from both sides.`,
    queries: { A: { ...spec, legendFormat: 'Used' } },
    thresholds: efficiencies(),
    decimals: 1,
    width: 6,
    height: 4,
    links: [to('efficiency', 'Efficiency and cost')],
  })
    .min(0)
    .overrideByFieldType('number', [unit('percentunit')]);

const unused = (title: string, resource: 'cpus' | 'memory', unitName: string) => {
  const suffix = resource === 'cpus' ? '' : '_bytes';
  const sum = (measure: string) => `sum(mesos_cluster_${resource}_${measure}${suffix}{${inCluster}})`;
  return stat({
    title,
    about: 'Allocated and not used, of measured containers: what could be allocated to others.',
    queries: { A: promql(`${sum('measured')} - ${sum('used')}`, { legendFormat: 'Unused' }) },
    color: 'text',
    decimals: 1,
    width: 6,
    height: 4,
  }).overrideByFieldType('number', [unit(unitName)]);
};

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
    .overrideByQuery('Used', [inColor('green'), { id: 'custom.fillOpacity', value: 50 }])
    .overrideByQuery('Allocated', [inColor('blue')])
    .overrideByQuery('Capacity', asLimit);

const used = (title: string, entity: 'framework' | 'agent', resource: Resource, about: string) =>
  graph({
    title,
    about,
    queries: { A: { ...of(entity, resource, 'used', entity), top: 10 } },
    stacked: entity === 'framework',
    table: true,
    width: 12,
    height: 9,
    links: down(entity, 'series'),
  });

const ofAllocated = (title: string, entity: 'framework' | 'agent', rowTitle: string) =>
  table({
    title,
    about:
      'The ten that use most CPU now. Efficiency is used of allocated, of CPU over the half hour before; over 100 %: more than was ' +
      `allocated. ${ONE_ROW[entity]}`,
    rows: entity,
    rowTitle,
    rowLinks: down(entity, 'cell'),
    columns: [
      { title: 'CPU used', width: 110, spec: { ...of(entity, 'cpus', 'used', entity), top: 10 } },
      {
        title: 'CPU efficiency',
        width: 160,
        unit: 'percentunit',
        decimals: 1,
        spec: promql(cpuEfficiency(entity, entity)),
        bar: efficiencies(),
      },
      { title: 'Memory used', width: 120, spec: of(entity, 'memory', 'used', entity) },
      { title: 'Memory efficiency', width: 165, spec: of(entity, 'memory', 'efficiency', entity), bar: efficiencies() },
    ],
    width: 24,
    height: 9,
  });

/** Names of tasks repeat, and frameworks may use one ID, so that only both IDs tell tasks apart. */
const byTask = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'Only tasks that are alone in their container are measured; nothing is divided among several.',
    queries: {
      A: {
        ...of('task', resource, 'used', 'framework', 'agent'),
        groupBy: ['task_id', 'framework_id'],
        top: 10,
        legendFormat: '{{task_id}}',
      },
    },
    table: true,
    width: 12,
    height: 9,
    links: down('task', 'series'),
  });

export const measuredUse: Definition = {
  title: 'Mesos measured use',
  about: 'What containers use of what is allocated to them. Needs "Agent statistics" in the data source.',
  filters: ['framework', 'agent'],
  across: ['capacity', 'Capacity'],
  rows: {
    Cluster: [
      efficiency(
        'CPU used',
        'What containers used over the half hour before, of what was allocated to those that were measured.',
        promql(cpuEfficiency('cluster'))
      ),
      efficiency(
        'RAM used',
        'What containers use, of what is allocated to those that were measured.',
        of('cluster', 'memory', 'efficiency')
      ),
      unused('CPU unused', 'cpus', 'suffix: CPUs'),
      unused('RAM unused', 'memory', 'bytes'),
      together('CPU', 'cpus'),
      together('Memory', 'memory'),
    ],
    Frameworks: [
      used('CPU used by framework', 'framework', 'cpus', 'The ten frameworks that use most CPU over the time range.'),
      used(
        'Memory used by framework',
        'framework',
        'memory',
        'The ten frameworks that use most memory over the time range.'
      ),
      ofAllocated('Frameworks: used of allocated', 'framework', 'Framework'),
    ],
    Agents: [
      used('CPU used by agent', 'agent', 'cpus', 'The ten agents whose containers use most CPU over the time range.'),
      used(
        'Memory used by agent',
        'agent',
        'memory',
        'The ten agents whose containers use most memory over the time range.'
      ),
      ofAllocated('Agents: used of allocated', 'agent', 'Agent'),
    ],
    Containers: [
      byTask('Tasks that use most CPU', 'cpus'),
      byTask('Tasks that use most memory', 'memory'),
      graph({
        title: 'CPU throttling by framework',
        about:
          'Seconds per second in which containers were throttled by cgroups: they needed more CPU than their share. Agents ' +
          'without cgroups do not report it.',
        queries: {
          A: promql(
            `topk(10, sum by (framework) (rate(mesos_executor_cpu_throttled_seconds_total{${matching('cluster', 'framework', 'agent')}}[$__rate_interval])))`,
            { legendFormat: '{{framework}}' }
          ),
        },
        width: 24,
        height: 8,
        links: down('framework', 'series'),
      })
        .overrideByFieldType('number', [unit('s')])
        .axisSoftMax(1),
    ],
    'Plugin health': [
      stat({
        title: 'Agents that answer',
        about: 'Whether at least half of the connected agents answered the last time.',
        queries: { A: promql(`min(mesos_up{${inCluster},poll="agents"})`, { legendFormat: 'Agents' }) },
        thresholds: levels(),
        plain: true,
        width: 8,
        height: 6,
        links: [to('health', 'Plugin health')],
      }).mappings([
        { type: 'value', options: { '0': { text: 'less than half', index: 0 }, '1': { text: 'ok', index: 1 } } },
      ] as never),
      graph({
        title: 'Measured of allocated',
        about: 'Below 100 % some containers were not measured: their agents did not answer, or they have just started.',
        queries: {
          A: promql(
            `sum(mesos_cluster_cpus_measured{${inCluster}}) / sum(mesos_cluster_cpus_allocated{${inCluster}})`,
            { legendFormat: 'CPU' }
          ),
          B: promql(
            `sum(mesos_cluster_memory_measured_bytes{${inCluster}}) / sum(mesos_cluster_memory_allocated_bytes{${inCluster}})`,
            { legendFormat: 'Memory' }
          ),
        },
        width: 8,
        height: 6,
        links: [then('health', 'Polls then')],
      }).overrideByFieldType('number', [unit('percentunit')]),
      graph({
        title: 'Agents without answer',
        about: 'Answers of agents that failed, per hour, by cause.',
        queries: {
          A: promql(
            `3600 * sum by (category) (rate(mesos_poll_failures_total{${inCluster},poll="agents"}[$__rate_interval]))`,
            { legendFormat: '{{category}}' }
          ),
        },
        hidesZeros: true,
        sum: promql(`3600 * sum(rate(mesos_poll_failures_total{${inCluster},poll="agents"}[$__rate_interval]))`),
        width: 8,
        height: 6,
        links: [then('health', 'Polls then')],
      })
        .overrideByFieldType('number', [unit('suffix: /h')])
        .axisSoftMax(1),
    ],
  },
};
