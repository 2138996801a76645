// What the builder offers for a query, and what a choice does to the others.
// All of it is read from the backend's catalogue: which combinations exist is
// said once, in Go. A value the catalogue does not know (a variable, an entity
// of a newer version) is kept and shown.
import type { ComboboxOption } from '@grafana/ui';

import type { Catalogue, CatalogueEntity, CatalogueSeries } from '../../resources';
import { nameOf } from '../names';
import type { MesosQuery } from '../types';

export function entityOf(query: MesosQuery, catalogue?: Catalogue): CatalogueEntity | undefined {
  return catalogue?.entities.find(({ entity }) => entity === query.entity);
}

export function metricOf(query: MesosQuery, catalogue?: Catalogue): CatalogueSeries | undefined {
  return catalogue?.series.find(({ name }) => name === query.metric);
}

/** Values as menu options, the current one among them also where it is none of them. */
export function options(values: string[], current?: string): ComboboxOption[] {
  const all = !current || values.includes(current) ? values : [current, ...values];
  return all.map((value) => ({ value, label: value.includes('$') ? value : nameOf(value) }));
}

export function entityOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  return options(catalogue?.entities.map(({ entity }) => entity) ?? [], query.entity);
}

export function resourceOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  return options(entityOf(query, catalogue)?.resources ?? [], query.resource);
}

export function measureOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  const measures = entityOf(query, catalogue)?.measures[query.resource ?? ''] ?? [];
  return options(measures, query.measure);
}

/** Series of the catalogue, with what they are as description. */
export function metricOptions(catalogue?: Catalogue): ComboboxOption[] {
  return (catalogue?.series ?? []).map(({ name, type, help }) => ({ value: name, description: `${help} (${type})` }));
}

/** Another entity: its default grouping, and a resource and measure it has. */
export function withEntity(query: MesosQuery, entity: string, catalogue?: Catalogue): MesosQuery {
  const { groupBy: _other, ...rest } = query;
  const changed: MesosQuery = { ...rest, entity };
  const known = entityOf(changed, catalogue);
  if (!known) {
    return changed;
  }
  return withResource(changed, keepOrFirst(known.resources, query.resource), catalogue);
}

/** Another resource: the same measure where it has it. */
export function withResource(query: MesosQuery, resource: string | undefined, catalogue?: Catalogue): MesosQuery {
  const changed: MesosQuery = { ...query, resource };
  const measures = entityOf(changed, catalogue)?.measures[resource ?? ''];
  return measures ? withMeasure(changed, keepOrFirst(measures, query.measure), catalogue) : changed;
}

/** Another measure: what only counters have goes with them. */
export function withMeasure(query: MesosQuery, measure: string | undefined, catalogue?: Catalogue): MesosQuery {
  return fitCounter({ ...query, measure }, catalogue);
}

/** A series of the catalogue instead of an entity's measure. */
export function withMetric(query: MesosQuery, metric: string, catalogue?: Catalogue): MesosQuery {
  const { entity: _entity, resource: _resource, measure: _measure, ...rest } = query;
  return fitCounter({ ...rest, metric }, catalogue);
}

/** Whether the numbers asked for are a counter's; undefined while that is not known. */
export function isCounter(query: MesosQuery, catalogue?: Catalogue): boolean | undefined {
  if (query.metric !== undefined) {
    const metric = metricOf(query, catalogue);
    return metric && metric.type === 'counter';
  }
  if (query.resource !== 'tasks') {
    return false; // amounts go up and down
  }
  return entityOf(query, catalogue)?.counters?.includes(query.measure ?? '');
}

function fitCounter(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const { rate, forecast, ...rest } = query;
  switch (isCounter(query, catalogue)) {
    case true: // no forecast of a counter
      return rate === undefined ? rest : { ...rest, rate };
    case false: // no rate of anything else
      return forecast === undefined ? rest : { ...rest, forecast };
    default:
      return query;
  }
}

function keepOrFirst(values: string[], current?: string): string | undefined {
  return current && (values.includes(current) || current.includes('$')) ? current : values[0];
}
