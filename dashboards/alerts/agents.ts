// Rules on agents as the leading master sees them.
import { type Alert, KEEPS, orFine, promqlNow } from './alert.ts';

const known = 'sum by (cluster) (mesos_cluster_agents{state!="unreachable"}';

export const agents: Alert[] = [
  {
    uid: 'mesos-agents-unreachable',
    title: 'Agents unreachable',
    group: 'Agents',
    severity: 'warning',
    for: '5m',
    query: () => promqlNow('sum by (cluster) (mesos_cluster_agents{state=~"unreachable|disconnected"})'),
    fires: { gt: 0 },
    value: 'count',
    summary: '{{value}} agents do not answer the master',
    description: 'Their tasks may still run, but the master cannot tell. Frameworks start them again elsewhere.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-agents',
    todo: `The events of the dashboard _Mesos agents_ name them, and the table \`agents\` lists those that are only disconnected.

1. Is the host up, and does the agent's process run? Its log says why it ended; \`docker ps\` or \`systemctl status mesos-slave\`.
2. Does the network between master and agent work in **both** directions? The master pings the agent on its own port.
3. A host that will not come back: \`MARK_AGENT_GONE\`, so that its tasks end and it is listed no more. Otherwise it stays unreachable for \`--registry_max_agent_age\` (two weeks), and this alert with it.`,
  },
  {
    uid: 'mesos-agents-lost',
    title: 'Agents lost',
    group: 'Agents',
    severity: 'warning',
    for: '0s',
    query: (d) =>
      promqlNow(
        `sum by (cluster) (increase(mesos_master_agent_removals_by_reason_total{reason="unhealthy"}[${d('30m')}]))`
      ),
    fires: { gt: 0.5 },
    value: 'count',
    summary: '{{value}} agents were removed in the last half hour because they did not answer',
    description:
      'Their tasks are lost or unreachable. Agents that come back are counted, too: a flapping network shows here.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} Before Mesos 0.23 the reason is not told, and the rule is normal.`,
    dashboard: 'mesos-agents',
    todo: `As for [Agents unreachable](#mesos-agents-unreachable), which says what is away now; this one says what was away. If it fires
again and again while agents come back, compare the lost agents' racks and zones (the graph's markers), and look at
\`--agent_ping_timeout\` and \`--max_agent_ping_timeouts\` of the master: by default an agent is given up after 75 s.`,
  },
  {
    uid: 'mesos-agents-fewer',
    title: 'Fewer agents than an hour ago',
    group: 'Agents',
    severity: 'warning',
    for: '10m',
    query: (d) => promqlNow(`1 - ${known}) / (${known} offset ${d('1h')}) > 0)`),
    fires: { gt: 0.05 },
    value: 'percent',
    summary: '{{value}} of the agents of an hour ago are gone',
    description: 'More than one agent in twenty. Their capacity is missing, whatever the reason why they left.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} In the first hour of the history there is nothing to compare with, and the rule is normal.`,
    dashboard: 'mesos-agents',
    todo: `Unlike the rules on unreachable and lost agents this one also sees agents that were stopped in order, marked gone or that
register with another master. Compare with what was planned: maintenance, a smaller autoscaling group, a new AMI whose agents do
not start. Where a scale-down is normal, raise the threshold from 0.05.`,
  },
  {
    uid: 'mesos-agent-draining-long',
    title: 'Agent draining too long',
    group: 'Agents',
    severity: 'info',
    for: '1h',
    query: () => promqlNow('sum by (cluster, agent) (mesos_agent_state{state="draining"})', orFine('state')),
    fires: { gt: 0 },
    value: 'count',
    summary: 'agent {{labels.agent}} has been draining for an hour',
    description: 'Some of its tasks do not end. Whoever waits for the maintenance waits in vain.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-agents',
    todo: `The dashboard _Mesos agents_ lists what still runs there. A task that ignores its kill, or whose framework set a long kill
grace period, keeps the agent draining: \`max_grace_period\` of \`DRAIN_AGENT\` bounds it. An unreachable agent that drains stays so
until it comes back or is marked gone. To give up: \`REACTIVATE_AGENT\`.`,
  },
];
