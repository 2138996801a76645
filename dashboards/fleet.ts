// The fleet: a row of panels for each Mesos data source, on all of them at once.
import { BigValueTextMode } from '@grafana/grafana-foundation-sdk/common';

import type { Definition } from './frame.ts';
import { to } from './links.ts';
import { fullness, graph, inColor, levels, roughly, stat, whole } from './panels.ts';
import { endingColors } from './colors.ts';
import { promql } from './query.ts';
import { upOrDown } from './overview.ts';

const overview = [to('cluster-overview', 'Overview of this cluster')].map(({ title, url }) => ({
  title,
  url: url.replace('&${cluster:queryparam}', ''), // the fleet has no variable of it
}));

const strip = { text: BigValueTextMode.ValueAndName, plain: true, height: 5, links: overview };

export const fleet: Definition = {
  title: 'Mesos fleet',
  about: 'A row for each Mesos data source, on all of them at once. The first variable chooses which.',
  fleet: true,
  rows: {
    $datasource: [
      stat({
        ...strip,
        title: 'Up',
        about: 'Whether the last poll of the leader succeeded.',
        queries: { A: promql('min(mesos_up{poll="snapshot"})', { legendFormat: 'Leader', instant: true }) },
        width: 4,
      })
        .thresholds(upOrDown())
        .mappings([
          { type: 'value', options: { '0': { text: 'down', index: 0 }, '1': { text: 'up', index: 1 } } },
        ] as never),
      stat({
        ...strip,
        title: 'Utilization',
        about: 'Allocated, of what all listed agents have.',
        queries: {
          A: promql('sum(mesos_cluster_cpus_allocated) / sum(mesos_cluster_cpus_capacity)', {
            legendFormat: 'CPU',
            instant: true,
          }),
          B: promql('sum(mesos_cluster_memory_allocated_bytes) / sum(mesos_cluster_memory_capacity_bytes)', {
            legendFormat: 'Memory',
            instant: true,
          }),
        },
        thresholds: fullness(),
        decimals: 0,
        width: 6,
      })
        .unit('percentunit')
        .overrideByFieldType('number', [{ id: 'unit', value: 'percentunit' }]),
      stat({
        ...strip,
        title: 'Agents and tasks',
        about: 'Agents that are active and not, running tasks, and tasks that failed in the time range (extrapolated).',
        queries: {
          A: promql('sum(mesos_cluster_agents{state="active"})', { legendFormat: 'Agents', instant: true }),
          B: promql('sum(mesos_cluster_agents{state!="active"})', { legendFormat: 'Not active', instant: true }),
          C: promql('sum(mesos_cluster_tasks{state="running"})', { legendFormat: 'Tasks', instant: true }),
          D: promql('sum(increase(mesos_cluster_tasks_ended_total{state="failed"}[$__range]))', {
            legendFormat: 'Failed',
            instant: true,
          }),
        },
        thresholds: levels({ value: 0.5, color: 'orange' }),
        width: 8,
      })
        .overrideByName('Agents', [...whole, inColor('green')])
        .overrideByName('Not active', whole)
        .overrideByName('Tasks', [...whole, inColor('green')])
        .overrideByName('Failed', roughly),
      graph({
        title: 'Failures',
        about: 'Tasks that failed, per minute.',
        queries: {
          A: promql('60 * sum(rate(mesos_cluster_tasks_ended_total{state="failed"}[$__rate_interval]))', {
            legendFormat: 'failed',
          }),
        },
        width: 6,
        height: 5,
        links: overview,
      })
        .overrideByName('failed', [
          inColor(endingColors.failed),
          { id: 'unit', value: 'suffix: /min' },
          { id: 'decimals', value: 1 },
        ])
        .axisSoftMax(1),
    ],
  },
};
