// Frameworks: all of them in a list, and of those that are chosen their tasks,
// resources, offers and events.
import { frameworkColors } from './colors.ts';
import type { Definition } from './frame.ts';
import { down, then, to } from './links.ts';
import { colored, fullness, graph, list, unit } from './panels.ts';
import { by, matching, of, promql, type Resource, rowsOf } from './query.ts';
import { endings, failedTasks, happened } from './shared.ts';

const chosen = matching('cluster', 'framework');

const all = list({
  title: 'All frameworks',
  about:
    'Frameworks that are registered now. Dominant share: the largest part that it is allocated of the cluster’s CPUs, ' +
    'memory, disk or GPUs. Click a name for it (with others of that name), its tasks, or its page in Mesos’ web UI.',
  query: rowsOf(
    'frameworks',
    [
      ...['framework', 'state', 'tasks_running', 'tasks_staging', 'cpus_allocated', 'memory_allocated_bytes'],
      ...['dominant_share', 'cpus_offered', 'webui_url', 'framework_id'],
    ],
    { filters: by('framework'), orderBy: [{ column: 'dominant_share', direction: 'desc' }] }
  ),
  columns: {
    framework: { title: 'Framework', width: 150, links: down('framework', 'cell') },
    state: { title: 'State', width: 95, colors: frameworkColors },
    tasks_running: { title: 'Running', width: 80, counts: true },
    tasks_staging: { title: 'Staging', width: 80, counts: true },
    cpus_allocated: { title: 'CPUs', width: 75, decimals: 1 },
    memory_allocated_bytes: { title: 'Memory', width: 90 },
    dominant_share: { title: 'Dominant share', width: 140, bar: fullness() },
    cpus_offered: { title: 'CPUs offered', width: 110, decimals: 1 },
    webui_url: { title: 'Web UI', minWidth: 80 },
    framework_id: { hidden: true },
  },
  width: 24,
  height: 9,
});

const allocated = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'The ten frameworks with most over the time range: their tasks and executors.',
    queries: { A: { ...of('framework', resource, 'allocated', 'framework'), top: 10 } },
    stacked: true,
    table: true,
    width: 12,
    height: 8,
    links: down('framework', 'series'),
  });

const share = (title: string, resource: Resource) =>
  graph({
    title,
    about: 'Allocated to the framework, of what the whole cluster has. The ten with most over the time range.',
    queries: { A: { ...of('framework', resource, 'share', 'framework'), top: 10 } },
    table: true,
    width: 12,
    height: 8,
    links: down('framework', 'series'),
  });

/** Offers by what became of them, of all frameworks that are chosen. */
const outcome = (name: string) =>
  promql(`60 * sum(rate(mesos_framework_offers_${name}_total{${chosen}}[$__rate_interval]))`, {
    legendFormat: name[0].toUpperCase() + name.slice(1),
  });

/** What became of offers, by framework. */
const answered = (name: string) => `sum by (framework) (rate(mesos_framework_offers_${name}_total{${chosen}}[15m]))`;

export const frameworks: Definition = {
  title: 'Mesos frameworks',
  about: 'Frameworks of an Apache Mesos cluster: tasks, failures, resources, shares, offers and events.',
  filters: ['framework'],
  rows: {
    Frameworks: [all],
    Tasks: [
      graph({
        title: 'Running tasks by framework',
        counts: true,
        about: 'The ten frameworks with most running tasks over the time range.',
        queries: { A: { ...of('framework', 'tasks', 'running', 'framework'), top: 10 } },
        table: true,
        width: 12,
        height: 8,
        links: down('framework', 'series'),
      }),
      endings(
        'How their tasks ended',
        'Tasks of the chosen frameworks by the state they ended in, as the leader counts them since Mesos 1.7.',
        'mesos_framework_tasks_ended_total',
        12,
        'framework'
      ),
      graph({
        title: 'Failed tasks by framework',
        about: 'Tasks that ended with an error of their own, per minute. Click a point to see which.',
        queries: {
          A: promql(
            `topk(10, 60 * sum by (framework) (rate(mesos_framework_tasks_ended_total{${chosen},state="failed"}[$__rate_interval])))`,
            { legendFormat: '{{framework}}' }
          ),
        },
        hidesZeros: true,
        table: true,
        width: 24,
        height: 8,
        links: [
          then('tasks', 'Which tasks failed then', 'var-framework=${__field.labels.framework:percentencode}'),
          ...down('framework', 'series'),
        ],
      })
        .overrideByFieldType('number', [unit('suffix: /min')])
        .axisSoftMax(1),
    ],
    'Resources and shares': [
      allocated('CPU by framework', 'cpus'),
      allocated('Memory by framework', 'memory'),
      share('Share of CPU', 'cpus'),
      share('Share of memory', 'memory'),
    ],
    Offers: [
      colored(
        graph({
          title: 'Offers per minute',
          about:
            'Offers to the chosen frameworks and what became of them. Many declined ones are usual for a framework that ' +
            'has nothing to start and does not suppress offers. Masters since 1.7 tell it.',
          queries: {
            A: outcome('sent'),
            B: outcome('accepted'),
            C: outcome('declined'),
            D: outcome('rescinded'),
          },
          width: 12,
          height: 8,
          links: [to('masters', 'Masters and allocator')],
        })
          .overrideByFieldType('number', [unit('suffix: /min')])
          .axisSoftMax(1),
        { Sent: 'text', Accepted: 'green', Declined: 'orange', Rescinded: 'purple' }
      ),
      graph({
        title: 'Offers declined by framework',
        about:
          'Declined, of the offers that the framework accepted or declined in the 15 minutes before. At 100 % it takes nothing of ' +
          'what it is offered.',
        queries: {
          A: promql(`topk(10, ${answered('declined')} / (${answered('declined')} + ${answered('accepted')} > 0))`, {
            legendFormat: '{{framework}}',
          }),
        },
        table: true,
        max: 1,
        width: 12,
        height: 8,
        links: down('framework', 'series'),
      }).overrideByFieldType('number', [unit('percentunit')]),
    ],
    Events: [
      happened(
        'Events of frameworks',
        'Frameworks that registered, disconnected, came back, failed over or were removed, the newest first.',
        { kinds: ['framework'], chosen: ['framework'] },
        ['kind', 'agent', 'role', 'task', 'task_id', 'reason', 'source']
      ),
      failedTasks(
        'Tasks of theirs that failed',
        'The newest 200. Click a task’s ID for its logs, its history and its page in Mesos’ web UI.',
        'error',
        'framework'
      ),
    ],
  },
};
