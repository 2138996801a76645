// Rules on capacity: what is allocated of it, what still has room, and for how long.
import { measure, type QuerySpec } from '../query.ts';
import { type Alert, KEEPS, orFine, promqlNow } from './alert.ts';

/** The resources that have a capacity, as texts name them, and the ends of their series' names. */
const RESOURCES = [
  { name: 'CPU', series: 'cpus', end: '' },
  { name: 'memory', series: 'memory', end: '_bytes' },
  { name: 'disk', series: 'disk', end: '_bytes' },
];

/** Returns a union over the resources, each with the label `resource`. expr gets a function that returns the name of a series. */
const eachResource = (expr: (series: (entity: string, measure: string) => string) => string): string =>
  RESOURCES.map(({ name, series, end }) => {
    const one = expr((entity, measure) => `mesos_${entity}_${series}_${measure}${end}`);
    return `label_replace(${one}, "resource", "${name}", "", "")`;
  }).join(' or ');

const utilization = (resource: 'cpus' | 'memory' | 'disk'): QuerySpec => ({
  ...measure('cluster', resource, 'utilization'),
  groupBy: ['cluster'],
  instant: true,
});

const nearlyAllocated = {
  group: 'Capacity',
  severity: 'warning',
  for: '5m',
  fires: { gt: 0.9 },
  value: 'percent',
  noData: 'KeepLast',
  error: 'KeepLast',
  otherwise: KEEPS,
} as const;

