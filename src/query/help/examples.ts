// The cheat sheet: common questions about a cluster, with their queries.
import { t } from '../../i18n';
import type { MesosQuery } from '../types';

export interface Example {
  title: string;
  text: string;
  query: Omit<MesosQuery, 'refId'>;
}

const metrics = { queryType: 'metrics' as const, version: 1 };
const events = { queryType: 'events' as const, version: 1 };
const sql = { queryType: 'sql' as const, version: 1 };
const promql = { queryType: 'promql' as const, version: 1 };

export const examples = (): Example[] => [
  {
    title: t('help.example.cpus', 'Who holds the CPUs?'),
    text: t('help.example.cpus-about', 'Cores allocated to each framework, its tasks and executors together.'),
    query: { ...metrics, entity: 'framework', resource: 'cpus', measure: 'allocated' },
  },
  {
    title: t('help.example.fullest', 'The ten fullest agents'),
    text: t('help.example.fullest-about', 'Allocated memory as a part of what the agent has.'),
    query: { ...metrics, entity: 'agent', resource: 'memory', measure: 'utilization', top: 10 },
  },
  {
    title: t('help.example.left', 'How much is left?'),
    text: t('help.example.left-about', 'Disk of the whole cluster that is neither allocated nor offered.'),
    query: { ...metrics, entity: 'cluster', resource: 'disk', measure: 'free' },
  },
  {
    title: t('help.example.run-out', 'When will memory run out?'),
    text: t('help.example.run-out-about', 'The utilization expected in a day, from the last day.'),
    query: { ...metrics, entity: 'cluster', resource: 'memory', measure: 'utilization', forecast: '1d' },
  },
  {
    title: t('help.example.quota', 'Quota in use'),
    text: t('help.example.quota-about', 'What counts against the quota of each role.'),
    query: { ...metrics, entity: 'role', resource: 'cpus', measure: 'quota_consumed' },
  },
  {
    title: t('help.example.failing', 'Failing tasks'),
    text: t('help.example.failing-about', 'Tasks that failed, by framework, in each step.'),
    query: { ...metrics, entity: 'framework', resource: 'tasks', measure: 'failed' },
  },
  {
    title: t('help.example.eaters', 'Agents that eat tasks'),
    text: t('help.example.eaters-about', 'The agents on which most tasks failed.'),
    query: { ...metrics, entity: 'agent', resource: 'tasks', measure: 'failed', top: 10 },
  },
  {
    title: t('help.example.happened', 'What happened?'),
    text: t(
      'help.example.happened-about',
      'Agents that left, drained or were lost, new leaders, maintenance, and gaps in collection.'
    ),
    query: { ...events, kinds: ['agent', 'master', 'maintenance', 'collection'], format: 'table' },
  },
  {
    title: t('help.example.why', 'Why do tasks fail?'),
    text: t(
      'help.example.why-about',
      'How many tasks ended badly, by the reason that Mesos gives. A rule can watch it.'
    ),
    query: { ...events, kinds: ['task'], severity: 'error', format: 'count', groupBy: ['reason'] },
  },
  {
    title: t('help.example.timeline', 'What did the agents go through?'),
    text: t('help.example.timeline-about', 'The states of each agent over time, for the panel State timeline.'),
    query: { ...events, kinds: ['agent'], format: 'timeline' },
  },
  {
    title: t('help.example.fits', 'How many more tasks fit?'),
    text: t('help.example.fits-about', 'Tasks of this size that the agents have room for.'),
    query: {
      ...metrics,
      entity: 'cluster',
      resource: 'tasks',
      measure: 'fits',
      shape: { cpus: 1, memory: '1GiB' },
    },
  },
  {
    title: t('help.example.sql', 'Tasks in SQL'),
    text: t('help.example.sql-about', 'How many tasks of each framework are in which state. A rule can watch it.'),
    query: {
      ...sql,
      sql: 'SELECT framework, state, count(*) AS tasks FROM tasks GROUP BY framework, state',
      format: 'numeric',
    },
  },
  {
    title: t('help.example.up', 'Is the cluster answering?'),
    text: t('help.example.up-about', '1 while a kind of poll succeeds, 0 while it fails. Good for an alert rule.'),
    query: { ...metrics, metric: 'mesos_up' },
  },
  {
    title: t('help.example.promql', 'The same in PromQL'),
    text: t('help.example.promql-about', 'Allocated over capacity of the cluster.'),
    query: { ...promql, expr: 'sum(mesos_cluster_cpus_allocated) / sum(mesos_cluster_cpus_capacity)' },
  },
];
