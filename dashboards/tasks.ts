// Tasks: which run, how they end and why, which are throttled or near their
// limit, and the states and logs of one of them.
import { allTaskColors } from './colors.ts';
import type { Definition } from './frame.ts';
import { down, then } from './links.ts';
import { colored, graph, list, logs, roughly, table, timeline, unit } from './panels.ts';
import { by, events, inCluster, matching, promql, rowsOf } from './query.ts';
import { endings, failedTasks, ONE_ROW, tasksByState } from './shared.ts';
import { lastOf } from './variables.ts';

/** A table of failures by a label, as an increase over the time range. */
const failures = (title: string, about: string, expr: string, rows: string, rowTitle: string, links = true) =>
  table({
    title,
    about: `${about} An increase is extrapolated to the ends of the time range: about so many.`,
    rows,
    rowTitle,
    rowLinks: links ? down(rows as 'agent', 'cell') : undefined,
    columns: [{ title: 'Failed', width: 90, spec: promql(expr) }],
    width: 8,
    height: 8,
  }).overrideByName('Failed', roughly);

/** Those that failed without a reason have a row as well: Mesos counts by reason and source only what has one. */
function failuresBy(label: 'reason' | 'source'): string {
  const known = (more = '') => `increase(mesos_master_task_status_total{${inCluster}${more}}[$__range])`;
  const failed = `sum(increase(mesos_cluster_tasks_ended_total{${inCluster},state="failed"}[$__range]))`;
  const others = `${failed} - (sum(${known(',state="failed"')}) or 0 * ${failed})`;
  return `(sum by (${label}) (${known()}) or label_replace(${others}, "${label}", "none given", "", "")) > 0.5`;
}

const limits = matching('cluster', 'framework', 'agent', 'role');

/** What the variables choose, as a condition of SQL. */
const chosenIn = ['framework', 'agent', 'role']
  .map((name) => `coalesce(${name}, '') REGEXP '^(?:\${${name}:regex})$'`)
  .join(' AND ');

/**
 * What tells a container apart: executors of several frameworks and agents may have one ID, such as `default`, and several of those
 * one name.
 */
const container = 'framework, framework_id, agent, agent_id, executor_id';

/** The columns of those labels. */
const containers = {
  framework: { title: 'Framework', width: 150, links: down('framework', 'cell') },
  agent: { title: 'Agent', width: 200, links: down('agent', 'cell') },
  // By which the rows' own links lead.
  framework_id: { title: 'Framework ID', hidden: true },
  agent_id: { title: 'Agent ID', hidden: true },
};

