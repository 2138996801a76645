// Capacity and forecast: what is free, room for tasks of a shape, fragmentation,
// and when the cluster is full if it goes on like this.
import { BigValueTextMode, VizTextDisplayOptionsBuilder } from '@grafana/grafana-foundation-sdk/common';

import type { Definition } from './frame.ts';
import { down } from './links.ts';
import { asLimit, fullness, graph, inColor, levels, stat, table, unit } from './panels.ts';
import { inCluster, type Metrics, of, promql, type Resource } from './query.ts';
import { ONE_ROW } from './shared.ts';
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
  // Grafana takes the size of the longest text, such as "not in sight", for far less room than there is.
  .text(new VizTextDisplayOptionsBuilder().titleSize(16).valueSize(24))
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

/** Keeps the labels of the left side, such as the agent's name. */
const AGENT = 'on (cluster, agent_id) group_left ()';

/** What is neither allocated nor offered on each agent, in thousandths of a CPU or of a MiB, as Mesos calculates with it. */
const thousandths = (resource: 'cpus' | 'memory') => {
  const [end, scale] = resource === 'cpus' ? ['', '* 1000'] : ['_bytes', '/ 1048.576'];
  const on = (measure: string) => `mesos_agent_${resource}_${measure}${end}{${inCluster}}`;
  return `clamp_min(round((${on('capacity')} - ${AGENT} ${on('allocated')} - ${AGENT} ${on('offered')}) ${scale}), 0)`;
};

/**
 * How many tasks of the shape that the variables say have room on each agent: what the builder's measure `fits` computes, whose
 * CPUs are a number and thus no variable. Agents that are not active have room for none.
 */
const fits = (() => {
  const cpus = `floor(${thousandths('cpus')} / ($cpus * 1000))`;
  const memory = `floor(${thousandths('memory')} / ($memory * 1024000))`;
  const state = (more: string) => `mesos_agent_state{${inCluster}${more}}`;
  const active = `(${state(',state="active"')} or on (cluster, agent_id) ${state('')} * 0)`;
  return `(${cpus} - ${AGENT} clamp_min(${cpus} - ${AGENT} ${memory}, 0)) * ${AGENT} ${active}`;
})();

const free = (entity: 'agent', resource: Resource): Metrics => of(entity, resource, 'free');

export const capacity: Definition = {
  title: 'Mesos capacity and forecast',
  about: 'Room of an Apache Mesos cluster: by shape of a task, how fragmented it is, and when it is full.',
  variables: [
    choice('ahead', 'Forecast', 'How far ahead is looked, from as much history', ['6h', '1d', '7d', '30d', '1h']),
    typed('cpus', 'CPUs of a task', 'How many CPUs a task of the row “Room for more tasks” needs, such as 0.5', '1'),
    typed('memory', 'GiB of a task', 'How many GiB of memory such a task needs, such as 0.5', '2'),
  ],
  time: { from: 'now-6h', to: 'now+6h' },
  across: ['agents', 'Agents'],
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
          'How many tasks of the CPUs and memory that the variables say fit on active agents, each on one agent. Fewer than what ' +
          'is free would hold: it lies in pieces.',
        queries: { A: promql(`sum(${fits})`, { legendFormat: 'Fit', instant: true }) },
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
        about: 'Tasks of the chosen CPUs and memory that fit on active agents. At 0 a framework that wants one waits.',
        queries: { A: promql(`sum(${fits})`, { legendFormat: 'Fit' }) },
        width: 16,
        height: 8,
      }).overrideByName('Fit', [inColor('blue')]),
      table({
        title: 'Agents with most room',
        about: `The ten agents with room for most tasks of the chosen CPUs and memory, and what is free there. ${ONE_ROW.agent}`,
        rows: 'agent',
        rowTitle: 'Agent',
        rowLinks: down('agent', 'cell'),
        columns: [
          { title: 'Fit', width: 60, counts: true, spec: promql(`topk(10, sum by (agent) (${fits}))`) },
          { title: 'CPUs free', width: 100, spec: free('agent', 'cpus') },
          { title: 'Memory free', width: 110, spec: free('agent', 'memory') },
        ],
        width: 12,
        height: 9,
      }),
      graph({
        title: 'Fragmentation',
        about:
          'How much of the free CPUs is on agents with fewer of them than the chosen task needs. High: there is room on paper, and ' +
          'such a task finds little of it.',
        queries: {
          A: promql(
            `sum((mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}}) < $cpus) / ` +
              `sum(mesos_agent_cpus_capacity{${inCluster}} - mesos_agent_cpus_allocated{${inCluster}}) or ` +
              `0 * sum(mesos_agent_cpus_capacity{${inCluster}})`,
            { legendFormat: 'In pieces that are too small' }
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
