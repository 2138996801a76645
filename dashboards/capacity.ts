// Capacity and forecast: what is free, room for tasks of a shape, fragmentation,
// and when the cluster is full if it goes on like this.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import type { Definition } from './frame.ts';
import { down } from './links.ts';
import { asLimit, fullness, graph, inColor, levels, stat, table, unit } from './panels.ts';
import { inCluster, type Metrics, of, promql, type Resource } from './query.ts';
import { choice, typed } from './variables.ts';

/** Days until allocated reaches capacity, by the trend of the chosen time; 999 stands for a trend that never reaches it. */
const days = (series: (measure: string) => string) =>
  `clamp_max((sum(${series('capacity')}{${inCluster}}) - sum(${series('allocated')}{${inCluster}})) / ` +
  `clamp_min(sum(deriv(${series('allocated')}{${inCluster}}[$ahead])), 1e-12) / 86400, 999)`;

const ofBytes = (resource: string) => (measure: string) => `mesos_cluster_${resource}_${measure}_bytes`;

const full = stat({
  title: 'Full in about',
  about:
    'Days until all is allocated, if it goes on as in the time that “Forecast” names. A guess by a straight line: use it to ' +
    'look closer, not to buy. “Not in sight”: it falls, or it takes more than a year.',
  queries: {
    A: promql(
      days((measure) => `mesos_cluster_cpus_${measure}`),
      { legendFormat: 'CPU', instant: true }
    ),
    B: promql(days(ofBytes('memory')), { legendFormat: 'Memory', instant: true }),
    C: promql(days(ofBytes('disk')), { legendFormat: 'Disk', instant: true }),
  },
  text: BigValueTextMode.ValueAndName,
  thresholds: levels().steps([
    { value: null, color: 'red' },
    { value: 3, color: 'orange' },
    { value: 14, color: 'green' },
  ]),
  plain: true,
  decimals: 1,
  width: 12,
  height: 5,
})
  .overrideByFieldType('number', [unit('suffix: days')])
  .mappings([
    { type: 'range', options: { from: 365, to: null, result: { text: 'not in sight', color: 'green', index: 0 } } },
  ] as never);

const ahead = (title: string, resource: Resource) =>
  graph({
    title,
    about:
      'Allocated, and dashed what is expected from now on by a straight line through the time that “Forecast” names. The other ' +
      'dashed line is capacity.',
    queries: {
      Allocated: {
        ...of('cluster', resource, 'allocated'),
        legendFormat: 'Allocated',
        forecast: '$ahead',
      },
      Capacity: { ...of('cluster', resource, 'capacity'), legendFormat: 'Capacity' },
    },
    width: 12,
    height: 9,
  })
    .overrideByQuery('Allocated', [inColor('blue')])
    .overrideByQuery('Capacity', asLimit);

const shape = { cpus: 1, memory: '$memory' };

/** Tasks of the shape. CPUs of a shape are a number, so the choice of CPUs is of these. */
const fits = (more: Metrics): Metrics => ({ ...of('agent', 'tasks', 'fits'), shape, ...more });

const free = (entity: 'agent', resource: Resource): Metrics => of(entity, resource, 'free');

export const capacity: Definition = {
  title: 'Mesos capacity and forecast',
  about: 'Room of an Apache Mesos cluster: by shape of a task, how fragmented it is, and when it is full.',
  variables: [
    choice('ahead', 'Forecast', 'How far ahead is looked, from as much history', ['6h', '1d', '7d', '30d', '1h']),
    typed(
      'memory',
      'Memory of a task',
      'Tasks of one CPU and this much memory are counted, such as 512MiB or 8GiB',
      '2GiB'
    ),
  ],
  time: { from: 'now-6h', to: 'now+6h' },
  rows: {
    'How long it lasts': [
      full,
      stat({
        title: 'Utilization now',
        about: 'Allocated to tasks and executors, of what all listed agents have.',
        queries: {
          A: { ...of('cluster', 'cpus', 'utilization'), legendFormat: 'CPU', instant: true },
          B: { ...of('cluster', 'memory', 'utilization'), legendFormat: 'Memory', instant: true },
          C: { ...of('cluster', 'disk', 'utilization'), legendFormat: 'Disk', instant: true },
        },
        text: BigValueTextMode.ValueAndName,
        thresholds: fullness(),
        plain: true,
        decimals: 1,
        width: 12,
        height: 5,
      }),
      ahead('CPU ahead', 'cpus'),
      ahead('Memory ahead', 'memory'),
      ahead('Disk ahead', 'disk'),
      graph({
        title: 'Free now and before',
        about: 'Neither allocated nor offered, of what all agents have.',
        queries: {
          A: promql(
            `1 - (sum(mesos_cluster_cpus_allocated{${inCluster}}) + sum(mesos_cluster_cpus_offered{${inCluster}})) / sum(mesos_cluster_cpus_capacity{${inCluster}})`,
            { legendFormat: 'CPU' }
          ),
          B: promql(
            `1 - (sum(mesos_cluster_memory_allocated_bytes{${inCluster}}) + sum(mesos_cluster_memory_offered_bytes{${inCluster}})) / sum(mesos_cluster_memory_capacity_bytes{${inCluster}})`,
            { legendFormat: 'Memory' }
          ),
        },
        max: 1,
        width: 12,
        height: 9,
      }).overrideByFieldType('number', [unit('percentunit')]),
    ],
    'Room for more tasks': [
      stat({
        title: 'Tasks that fit now',
        counts: true,
        about:
          'How many tasks of one CPU and the chosen memory fit on active agents, each on one agent. Smaller than free CPUs: what is ' +
          'free lies in pieces.',
        queries: { A: { ...fits({ groupBy: [] }), legendFormat: 'Fit', instant: true } },
        thresholds: levels().steps([
          { value: null, color: 'red' },
          { value: 1, color: 'orange' },
          { value: 10, color: 'green' },
        ]),
        plain: true,
        width: 8,
        height: 8,
      }),
      graph({
        title: 'Tasks that fit over time',
        counts: true,
        about:
          'Tasks of one CPU and the chosen memory that fit on active agents. At 0 a framework that wants one waits.',
        queries: { A: { ...fits({ groupBy: [] }), legendFormat: 'Fit' } },
        width: 16,
        height: 8,
      }),
      table({
        title: 'Agents with most room',
        about: 'The ten agents with room for most tasks of the shape, and what is free there.',
        rows: 'agent',
        rowTitle: 'Agent',
        rowLinks: down('agent', 'cell'),
        columns: [
          { title: 'Tasks that fit', width: 130, counts: true, spec: fits({ top: 10 }) },
          { title: 'CPUs free', width: 110, spec: free('agent', 'cpus') },
          { title: 'Memory free', width: 120, spec: free('agent', 'memory') },
        ],
        width: 12,
        height: 9,
      }),
      graph({
        title: 'Fragmentation',
        about:
          'How much of the free CPUs is on agents with less than one CPU free. High: there is room on paper, and a task of one CPU ' +
          'finds little of it.',
        queries: {
          A: promql(
            `sum((mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}}) < 1) / ` +
              `sum(mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}}) or ` +
              `0 * sum(mesos_agent_cpus_capacity{${inCluster}})`,
            { legendFormat: 'In pieces of less than one CPU' }
          ),
          B: promql(
            `1 - max(mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}}) / ` +
              `sum(mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}})`,
            { legendFormat: 'Not on the emptiest agent' }
          ),
        },
        max: 1,
        width: 12,
        height: 9,
      }).overrideByFieldType('number', [unit('percentunit')]),
    ],
  },
};