export const tasks: Definition = {
  title: 'Mesos tasks',
  about: 'Tasks of an Apache Mesos cluster: which run, how they end and why, and the states and logs of one of them.',
  filters: ['framework', 'agent', 'role'],
  variables: [
    lastOf(
      'task',
      'Task',
      'The task of the row “The chosen task”: one of which something happened in the time range, those that failed (✗) first, the ' +
        'latest first; then those that run now',
      // Those that run now are last, as `(` sorts before digits, and failed ones first.
      `SELECT task_id AS value, CASE severity WHEN 'error' THEN '✗ ' ELSE '' END || replace(substr(latest, 1, 16), 'T', ' ') ||
         ' UTC ' || event || ' ' || task_id AS text
       FROM (SELECT task_id, event, severity, max(time) AS latest FROM events WHERE kind = 'task' AND task_id IS NOT NULL
         AND task_id NOT IN (SELECT task_id FROM tasks) AND ${chosenIn} GROUP BY task_id)
       UNION ALL SELECT task_id, '(' || state || ') ' || task_id FROM tasks WHERE ${chosenIn}`
    ),
  ],
  marksFailures: true,
  rows: {
    'How tasks end': [
      endings('Tasks ended', 'How tasks of the cluster ended.', 'mesos_cluster_tasks_ended_total', 12),
      tasksByState('Tasks of the whole cluster that have not ended.'),
      failedTasks(
        'Tasks that failed or were lost',
        'The newest 200 of what the variables choose. Click a task’s ID for its states and logs below.',
        'warning',
        ...(['framework', 'agent', 'role'] as const)
      ),
    ],
    // Between the two tables in which a task is clicked, so that the click is seen from both.
    'The chosen task': [
      timeline({
        title: 'States of the task',
        about: 'The states that the event log knows of the task that the variable names.',
        queries: {
          A: events({
            format: 'timeline',
            kinds: ['task'],
            filters: [{ label: 'task_id', operator: '=', value: '$task' }],
          }),
        },
        colors: allTaskColors,
        width: 24,
        height: 5,
      }),
      logs({
        title: 'Logs of the task: stderr',
        about:
          'The file stderr of the task’s sandbox. An administrator allows it with sandboxLogs. An agent deletes sandboxes some time ' +
          'after the end.',
        queries: { A: { queryType: 'logs', taskId: '$task', file: 'stderr' } },
        width: 12,
        height: 12,
      }),
      logs({
        title: 'Logs of the task: stdout',
        about: 'The file stdout of the task’s sandbox.',
        queries: { A: { queryType: 'logs', taskId: '$task', file: 'stdout' } },
        width: 12,
        height: 12,
      }),
    ],
    'Running tasks': [
      list({
        title: 'Tasks now',
        about:
          'Tasks of what the variables choose that have not ended, the youngest first. Click an ID for its states and logs above, ' +
          'or its page in Mesos’ web UI.',
        query: rowsOf(
          'tasks',
          [
            ...['task_id', 'state', 'healthy', 'framework', 'agent', 'cpus', 'cpus_used'],
            ...['memory_bytes', 'memory_used_bytes', 'agent_id', 'framework_id'],
          ],
          {
            filters: by('framework', 'agent', 'role'),
            orderBy: [{ column: 'start_time', direction: 'desc' }],
            limit: 500,
          }
        ),
        columns: {
          task_id: { title: 'Task ID', links: down('task', 'cell') },
          state: { title: 'State', width: 80, colors: allTaskColors },
          healthy: { title: 'Healthy', width: 75 },
          framework: { title: 'Framework', width: 105, links: down('framework', 'cell') },
          agent: { title: 'Agent', width: 160, links: down('agent', 'cell') },
          cpus: { title: 'CPUs', width: 60, decimals: 1 },
          memory_bytes: { title: 'Memory', width: 80 },
          cpus_used: { title: 'CPUs used', width: 90, decimals: 2 },
          memory_used_bytes: { title: 'Memory used', width: 110 },
          agent_id: { hidden: true },
          framework_id: { hidden: true },
        },
        width: 24,
        height: 10,
      }),
      graph({
        title: 'Churn by framework',
        about:
          'Tasks that ended per minute, however they ended. Much of it with few tasks running: something starts, ends and starts ' +
          'again.',
        queries: {
          A: promql(
            `topk(10, 60 * sum by (framework) (rate(mesos_framework_tasks_ended_total{${matching('cluster', 'framework')}}[$__rate_interval])))`,
            { legendFormat: '{{framework}}' }
          ),
        },
        hidesZeros: true,
        table: true,
        width: 24,
        height: 7,
        links: [
          then('tasks', 'What ended then', 'var-framework=${__field.labels.framework:percentencode}'),
          ...down('framework', 'series'),
        ],
      })
        .overrideByFieldType('number', [unit('suffix: /min')])
        .axisSoftMax(1),
    ],
    'Why they fail': [
      failures(
        'Failures by reason',
        'Why tasks of the cluster ended, as the leader counts it. Of a program that exits by itself with an error Mesos gives none.',
        failuresBy('reason'),
        'reason',
        'Reason',
        false
      ),
      failures(
        'Failures by source',
        'Who ended them: the executor (the program itself), the agent (such as out of memory), or the master (such as a lost agent).',
        failuresBy('source'),
        'source',
        'Source',
        false
      ),
      failures(
        'Failures by agent',
        `A single agent with many is a fault of the agent rather than of the tasks. Counted since this plugin watches. ${ONE_ROW.agent}`,
        `topk(20, sum by (agent) (increase(mesos_agent_tasks_ended_total{${matching('cluster', 'agent')},state="failed"}[$__range]))) > 0.5`,
        'agent',
        'Agent'
      ),
    ],
    'Throttled, or near a limit': [
      table({
        title: 'Near the memory limit',
        about:
          'Containers that use most of the memory they may use. At 100 % the kernel kills them. Only with "Agent statistics".',
        rows: 'executor_id',
        rowTitle: 'Executor',
        within: containers,
        columns: [
          {
            title: 'Of the limit',
            width: 150,
            unit: 'percentunit',
            decimals: 0,
            spec: promql(
              `topk(10, max by (${container}) (mesos_executor_memory_used_bytes{${limits}} / (mesos_executor_memory_limit_bytes{${limits}} > 0)))`
            ),
          },
          {
            title: 'Used',
            width: 110,
            unit: 'bytes',
            spec: promql(`max by (${container}) (mesos_executor_memory_used_bytes{${limits}})`),
          },
        ],
        width: 24,
        height: 8,
      }),
      table({
        title: 'Throttled containers',
        about:
          'The ten containers that cgroups throttled for longest in the time range: they needed more CPU than their limit. Only ' +
          'with "Agent statistics".',
        rows: 'executor_id',
        rowTitle: 'Executor',
        within: containers,
        columns: [
          {
            title: 'Throttled',
            width: 150,
            unit: 's',
            decimals: 1,
            spec: promql(
              `topk(10, sum by (${container}) (increase(mesos_executor_cpu_throttled_seconds_total{${limits}}[$__range]))) > 0`
            ),
          },
        ],
        width: 24,
        height: 8,
      }),
    ],
  },
};
