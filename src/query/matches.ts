// The names of the series of a query, for menus of labels and values. They are
// names of the catalogue, never a user's text.
import type { Catalogue, CatalogueSeries } from '../resources';
import { queryTypeOf } from './defaults';
import type { MesosQuery } from './types';

/** Returns the names of the series whose labels a builder query can use; none where they are not known. */
export function seriesOf(query: MesosQuery, { series }: Catalogue): string[] {
  if (queryTypeOf(query) !== 'metrics') {
    return [];
  }
  if (query.metric) {
    return series.some(({ name }) => name === query.metric) ? [query.metric] : [];
  }
  if (query.measure === 'fits') {
    // Room is calculated from what agents have, also the cluster's.
    return seriesOf({ ...query, entity: 'agent', resource: 'cpus', measure: 'capacity' }, { series } as Catalogue);
  }
  const info = INFO_OF[query.entity ?? ''] ?? [];
  return [...ownSeries(query, series), ...series.filter(({ name }) => info.includes(name))].map(({ name }) => name);
}

function ownSeries({ entity, resource, measure }: MesosQuery, series: CatalogueSeries[]): CatalogueSeries[] {
  const ofEntity = series.filter((one) => one.entity === entity);
  if (resource === 'tasks') {
    return ofEntity.filter(({ name }) => name.startsWith(`mesos_${entity}_tasks`));
  }
  const ofResource = ofEntity.filter((one) => one.resource === resource);
  // A calculated measure (free, utilization) has no series of its own.
  const exact = ofResource.filter((one) => one.measure === measure);
  return [exact, ofResource, ofEntity].find((list) => list.length > 0) ?? [];
}

// Info labels an entity can be filtered and grouped by (QUERIES, "groupBy").
const INFO_OF: Record<string, string[]> = {
  agent: ['mesos_agent_info'],
  framework: ['mesos_framework_info'],
  task: ['mesos_agent_info', 'mesos_framework_info'],
  executor: ['mesos_agent_info', 'mesos_framework_info'],
};
