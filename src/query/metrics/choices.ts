// The builder's menus of entities, resources, measures and series. A value the
// catalogue does not have (a variable, an entity of a newer version) is an
// option too.
import type { ComboboxOption } from '@grafana/ui';

import type { Catalogue, CatalogueEntity } from '../../resources';
import { entityOf } from '../fit';
import { nameOf } from '../names';
import type { MesosQuery } from '../types';

/** Returns values as menu options, the current one among them also where it is none of them. */
export function options(values: string[], current?: string): ComboboxOption[] {
  const all = !current || values.includes(current) ? values : [current, ...values];
  return all.map((value) => ({ value, label: value.includes('$') ? value : nameOf(value) }));
}

export function entityOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  return options(catalogue?.entities.map(({ entity }) => entity) ?? [], query.entity);
}

export function resourceOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  return options(unique(entitiesOf(query, catalogue).flatMap(({ resources }) => resources)), query.resource);
}

export function measureOptions(query: MesosQuery, catalogue?: Catalogue): ComboboxOption[] {
  const { resource = '' } = query;
  const measures = entitiesOf(query, catalogue).flatMap(({ measures }) =>
    resource.includes('$') ? Object.values(measures).flat() : (measures[resource] ?? [])
  );
  return options(unique(measures), query.measure);
}

/** Returns the entity of a query; all of them where it is a variable. */
function entitiesOf(query: MesosQuery, catalogue?: Catalogue): CatalogueEntity[] {
  const entity = entityOf(query, catalogue);
  return entity ? [entity] : query.entity?.includes('$') ? (catalogue?.entities ?? []) : [];
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

/** Returns the series of the catalogue, with their help as description. */
export function metricOptions(catalogue?: Catalogue): ComboboxOption[] {
  return (catalogue?.series ?? []).map(({ name, type, help }) => ({ value: name, description: `${help} (${type})` }));
}
