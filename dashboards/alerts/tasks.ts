// Rules on frameworks, and on how their tasks end.
import { type Alert, KEEPS, orFine, promqlNow } from './alert.ts';

/** More than ten failed in the window: a quarter of a few tasks fails by chance. */
const failed = (of: 'framework' | 'agent', window: string) =>
  `(sum by (cluster, ${of}) (increase(mesos_${of}_tasks_ended_total{state=~"failed|error"}[${window}])) > 10)` +
  ` / sum by (cluster, ${of}) (increase(mesos_${of}_tasks_ended_total[${window}]))`;

/** Those by gone_by_operator were meant to go. */
const lost = (of: 'framework' | 'agent', window: string) =>
  `sum by (cluster, ${of}) (increase(mesos_${of}_tasks_ended_total{state=~"lost|dropped|gone"}[${window}])) > 0`;

const COUNTED =
  'Counted by this plugin, because Mesos has no such counter: ends while nothing was polled are counted only if the next poll still lists them.';

export const tasks: Alert[] = [
  {
    uid: 'mesos-framework-disconnected',
    title: 'Framework disconnected',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '5m',
    query: () =>
      promqlNow(
        'sum by (cluster, framework) (mesos_framework_state{state=~"disconnected|recovered"})',
        orFine('state')
      ),
    fires: { gt: 0 },
    value: 'count',
    summary: 'framework {{labels.framework}} is disconnected',
    description:
      'Its scheduler is not connected to the leader. Its tasks run on until failover_timeout is over, and then all are killed.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-frameworks',
    todo: `Start the scheduler before its \`failover_timeout\` is over (the dashboard _Mesos frameworks_ shows it): it must register with
the **same framework ID**, or its old tasks are killed all the same. If it runs, its log says to which master it tries to connect: often an
old leader's address. A framework that is over for good is removed with \`TEARDOWN\`.`,
  },
  {
    uid: 'mesos-framework-failures',
    title: 'Tasks of a framework fail',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '5m',
    query: (d) => promqlNow(failed('framework', d('15m')), orFine('snapshot')),
    fires: { gt: 0.25 },
    value: 'percent',
    summary: '{{value}} of the tasks of {{labels.framework}} that ended in the last 15 minutes failed',
    description:
      'More than a quarter, and more than ten. The dashboard shows reasons, sources and agents of the failures.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-tasks',
    todo: `Open _Mesos tasks_ by the alert's link, which filters by the framework.

- One agent: see [Tasks on an agent fail](#mesos-agent-failures).
- Reason \`container_limitation_memory\`: the tasks need more memory, see [Near out of memory](#mesos-near-out-of-memory).
- Reason \`executor_terminated\` or \`command_executor_failed\`: the program ended with an error: read the task's log.
- Reason \`container_launch_failed\`: image or artifact cannot be fetched.`,
  },
  {
    uid: 'mesos-agent-failures',
    title: 'Tasks on an agent fail',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '5m',
    query: (d) => promqlNow(failed('agent', d('15m')), orFine('state')),
    fires: { gt: 0.25 },
    value: 'percent',
    summary: '{{value}} of the tasks on {{labels.agent}} that ended in the last 15 minutes failed',
    description:
      'More than a quarter, and more than ten. A broken host fails every task that it is given, and is given more.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} ${COUNTED}`,
    dashboard: 'mesos-agents',
    todo: `If other agents run the same tasks well, take this one out of use: \`DEACTIVATE_AGENT\` keeps new tasks away, \`DRAIN_AGENT\` moves
the others. Then look for a full disk, a Docker daemon that hangs, a broken mount or DNS. If all agents alert at once, the tasks are
at fault: see [Tasks of a framework fail](#mesos-framework-failures).`,
  },
  {
    uid: 'mesos-framework-losses',
    title: 'Tasks of a framework are lost',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '0s',
    query: (d) => promqlNow(lost('framework', d('15m')), orFine('snapshot')),
    fires: { gt: 2 },
    value: 'count',
    summary: '{{value}} tasks of {{labels.framework}} were lost in the last 15 minutes',
    description: 'Lost, dropped or gone: they ended because of agents or masters, not by themselves.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-tasks',
    todo: `Mostly an agent went away: [Agents lost](#mesos-agents-lost). With reason \`invalid_offers\` or \`resources_unknown\` the framework
uses offers that were rescinded meanwhile; with \`reconciliation\` it asks for tasks that nobody knows. Frameworks start lost tasks
again: check in _Mesos tasks_ that this one did.`,
  },
  {
    uid: 'mesos-agent-losses',
    title: 'Tasks on an agent are lost',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '0s',
    query: (d) => promqlNow(lost('agent', d('15m')), orFine('state')),
    fires: { gt: 2 },
    value: 'count',
    summary: '{{value}} tasks on {{labels.agent}} were lost in the last 15 minutes',
    description:
      'Lost, dropped or gone. Tasks of partition-aware frameworks are unreachable instead, until it is known how they ended.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} ${COUNTED}`,
    dashboard: 'mesos-agents',
    todo: `The agent became unreachable, or came back without its work directory (then it has a new ID). See
[Agents unreachable](#mesos-agents-unreachable). An agent that loses tasks without going away ends its executors: read its log.`,
  },
  {
    uid: 'mesos-crash-loop',
    title: 'Task in a crash loop',
    group: 'Frameworks and tasks',
    severity: 'warning',
    for: '0s',
    reach: '15m',
    query: () => ({
      queryType: 'sql',
      format: 'numeric',
      sql:
        "SELECT cluster, framework, task, sum(event = 'failed') AS failures FROM events WHERE kind = 'task' " +
        "AND event IN ('failed', 'finished', 'killed', 'lost', 'error') AND $__timeFilter(time) GROUP BY cluster, framework, task " +
        "HAVING sum(event = 'failed') > 2 AND 2 * sum(event = 'failed') > count(*)",
      instant: true,
    }),
    fires: { gt: 4 },
    value: 'count',
    summary: 'task {{labels.task}} of {{labels.framework}} failed {{value}} times within 15 minutes',
    description:
      'Most tasks of that name that ended have failed: it is started, ends with an error, and is started again.',
    noData: 'OK',
    error: 'KeepLast',
    otherwise:
      'No rows mean that no task failed more than twice and mostly: that is normal. An error means that the event log does not reach back 15 minutes yet, or that the cluster was not read lately: the state stays.',
    dashboard: 'mesos-tasks',
    todo: `Open _Mesos tasks_ by the alert's link, choose the task and read its log. Was a new version deployed when it began? Roll it back.
Frameworks such as Marathon wait longer between starts with every failure, so that the alert may end while the loop goes on: what counts is
that the task reaches \`running\` and stays there.`,
  },
];
