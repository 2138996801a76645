// Health of the plugin: whether it reads the cluster, how long that takes, what
// it keeps and what it leaves out.
import type { Definition } from './frame.ts';
import { graph, unit } from './panels.ts';
import { inCluster, metric, promql } from './query.ts';
import { failedPolls, history, polls } from './overview.ts';
import { happened, named } from './shared.ts';

const tall = { width: 12, height: 8 };

/** The number of series, with a label that says of what. */
const counted = (of: string, names: string) => `label_replace(count({${names},${inCluster}}), "of", "${of}", "", "")`;

export const health: Definition = {
  title: 'Mesos plugin health',
  about: 'Whether the plugin reads the cluster: polls, their duration and size, failures, history and events.',
  across: ['masters', 'Masters'],
  rows: {
    Now: [polls(), history(), failedPolls()],
    Polls: [
      graph({
        ...tall,
        title: 'Duration of polls',
        about: 'How long the last poll of each kind of the masters took, from the request to the last byte read.',
        queries: {
          A: promql(`mesos_poll_duration_seconds{${inCluster},poll!="agents"}`, { legendFormat: '{{poll}}' }),
        },
      }),
      graph({
        ...tall,
        title: 'Duration of the agents’ pass',
        about:
          'Agents are read one after the other over the first half of an interval, so that this is about as long. Only ' +
          'with "Agent statistics".',
        queries: {
          A: promql(`mesos_poll_duration_seconds{${inCluster},poll="agents"}`, { legendFormat: 'agents' }),
        },
      }),
      graph({
        ...tall,
        title: 'Size of responses',
        about: 'Bytes of the last poll of each kind, before decompression ends. It grows with tasks and agents.',
        queries: { A: metric('mesos_poll_bytes', { legendFormat: '{{poll}}' }) },
      }),
      graph({
        ...tall,
        title: 'Polls that succeeded',
        about: '1 where the last poll of a kind succeeded, 0 where it failed.',
        queries: { A: metric('mesos_up', { legendFormat: '{{poll}}' }) },
        max: 1,
      }).overrideByFieldType('number', [unit('locale'), { id: 'decimals', value: 0 }]),
    ],
    'History and events': [
      graph({
        ...tall,
        title: 'Series that have a value',
        counts: true,
        about: 'Series of this cluster. Those of tasks are the most.',
        queries: {
          A: promql(
            named('Tasks and executors', `count({__name__=~"mesos_(task|executor)_.+",${inCluster}})`) +
              ' or ' +
              named('All others', `count({__name__=~"mesos_.+",__name__!~"mesos_(task|executor)_.+",${inCluster}})`),
            { legendFormat: '{{of}}' }
          ),
        },
        stacked: true,
      }),
      graph({
        ...tall,
        title: 'Series dropped',
        counts: true,
        about:
          'Series that are not kept because of "Series limit" or "Memory limit". Above 0: raise them, or set "Task history" to never.',
        queries: { A: metric('mesos_series_dropped', { legendFormat: 'Dropped' }) },
      }).axisSoftMax(1),
      graph({
        ...tall,
        title: 'Events by kind',
        about: 'Events that entered the event log, per minute.',
        queries: {
          A: promql(`60 * sum by (kind) (rate(mesos_events_total{${inCluster}}[$__rate_interval]))`, {
            legendFormat: '{{kind}}',
          }),
        },
        hidesZeros: true,
      })
        .overrideByFieldType('number', [unit('suffix: /min')])
        .axisSoftMax(1),
      graph({
        ...tall,
        title: 'Corrections of the model',
        about:
          'What a poll of /state found different from the model kept by the event stream, per hour. Some after an outage are usual.',
        queries: {
          A: promql(`3600 * sum by (entity) (rate(mesos_model_drift_total{${inCluster}}[$__rate_interval]))`, {
            legendFormat: '{{entity}}',
          }),
        },
        hidesZeros: true,
        sum: promql(`3600 * sum(rate(mesos_model_drift_total{${inCluster}}[$__rate_interval]))`),
      })
        .overrideByFieldType('number', [unit('suffix: /h')])
        .axisSoftMax(1)
        .noValue('Nothing was corrected'),
      happened(
        'When the cluster was not watched',
        'Gaps in collection, and other clusters or rights that the data source got, the newest first.',
        { kinds: ['collection', 'master'] },
        ['agent', 'framework', 'role', 'task', 'task_id', 'reason', 'source']
      ),
    ],
  },
};
