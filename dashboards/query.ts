// Queries of this data source as the Foundation SDK's builders take them. Their
// keys are those of pkg/query/model.go, by way of the types generated from it.
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

import type {
  EventsQuery,
  Filter,
  LogsQuery,
  MetricsQuery,
  PromQLQuery,
  SQLQuery,
  TableQuery,
} from '../src/query/types.gen.ts';

export const pluginId = 'community-mesos-datasource';

/**
 * The data source of provisioning/datasources/mesos.yaml. The provisioned rules evaluate it and the provisioned dashboards
 * open on it, so that a rule's link shows the cluster that it is about.
 */
export const provisionedSource = { name: 'Mesos', uid: 'mesos' };

/** A reference to the data source that a dashboard's variable names. */
export const datasource = { type: pluginId, uid: '${datasource}' };

type Nameless<Q> = Omit<Q, 'refId' | 'datasource'>;

/** A builder's query without its name and data source, which its place gives it. */
export type Metrics = Nameless<MetricsQuery>;

/** A query of a panel or a rule, without name and data source as well. */
export type QuerySpec =
  | Metrics
  | Nameless<PromQLQuery>
  | Nameless<EventsQuery>
  | Nameless<TableQuery>
  | Nameless<SQLQuery>
  | Nameless<LogsQuery>;

/** The query with a name, of the data source that the dashboard's variable names or of `of`. */
export function query(refId: string, spec: QuerySpec, of: { type: string; uid: string } = datasource): object {
  return { refId, datasource: of, ...spec };
}

/** Returns an object as the builder type that the SDK expects. Its types have a marker method, which JSON does not hold. */
export function built(plain: object): Builder<Dataquery> {
  return { build: () => plain as Dataquery };
}

/** The kinds of resource that have units of their own. */
export type Resource = 'cpus' | 'gpus' | 'memory' | 'disk';

/** The variables that filter, by the label whose values they are. */
export type Label = 'cluster' | 'framework' | 'agent' | 'role';

/** Returns the filters on variables. All is a regular expression that matches future values as well. */
export const by = (...labels: Label[]): Filter[] =>
  labels.map((label) => ({ label, operator: '=~', value: `$${label}` }));

/** Returns the same filters as matchers of PromQL. */
export const matching = (...labels: Label[]): string => labels.map((label) => `${label}=~"$${label}"`).join(',');

/** The matcher that every selector of a dashboard has. */
export const inCluster = matching('cluster');

/** A query of the builder: entity, resource and measure, without any variable. */
export const measure = (
  entity: Metrics['entity'],
  resource: Metrics['resource'],
  name: Metrics['measure']
): Metrics => ({ queryType: 'metrics', entity, resource, measure: name });

/** A query of the builder: entity, resource and measure, of the chosen cluster and of what else is chosen. */
export const of = (
  entity: Metrics['entity'],
  resource: Metrics['resource'],
  name: Metrics['measure'],
  ...chosen: Label[]
): Metrics => ({ ...measure(entity, resource, name), filters: by('cluster', ...chosen) });

/** A metric by its name. */
export const metric = (name: string, more: Metrics = {}): Metrics => ({
  queryType: 'metrics',
  metric: name,
  filters: by('cluster'),
  ...more,
});

/** A PromQL query. Its selectors have `inCluster`. */
export const promql = (expr: string, more: Omit<Nameless<PromQLQuery>, 'queryType' | 'expr'> = {}): QuerySpec => ({
  queryType: 'promql',
  expr,
  ...more,
});

/**
 * Returns the efficiency of CPU: used of allocated, over the half hour before. A container's use is its mean since the reading before,
 * and its allocation is as of the reading: at one moment an executor whose tasks have just ended seems to use many times what it has.
 * Over a time both are of the same span.
 */
export function cpuEfficiency(entity: 'cluster' | 'framework' | 'agent', ...chosen: Label[]): string {
  const by = entity === 'cluster' ? '' : ` by (${entity}) `;
  const sum = (measure: string) =>
    `sum${by}(sum_over_time(mesos_${entity}_cpus_${measure}{${matching('cluster', ...chosen)}}[30m]))`;
  return `${sum('used')} / (${sum('measured')} > 0)`;
}

/** Rows of a table as it is now. */
export const rowsOf = (table: string, columns: string[], more: Partial<Nameless<TableQuery>> = {}): QuerySpec => ({
  queryType: 'table',
  table,
  columns,
  ...more,
});

/** Rows of a statement, which is written in one line. Other spaces than those between words stay, such as those that indent. */
export const sql = (statement: string): QuerySpec => ({
  queryType: 'sql',
  sql: statement.replace(/[ \n]+/g, ' ').trim(),
});

/** What happened in the time range. */
export const events = (more: Omit<Nameless<EventsQuery>, 'queryType'>): QuerySpec => ({ queryType: 'events', ...more });