export const capacity: Alert[] = [
  {
    ...nearlyAllocated,
    uid: 'mesos-cpu-utilization',
    title: 'CPU utilization high',
    query: () => utilization('cpus'),
    summary: '{{value}} of the CPUs are allocated',
    description:
      'More than 90 % for five minutes: large tasks may find no agent with enough free CPU. The dashboard shows to whom it is allocated.',
    dashboard: 'mesos-overview',
    todo: `Allocated is not used: the dashboard _Mesos measured use_ shows which frameworks use little of what they were given. Lower their
tasks' CPUs, limit a role by quota, or add agents. Memory is often the other bound: see [Memory utilization high](#mesos-memory-utilization).`,
  },
  {
    ...nearlyAllocated,
    uid: 'mesos-memory-utilization',
    title: 'Memory utilization high',
    query: () => utilization('memory'),
    summary: '{{value}} of the memory is allocated',
    description: 'More than 90 % for five minutes: large tasks may find no agent with enough free memory.',
    dashboard: 'mesos-capacity',
    todo: `As for [CPU](#mesos-cpu-utilization). Memory of tasks cannot be given too low, as they are killed at their limit: compare
with measured use (\`mesos_framework_memory_used_bytes\`) before you lower it.`,
  },
  {
    ...nearlyAllocated,
    uid: 'mesos-disk-utilization',
    title: 'Disk utilization high',
    query: () => utilization('disk'),
    summary: '{{value}} of the disk is allocated',
    description: 'More than 90 % for five minutes. Persistent volumes are allocated for as long as they exist.',
    dashboard: 'mesos-capacity',
    todo: `Disk here is what tasks and volumes were given, not what is written. Look for volumes of frameworks that are gone (table
\`reservations\`), and destroy and unreserve them. How full the hosts' file systems are Mesos does not tell: watch those elsewhere.`,
  },
  {
    uid: 'mesos-role-quota',
    title: 'Role near its quota',
    group: 'Capacity',
    severity: 'info',
    for: '15m',
    query: () =>
      promqlNow(
        eachResource(
          (s) =>
            `sum by (cluster, role) (${s('role', 'quota_consumed')}) / (sum by (cluster, role) (${s('role', 'quota_limit')}) > 0) > 0.95`
        ),
        orFine('roles')
      ),
    fires: { gt: 0.95 },
    value: 'percent',
    summary: 'role {{labels.role}} has consumed {{value}} of its {{labels.resource}} limit',
    description: 'Its frameworks get no more offers of it, however much is free in the cluster.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} Without limits (before Mesos 1.9, or where none is set) the rule is normal.`,
    dashboard: 'mesos-roles',
    todo: `Expected for batch roles that take what they get: raise the threshold, or filter \`role!~"batch.*"\` there. Otherwise see in _Mesos
roles_ which framework holds it, and raise the limit (\`UPDATE_QUOTA\`). Reservations count as consumed even if nothing runs in them.`,
  },
  {
    uid: 'mesos-agent-full',
    title: 'Agent full for long',
    group: 'Capacity',
    severity: 'info',
    for: '1h',
    query: () =>
      promqlNow(
        eachResource(
          (s) =>
            `sum by (cluster, agent) (${s('agent', 'allocated')}) / (sum by (cluster, agent) (${s('agent', 'capacity')}) > 0) > 0.95`
        ),
        orFine('state')
      ),
    fires: { gt: 0.95 },
    value: 'percent',
    summary: 'agent {{labels.agent}} has had {{value}} of its {{labels.resource}} allocated for an hour',
    description:
      'Fine where tasks are packed on purpose. Where the cluster is half empty, something binds tasks to this agent.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-agents',
    todo: `Compare with the other agents in _Mesos agents_. Constraints (a rack, an attribute, one task per host), reservations and volumes
bind tasks to agents. In a cluster that is full everywhere, see [Capacity runs out within three days](#mesos-capacity-forecast) instead.`,
  },
  {
    uid: 'mesos-capacity-forecast',
    title: 'Capacity runs out within three days',
    group: 'Capacity',
    severity: 'warning',
    for: '1h',
    query: (d) => {
      const [window, young, day] = [d('3d'), d('2d'), d('1d')];
      return promqlNow(
        '(',
        eachResource((s) => {
          const allocated = s('cluster', 'allocated');
          const all = `(max by (cluster) (${s('cluster', 'capacity')}) > 0)`;
          return (
            `max by (cluster) (predict_linear(${allocated}[${window}], ${secondsOf(window)})) / ${all}` +
            ` and max by (cluster) (avg_over_time(${allocated}[${day}])) / ${all} > 0.7`
          );
        }),
        ')',
        ` and on (cluster) (time() - max by (cluster) (mesos_history_start_timestamp_seconds) > ${secondsOf(young)})`,
        orFine('state')
      );
    },
    fires: { gt: 1 },
    value: 'percent',
    summary: '{{value}} of the {{labels.resource}} will be allocated in three days, if it goes on like this',
    description:
      'A line through the last three days. It counts only where more than 70 % were allocated over the last day, so that the rhythm of a week does not fire it.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} In the first two days of the history there is no trend, and the rule is normal: keep [history on disk](operations.md).`,
    dashboard: 'mesos-capacity',
    todo: `_Mesos capacity_ shows the line beyond now, and _Mesos frameworks_ who grew. Add agents before the day comes, or agree on quota.
A value far above 100 % comes from one large step, such as a framework that was moved here: wait for a day to see whether it goes on.`,
  },
  {
    uid: 'mesos-no-room',
    title: 'No room for a task',
    group: 'Capacity',
    severity: 'warning',
    for: '10m',
    query: () => ({
      ...measure('cluster', 'tasks', 'fits'),
      shape: { cpus: 1, memory: '2GiB' },
      groupBy: ['cluster'],
      instant: true,
    }),
    fires: { lt: 1 },
    value: 'count',
    summary: 'no agent has room for a task of 1 CPU and 2 GiB',
    description: 'Free resources may be plenty, but no active agent has both at once.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: KEEPS,
    dashboard: 'mesos-capacity',
    todo: `Change \`shape\` to the largest task that must always find room; copy the rule for others. _Mesos capacity_ shows what is free on the
agents: many small remainders are fragmentation, which larger agents or smaller tasks reduce. Agents that are deactivated or drain have no room.`,
  },
  {
    uid: 'mesos-offers-starved',
    title: 'Framework gets no offers',
    group: 'Capacity',
    severity: 'warning',
    for: '10m',
    query: (d) =>
      promqlNow(
        'count by (cluster, framework) ((',
        `sum by (cluster, framework, framework_id) (increase(mesos_framework_offers_sent_total[${d('30m')}])) < 0.5`,
        ' and on (cluster, framework_id) mesos_framework_state{state="active"}',
        ` and on (cluster, framework_id) mesos_framework_offers_sent_total offset ${d('30m')}`,
        ') unless on (cluster, framework_id) min by (cluster, framework_id) (mesos_framework_role_suppressed) == 1)',
        orFine('snapshot')
      ),
    fires: { gt: 0 },
    value: 'count',
    summary: 'framework {{labels.framework}} got no offer in half an hour',
    description: 'It is connected and does not suppress offers. It can start nothing.',
    noData: 'KeepLast',
    error: 'KeepLast',
    otherwise: `${KEEPS} Before Mesos 1.7 offers are not counted per framework, and the rule is normal.`,
    dashboard: 'mesos-frameworks',
    todo: `1. Is anything free? [CPU](#mesos-cpu-utilization), [memory](#mesos-memory-utilization): a full cluster has nothing to offer.
2. Is its role at its quota limit ([Role near its quota](#mesos-role-quota)), or are quota guarantees of others laid aside?
3. Does it decline with filters of hours (\`refuse_seconds\`)? \`REVIVE\` clears them.
4. Do other frameworks hold offers without answering? \`--offer_timeout\` of the master takes them back.`,
  },
];

/** The seconds of a duration of one unit. */
export function secondsOf(duration: string): number {
  const [, n, unit] = /^(\d+)([smhd])$/.exec(duration) ?? [];
  if (n === undefined) {
    throw new Error(`"${duration}" is not a duration: write for example 30s, 15m, 1h or 3d`);
  }
  return Number(n) * { s: 1, m: 60, h: 3600, d: 86_400 }[unit as 's' | 'm' | 'h' | 'd'];
}
