// Rules on measured use, and on the plugin's own collection.
import { type Alert, KEEPS, KEEPS_MEASURED, orFine, promqlNow } from './alert.ts';

const container = 'cluster, framework, agent, executor_id';

export const collection: Alert[] = [
  {
    uid: 'mesos-cpu-throttled',
    title: 'Container throttled',
    group: 'Measured use',
    severity: 'info',
    for: '15m',
    query: (d) => {
      const rate = (series: string) => `sum by (${container}) (rate(mesos_executor_cpu_${series}_total[${d('10m')}]))`;
      return promqlNow(`${rate('throttled_periods')} / (${rate('periods')} > 0) > 0.25`, orFine('agents'));
    },
    fires: { gt: 0.25 },
    value: 'percent',
    summary: 'container {{labels.executor_id}} of {{labels.framework}} was throttled in {{value}} of its CPU periods',
    description: 'It wants more CPU than its limit, and waits: latencies rise although the host may be idle.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS_MEASURED} So it is where the history of single tasks is not kept, which is an error.`,
    dashboard: 'mesos-use',
    todo: `Give the task more CPUs, or make it use fewer threads: short bursts of many threads are throttled even at a low average. Agents limit
CPU only with \`--cgroups_enable_cfs\`, and tell these counters only with cgroups.`,
  },
  {
    uid: 'mesos-near-out-of-memory',
    title: 'Near out of memory',
    group: 'Measured use',
    severity: 'warning',
    for: '5m',
    query: () =>
      promqlNow(
        `max by (${container}) (mesos_executor_memory_rss_bytes / (mesos_executor_memory_limit_bytes > 0)) > 0.95`,
        orFine('agents')
      ),
    fires: { gt: 0.95 },
    value: 'percent',
    summary: 'container {{labels.executor_id}} of {{labels.framework}} uses {{value}} of its memory limit',
    description: 'Resident memory without page cache. At the limit the kernel kills it, and the task fails.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS_MEASURED,
    dashboard: 'mesos-use',
    todo: `See in _Mesos measured use_ whether its memory grows all the time (a leak: restart it, then fix it) or stays near the limit (raise the
task's memory). Java takes what \`-Xmx\` allows plus a quarter: leave that much room. Tasks that were killed have the reason
\`container_limitation_memory\`.`,
  },
  {
    uid: 'mesos-collection-failing',
    title: 'Collection failing',
    group: 'Collection',
    severity: 'warning',
    for: '10m',
    query: () => promqlNow('min by (cluster, poll) (mesos_up{poll=~"state|roles|agents"})'),
    fires: { lt: 1 },
    value: 'count',
    summary: 'the poll "{{labels.poll}}" has failed for ten minutes',
    description:
      'What it reads has a gap: agents, frameworks and tasks (state), quota (roles) or measured use (agents).',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} No data means that nothing is polled at all, which that rule is about.`,
    dashboard: 'mesos-health',
    todo: `_Save & test_ says what failed and why; \`mesos_poll_failures_total\` counts by category.

- \`state\` with \`timeout\`: the response is large and the master busy. See [Event queue of the leader growing](#mesos-event-queue-growing).
- \`state\` or \`roles\` with \`forbidden\`: the principal lacks permissions.
- \`agents\`: more than half of the agents do not answer Grafana's server. Check \`agentAddress\`, the agents' credentials and the network.`,
  },
  {
    uid: 'mesos-series-dropped',
    title: 'Series dropped',
    group: 'Collection',
    severity: 'warning',
    for: '5m',
    query: () => promqlNow('max by (cluster) (mesos_series_dropped)'),
    fires: { gt: 0 },
    value: 'count',
    summary: '{{value}} series are not kept',
    description:
      '"Series limit" or "Memory limit" is reached. History of single tasks is left out first; sums stay exact.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-health',
    todo: `_Save & test_ says which limit it was, and what it would take. Raise \`maxSeries\` or \`memoryLimit\`, set \`taskSeries: never\` if nobody looks at
the history of single tasks, or name fewer \`taskLabels\`. Rules on single tasks and containers are errors meanwhile, and keep their state.`,
  },
];
