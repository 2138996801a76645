// Queries of this data source as the Foundation SDK's builders take them. Their
// keys are those of pkg/query/model.go, by way of the types generated from it.
import type { Builder, Dataquery } from '@grafana/grafana-foundation-sdk/cog';

import type { MetricsQuery, PromQLQuery, SQLQuery } from '../src/query/types.gen.ts';

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
export type QuerySpec = Metrics | Nameless<PromQLQuery> | Nameless<SQLQuery>;

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

/** A query of the builder: entity, resource and measure. */
export const of = (entity: Metrics['entity'], resource: Metrics['resource'], measure: Metrics['measure']): Metrics => ({
  queryType: 'metrics',
  entity,
  resource,
  measure,
});

/** A metric by its name. */
export const metric = (name: string, more: Metrics = {}): Metrics => ({ queryType: 'metrics', metric: name, ...more });

/** A PromQL query. */
export const promql = (expr: string, more: { legendFormat?: string; instant?: boolean } = {}): QuerySpec => ({
  queryType: 'promql',
  expr,
  ...more,
});

/** The filter on the variable `framework`. All is a regular expression that matches future frameworks as well. */
export const chosen: Metrics = { filters: [{ label: 'framework', operator: '=~', value: '$framework' }] };
