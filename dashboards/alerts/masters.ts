// Rules on masters: the leader, its followers, registrar and allocator.
import { type Alert, KEEPS, orFine, promqlNow } from './alert.ts';

export const masters: Alert[] = [
  {
    uid: 'mesos-master-not-answering',
    title: 'Mesos master not answering',
    group: 'Masters',
    severity: 'critical',
    for: '2m',
    // The queries of this rule also keep the polling going when nobody looks.
    query: () => promqlNow('min by (cluster) (mesos_up{poll="snapshot"})'),
    fires: { lt: 1 },
    value: 'count',
    summary: 'the leading master does not answer',
    description:
      'Its series have a gap. Tasks run on without a master, but none is started. Save & test of the data source shows why the master does not answer, the dashboard since when.',
    noData: 'Alerting',
    error: 'Alerting',
    otherwise:
      'No data means that nothing is polled, an error that the first poll has not succeeded: both are the fault that this rule is about. `for` covers the start, when the first evaluation may come before the first poll.',
    dashboard: 'mesos-overview',
    todo: `Press _Save & test_ in the data source's settings: it names the master that was asked and what went wrong. Then:

1. \`network\` or \`timeout\`: check that the masters run, and that Grafana's server reaches them (\`curl http://MASTER:5050/health\`).
2. \`auth\` or \`forbidden\`: the credentials or ACLs of the data source's principal have changed.
3. \`no_leader\`: see [Mesos has no leader](#mesos-leader-missing).
4. \`tls\`, \`not_mesos\`: something else answers on that address, such as a proxy.

Running tasks are not affected for as long as agents wait for a master. Other rules keep their state meanwhile.`,
  },
  {
    uid: 'mesos-leader-missing',
    title: 'Mesos has no leader',
    group: 'Masters',
    severity: 'critical',
    for: '1m',
    query: (d) =>
      promqlNow(
        '((1 - min by (cluster) (mesos_up{poll="snapshot"})) and on (cluster) ',
        `sum by (cluster) (increase(mesos_poll_failures_total{poll="snapshot",category=~"no_leader|recovering"}[${d('5m')}])) > 0)`,
        ' or 0 * min by (cluster) (mesos_up{poll="snapshot"})'
      ),
    fires: { gt: 0 },
    value: 'count',
    summary: 'masters answer, but none leads',
    description:
      'No task can be started, and frameworks get no offers. Elections take seconds: after a minute something is in their way.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-masters',
    todo: `Masters elect a leader through ZooKeeper, and a new leader needs a quorum of the replicated log.

1. Is ZooKeeper up? \`echo ruok | nc ZK 2181\`. Masters without it exit, or wait: their log says \`Lost leadership\` or \`session expired\`.
2. Do as many masters run as \`--quorum\` needs? \`mesos_registrar_log_recovered\` is 1 on those whose log is recovered.
3. A master that is elected and exits again and again says why in its log: mostly \`registrar\` time-outs, from slow disks.`,
  },
  {
    uid: 'mesos-leader-changes',
    title: 'Leader changes often',
    group: 'Masters',
    severity: 'warning',
    for: '0s',
    query: (d) => promqlNow(`sum by (cluster) (increase(mesos_events_total{kind="master"}[${d('1h')}]))`),
    // increase() extrapolates to the whole hour: 2 may be a little more.
    fires: { gt: 2.5 },
    value: 'count',
    summary: '{{value}} new leaders within an hour',
    description:
      'With each change agents and frameworks register anew, and nothing is started meanwhile. Something makes masters lose their leadership.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-masters',
    todo: `The graphs' markers name the leaders and their times. In the log of the master that lost its leadership look for

- \`session expired\`: its connection to ZooKeeper was too slow. Check the network, garbage collection and disks of ZooKeeper;
- \`registrar\`: writing the registry took longer than \`--registry_store_timeout\`: see [Registrar slow](#mesos-registrar-slow);
- the end of the process: memory, or a crash.

A planned rolling restart of the masters fires this rule, too: silence it for an hour.`,
  },
  {
    uid: 'mesos-follower-missing',
    title: 'A standby master is missing',
    group: 'Masters',
    severity: 'warning',
    for: '10m',
    query: (d) =>
      promqlNow(
        '((max by (cluster) (mesos_registrar_log_ensemble_size) - count by (cluster) (mesos_master_uptime_seconds))',
        ' or (1 - min by (cluster) (mesos_up{poll="followers"})))',
        ` and on (cluster) count by (cluster) (last_over_time(mesos_up{poll="followers"}[${d('1d')}]))`,
        orFine('snapshot')
      ),
    fires: { gt: 0 },
    value: 'count',
    summary: '{{value}} of the masters did not answer for ten minutes',
    description:
      'The cluster works, but with fewer masters left to take over. One failure more may leave it without a leader.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} Where the data source knows one master only, such as a load balancer, the rule has nothing to count and is normal.`,
    dashboard: 'mesos-masters',
    todo: `_Save & test_ lists the masters with the error of each. Start the one that is missing, and look at the end of its log. If it
was taken away for good, change \`--quorum\` and the ensemble as Mesos' documentation on replicated logs describes, and remove it
from the data source's masters. Before Mesos 1.4 the size of the ensemble is not told: then masters that are named in the data source and do not answer fire the rule.`,
  },
  {
    uid: 'mesos-registrar-slow',
    title: 'Registrar slow',
    group: 'Masters',
    severity: 'warning',
    for: '5m',
    query: () => promqlNow('max by (cluster) (mesos_registrar_state_store_last_seconds)'),
    fires: { gt: 5 },
    value: 'seconds',
    summary: 'writing the registry took {{value}}',
    description:
      'Agents register, become unreachable and leave only when the registry is written. A leader whose write takes longer than --registry_store_timeout (20 s) exits.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-masters',
    todo: `The replicated log is on the disk of \`--work_dir\` of each master, and a write needs a quorum of them.

1. Look for slow disks: \`iostat -x 1\` on all masters. The log wants its own, or an SSD.
2. Look at the network between masters.
3. \`mesos_registrar_registry_size_bytes\`: a large registry, from many unreachable or gone agents, is written as a whole. \`--registry_max_agent_age\` and \`--registry_max_agent_count\` bound it.

The number is that of the latest write; it stays until the next one, which an agent's registration makes.`,
  },
  {
    uid: 'mesos-event-queue-growing',
    title: 'Event queue of the leader growing',
    group: 'Masters',
    severity: 'warning',
    for: '5m',
    query: (d) =>
      promqlNow(
        ['messages', 'dispatches', 'http_requests']
          .map((kind) => `max by (cluster) (min_over_time(mesos_master_event_queue_${kind}[${d('10m')}]))`)
          .join(' + ')
      ),
    fires: { gt: 500 },
    value: 'count',
    summary: 'never fewer than {{value}} events waited in a master in the last ten minutes',
    description:
      'The master handles events one after another and does not keep up: agents and frameworks time out when it goes on.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-masters',
    todo: `Find what keeps the master busy:

1. Who reads \`/state\`, \`/tasks\` or \`/slaves\` often? Each such response costs the master CPU time. This plugin's share is in _Save & test_ and in \`mesos_poll_duration_seconds\`; scripts and service discovery are seen in the master's access log.
2. Does a framework decline all offers at once, or reconcile all its tasks in a loop? \`mesos_framework_calls_by_type_total\` by framework.
3. Is one core of the leader's host at 100 %? The master's actor uses one: a faster core helps, more cores do not.`,
  },
  {
    uid: 'mesos-allocation-slow',
    title: 'Allocation slow',
    group: 'Masters',
    severity: 'warning',
    for: '10m',
    query: (d) =>
      promqlNow(
        ['run', 'run_latency']
          .map(
            (what) =>
              `max by (cluster) (avg_over_time(mesos_allocator_mesos_allocation_${what}_last_seconds[${d('10m')}]))`
          )
          .join(' + ')
      ),
    fires: { gt: 2 },
    value: 'seconds',
    summary: 'an allocation takes {{value}} from its request to its end',
    description:
      'Frameworks wait for offers that long. Above --allocation_interval (1 s) the allocator does not keep up with its own schedule.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} Before Mesos 1.3 the latency is not told, and the rule is normal.`,
    dashboard: 'mesos-masters',
    todo: `A run costs time by agents x roles x frameworks.

1. Do idle frameworks suppress offers? Each that does not is visited in every run: \`mesos_framework_role_suppressed\`.
2. Are there thousands of offer filters (\`mesos_allocator_mesos_offer_filters_roles_active\`)? Frameworks that decline with a short \`refuse_seconds\` cause a run each time.
3. Raise \`--allocation_interval\` to a few seconds in clusters of thousands of agents.`,
  },
];
