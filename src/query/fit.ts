// What of a query its entity or series has. Which combinations exist is defined
// once, in Go, and read here from the backend's catalogue.
import { difference, differenceWith, isEqual, omit, pickBy } from 'lodash';

import { t } from '../i18n';
import type { Catalogue, CatalogueEntity, CatalogueSeries } from '../resources';
import { conditions } from './displayText';
import type { MesosQuery } from './types';

export function entityOf(query: MesosQuery, catalogue?: Catalogue): CatalogueEntity | undefined {
  return query.metric === undefined ? catalogue?.entities.find(({ entity }) => entity === query.entity) : undefined;
}

export function metricOf(query: MesosQuery, catalogue?: Catalogue): CatalogueSeries | undefined {
  return catalogue?.series.find(({ name }) => name === query.metric);
}

/**
 * Returns the labels to filter and group by; a trailing * stands for any ending. Undefined where the entity or series is
 * not in the catalogue.
 */
export function labelsOf(query: MesosQuery, catalogue?: Catalogue): string[] | undefined {
  const metric = metricOf(query, catalogue);
  if (metric) {
    return ['cluster', ...(metric.labels ?? []), ...(metric.openLabels ?? [])];
  }
  if (query.measure === 'fits') {
    return entityOf({ ...query, entity: 'agent' }, catalogue)?.labels; // also the cluster's room is that of its agents
  }
  const entity = entityOf(query, catalogue);
  return entity && ['cluster', ...entity.labels, ...(entity.resourceLabels?.[query.resource ?? ''] ?? [])];
}

/** Reports whether the numbers asked for are a counter's; undefined while that is not known. */
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

/**
 * Returns the query with a resource and measure that its entity has, with the group that its measure needs, and without
 * filters, groups, aggregate, rate and forecast that its entity or series does not have. Is called after a change of
 * entity, resource, measure or series. Variables, and what the catalogue does not know (a newer backend's entity), are
 * kept.
 */
export function fit(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const fits = [fitMeasure, fitLabels, fitGroups, fitAggregate, fitCounter, fitShape];
  return fits.reduce((fitted, next) => next(fitted, catalogue), query);
}

/** Keys of what fit removes or replaces, which an editor brings back. */
const REMOVED = ['resource', 'measure', 'filters', 'groupBy', 'aggregate', 'rate', 'forecast', 'shape'] as const;
const SUBJECT = ['entity', 'resource', 'measure', 'metric'] as const;

/** A fitted query, and the one that it was fitted from. */
export interface Fitted {
  query: MesosQuery;
  from: MesosQuery;
}

/**
 * Returns the query after a change of its subject, as fit does, with what the last change removed where it fits again and
 * nobody wrote something else since: an entity that is chosen and left again costs no filters.
 */
export function fitAgain(before: MesosQuery, changed: MesosQuery, catalogue?: Catalogue, last?: Fitted): Fitted {
  const from: MesosQuery = { ...changed };
  if (last && SUBJECT.every((key) => before[key] === last.query[key])) {
    for (const key of REMOVED) {
      if (isEqual(changed[key], last.query[key])) {
        Object.assign(from, { [key]: last.from[key] });
      }
    }
    if (!isEqual(changed.filters, last.query.filters)) {
      const removed = differenceWith(last.from.filters, last.query.filters ?? [], isEqual);
      from.filters = [...(changed.filters ?? []), ...removed];
    }
  }
  return { query: fit(pickBy(from, (value) => value !== undefined) as unknown as MesosQuery, catalogue), from };
}

/**
 * Returns the filters and groups that a change of the subject left out of the query because what is asked now lacks their
 * labels, as texts: framework=marathon. None after another change of the subject.
 */
export function removedBy(query: MesosQuery, last?: Fitted): string[] {
  if (!last || !SUBJECT.every((key) => query[key] === last.query[key])) {
    return [];
  }
  const filters = differenceWith(last.from.filters ?? [], last.query.filters ?? [], isEqual);
  const groups = difference(last.from.groupBy ?? [], last.query.groupBy ?? []);
  return [...conditions(filters), ...groups.map((label) => t('query.text.by', 'by {{label}}', { label }))];
}

/** Returns the query with the label that its measure must be grouped by. Without groupBy, the entity's default has it. */
function fitGroups(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const needed = entityOf(query, catalogue)?.needs?.[query.measure ?? ''];
  if (!needed || !query.groupBy || query.groupBy.includes(needed)) {
    return query;
  }
  return query.groupBy.length > 0 ? { ...query, groupBy: [...query.groupBy, needed] } : omit(query, 'groupBy');
}

function fitAggregate(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const isRatio = entityOf(query, catalogue)?.ratios?.includes(query.measure ?? '');
  return isRatio && query.aggregate === 'count' ? omit(query, 'aggregate') : query;
}

/** Returns the query with a shape where its measure needs one, and without one elsewhere: the backend refuses that. */
function fitShape(query: MesosQuery): MesosQuery {
  if (query.metric === undefined && query.measure === 'fits') {
    return { ...query, shape: query.shape ?? { cpus: 1, memory: '1GiB' } };
  }
  return query.metric === undefined && isVariable(query.measure ?? '') ? query : omit(query, 'shape');
}

function fitMeasure(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const entity = entityOf(query, catalogue);
  if (!entity) {
    return query;
  }
  const resource = keepOrFirst(entity.resources, query.resource);
  const measures = entity.measures[resource ?? ''];
  return { ...query, resource, measure: measures ? keepOrFirst(measures, query.measure) : query.measure };
}

function fitLabels(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  const labels = labelsOf(query, catalogue);
  if (!labels) {
    return query;
  }
  const has = (label: string) => isVariable(label) || labels.some((known) => matches(known, label));
  const filters = query.filters?.filter(({ label }) => has(label));
  const groupBy = query.groupBy?.filter(has);
  return {
    ...omit(query, 'filters', 'groupBy'),
    ...(filters?.length && { filters }),
    // An empty list asks for one total. Without any group left, the entity's default holds.
    ...(groupBy && (groupBy.length > 0 || query.groupBy?.length === 0) && { groupBy }),
  };
}

function fitCounter(query: MesosQuery, catalogue?: Catalogue): MesosQuery {
  switch (isCounter(query, catalogue)) {
    case true:
      return omit(query, 'forecast');
    case false:
      return omit(query, 'rate');
    default:
      return query;
  }
}

function keepOrFirst(values: string[], current?: string): string | undefined {
  return current && (values.includes(current) || isVariable(current)) ? current : values[0];
}

function isVariable(text: string): boolean {
  return text.includes('$');
}

function matches(known: string, label: string): boolean {
  return known.endsWith('*') ? label.startsWith(known.slice(0, -1)) : label === known;
}
