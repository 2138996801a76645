// The names of the series of a query, for menus of labels and values. They are
// names of the catalogue, never a user's text.
import type { Catalogue, CatalogueSeries } from '../resources';
import { queryTypeOf } from './defaults';
import { escapeRegex, escapeString } from './interpolate';
import type { Filter, MesosQuery } from './types';

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

/** The most characters of a filter in a look-up: addresses are bounded by proxies, to 8 kB often. */
const MOST_OF_A_FILTER = 1000;

/**
 * Returns selectors of the named series that have a label, with the filters that they have labels for: of several series
 * those that most filters hold for. Without names, all series that pass the filters.
 */
export function selectorsOf(names: string[], label: string, filters: Filter[], { series }: Catalogue): string[] {
  const matchers = filters.map((filter) => ({ on: filter.label, text: matcherOf(filter) })).filter(({ text }) => text);
  if (names.length === 0) {
    return matchers.length > 0 ? [`{${matchers.map(({ text }) => text).join(',')}}`] : [];
  }
  const having = series
    .filter(({ name, labels = [], openLabels = [] }) => {
      return names.includes(name) && hasLabel(label, labels, openLabels);
    })
    .map(({ name, labels = [], openLabels = [] }) => ({
      name,
      own: matchers.filter(({ on }) => hasLabel(on, labels, openLabels)).map(({ text }) => text),
    }));
  const most = Math.max(...having.map(({ own }) => own.length));
  const chosen = having.filter(({ own }) => own.length === most);
  return chosen.length > 0 ? chosen.map(({ name, own }) => `${name}{${own.join(',')}}`) : names;
}

/**
 * Returns selectors of the named series, each with the filters that it has labels for: filters do not concern the others.
 * Without names, all series that have none of the filters' labels, or pass.
 */
export function selectorsOfAll(names: string[], filters: Filter[], { series }: Catalogue): string[] {
  if (names.length === 0) {
    const matchers = filters.map(matcherOrAbsent).filter(Boolean);
    return matchers.length > 0 ? [`{${['__name__!=""', ...matchers].join(',')}}`] : [];
  }
  return names.map((name) => {
    const { labels = [], openLabels = [] } = series.find((one) => one.name === name) ?? {};
    const own = filters.filter(({ label }) => hasLabel(label, labels, openLabels)).map(matcherOf);
    return `${name}{${own.filter(Boolean).join(',')}}`;
  });
}

/** Returns a filter as a matcher that a series without the label passes, too. */
function matcherOrAbsent({ label, operator, value }: Filter): string {
  if (operator !== '=' && operator !== '=~') {
    return matcherOf({ label, operator, value }); // a label that is absent is another value
  }
  const parts = [value].flat().map((one) => (operator === '=' ? escapeRegex(one) : `(?:${one})`));
  return matcherOf({ label, operator: '=~', value: ['', ...parts].join('|') });
}

function hasLabel(label: string, labels: string[], open: string[]): boolean {
  return (
    label === 'cluster' || labels.includes(label) || open.some((known) => label.startsWith(known.replace(/\*$/, '')))
  );
}

/** Returns a filter as a matcher of PromQL; nothing for one that has none, or is too long. */
function matcherOf({ label, operator, value }: Filter): string {
  const values = [value].flat();
  const exact = operator === '=' || operator === '!=';
  if (!exact && operator !== '=~' && operator !== '!~') {
    return '';
  }
  const regex = exact && values.length > 1 ? ({ '=': '=~', '!=': '!~' } as const)[operator] : operator;
  const alternatives = values.length === 1 ? values : values.map((one) => (exact ? escapeRegex(one) : `(?:${one})`));
  const text = `${label}${regex}"${escapeString(alternatives.join('|'))}"`;
  return /^[a-zA-Z_]\w*$/.test(label) && text.length <= MOST_OF_A_FILTER ? text : '';
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
