// What an alert rule is, before it becomes Grafana's (../rules.ts). The rules themselves are rows of the tables beside this file.
import type { QuerySpec } from '../query.ts';

/** The dashboards that alerts link to, by their UID. */
export type Dashboard =
  | 'mesos-overview'
  | 'mesos-frameworks'
  | 'mesos-agents'
  | 'mesos-roles'
  | 'mesos-tasks'
  | 'mesos-masters'
  | 'mesos-capacity'
  | 'mesos-use'
  | 'mesos-health';

/** What a rule's state becomes without data, or with an error. */
export type Otherwise = 'OK' | 'KeepLast' | 'Alerting';

/** Returns a duration as rules have it: as written, or shorter for tests in real time. */
export type Duration = (written: string) => string;

export interface Alert {
  /** Its UID on the data source `mesos`, and its anchor in docs/alerts.md. At most 31 characters. */
  uid: string;
  title: string;
  group: 'Masters' | 'Agents' | 'Frameworks and tasks' | 'Capacity' | 'Measured use' | 'Collection';
  severity: 'critical' | 'warning' | 'info';
  /** How long the condition must hold; 0s: one evaluation is enough. */
  for: string;
  /** The query A. Its durations go through `d`. */
  query: (d: Duration) => QuerySpec;
  /** How far before now the query reads events, such as 15m; absent: ten minutes, which instant queries do not use. */
  reach?: string;
  /** The condition B on each number of A. */
  fires: { gt: number } | { lt: number };
  /** How the number is written in texts. */
  value: 'count' | 'percent' | 'seconds';
  /** What is the matter, after "Mesos cluster NAME: ". {{value}} is the number, {{labels.x}} a label. */
  summary: string;
  /** A sentence or two: what it means. */
  description: string;
  noData: Otherwise;
  error: Otherwise;
  /** Why these two. */
  otherwise: string;
  dashboard: Dashboard;
  /** What to do, as Markdown, in docs/alerts.md. */
  todo: string;
}

/** Why most rules keep their state. */
export const KEEPS =
  'While the master cannot be read nothing is known: the state stays, and _Mesos master not answering_ fires.';

/** Why rules on measured use keep theirs. */
export const KEEPS_MEASURED =
  'Without `agentStatistics`, and while agents are not read, nothing is known: the state stays, which is normal from the beginning.';

/**
 * Returns the end of an expression that has only what is wrong: a 0 for the cluster, as long as that poll succeeds. So a rule
 * whose query finds nothing wrong has data, and a rule without data knows nothing.
 */
export const orFine = (poll: 'snapshot' | 'state' | 'roles' | 'agents'): string =>
  ` or 0 * max by (cluster) (mesos_up{poll="${poll}"} == 1)`;

/** Returns a PromQL query of the current value. */
export const promqlNow = (...parts: string[]): QuerySpec => ({
  queryType: 'promql',
  expr: parts.join(''),
  instant: true,
});
