// The cheat sheet: common questions about a cluster, with their queries.
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

export const EXAMPLES: Example[] = [
  {
    title: 'Who holds the CPUs?',
    text: 'Cores allocated to each framework, its tasks and executors together.',
    query: { ...metrics, entity: 'framework', resource: 'cpus', measure: 'allocated' },
  },
  {
    title: 'The ten fullest agents',
    text: 'Allocated memory as a part of what the agent has.',
    query: { ...metrics, entity: 'agent', resource: 'memory', measure: 'utilization', top: 10 },
  },
  {
    title: 'How much is left?',
    text: 'Disk of the whole cluster that is neither allocated nor offered.',
    query: { ...metrics, entity: 'cluster', resource: 'disk', measure: 'free' },
  },
  {
    title: 'When will memory run out?',
    text: 'The utilization expected in a day, from the last day.',
    query: { ...metrics, entity: 'cluster', resource: 'memory', measure: 'utilization', forecast: '1d' },
  },
  {
    title: 'Quota in use',
    text: 'What counts against the quota of each role.',
    query: { ...metrics, entity: 'role', resource: 'cpus', measure: 'quota_consumed' },
  },
  {
    title: 'Failing tasks',
    text: 'Tasks that failed, by framework, in each step.',
    query: { ...metrics, entity: 'framework', resource: 'tasks', measure: 'failed' },
  },
  {
    title: 'Agents that eat tasks',
    text: 'The agents on which most tasks failed.',
    query: { ...metrics, entity: 'agent', resource: 'tasks', measure: 'failed', top: 10 },
  },
  {
    title: 'What happened?',
    text: 'Agents that left, drained or were lost, new leaders, maintenance, and gaps in collection.',
    query: { ...events, kinds: ['agent', 'master', 'maintenance', 'collection'], format: 'table' },
  },
  {
    title: 'Why do tasks fail?',
    text: 'How many tasks ended badly, by the reason that Mesos gives. A rule can watch it.',
    query: { ...events, kinds: ['task'], severity: 'error', format: 'count', groupBy: ['reason'] },
  },
  {
    title: 'What did the agents go through?',
    text: 'The states of each agent over time, for the panel State timeline.',
    query: { ...events, kinds: ['agent'], format: 'timeline' },
  },
  {
    title: 'How many more tasks fit?',
    text: 'Tasks of this size that the agents have room for.',
    query: {
      ...metrics,
      entity: 'cluster',
      resource: 'tasks',
      measure: 'fits',
      shape: { cpus: 1, memory: '1GiB' },
    },
  },
  {
    title: 'Tasks in SQL',
    text: 'How many tasks of each framework are in which state. A rule can watch it.',
    query: {
      ...sql,
      sql: 'SELECT framework, state, count(*) AS tasks FROM tasks GROUP BY framework, state',
      format: 'numeric',
    },
  },
  {
    title: 'Is the cluster answering?',
    text: '1 while a kind of poll succeeds, 0 while it fails. Good for an alert rule.',
    query: { ...metrics, metric: 'mesos_up' },
  },
  {
    title: 'The same in PromQL',
    text: 'Allocated over capacity of the cluster.',
    query: { ...promql, expr: 'sum(mesos_cluster_cpus_allocated) / sum(mesos_cluster_cpus_capacity)' },
  },
];
