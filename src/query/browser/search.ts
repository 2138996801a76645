// What the metrics browser lists: the series of the catalogue, and those that only this
// cluster has, found by words in names and help.
import { partition } from 'lodash';

import type { Catalogue, CatalogueSeries, SeriesCounts } from '../../resources';

export interface Metric extends CatalogueSeries {
  /** How many series have the name now; undefined while that is not known. */
  series?: number;
  /** True where the catalogue does not have it: a key of another version of Mesos. */
  unknown?: boolean;
}

export interface Search {
  /** Words that name or help contain, all of them. */
  text: string;
  /** An entity, or NO_ENTITY. */
  entity?: string;
  type?: string;
  /** Only what has series now. */
  present?: boolean;
}

/** The choice of series that are no entity's. */
export const NO_ENTITY = 'none';

/** Returns the series of the catalogue, and those that were counted beside them, by name. */
export function metricsOf(catalogue: Catalogue, counts?: SeriesCounts): Metric[] {
  const known = new Set(catalogue.series.map(({ name }) => name));
  const seriesOf = (name: string) => counts && (counts.series[name] ?? (counts.part ? undefined : 0));
  const others = Object.keys(counts?.series ?? {})
    .filter((name) => !known.has(name))
    .map((name): Metric => ({ name, type: 'untyped', unit: 'none', help: '', poll: '', unknown: true }));
  return [...catalogue.series, ...others]
    .map((metric) => ({ ...metric, series: seriesOf(metric.name) }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

/**
 * Returns what a search finds: first names that begin with the text, then names with its words, then help; in each of
 * these, metrics without series are last.
 */
export function find(metrics: Metric[], { text, entity, type, present }: Search): Metric[] {
  const typed = text.trim().toLowerCase();
  const words = typed.split(/\s+/).filter(Boolean);
  const ranks: Metric[][] = [[], [], []];
  for (const metric of metrics) {
    const passes =
      (!entity || (metric.entity ?? NO_ENTITY) === entity) &&
      (!type || metric.type === type) &&
      (!present || metric.series !== 0);
    const rank = passes ? rankOf(metric, typed, words) : undefined;
    if (rank !== undefined) {
      ranks[rank].push(metric);
    }
  }
  return ranks.flatMap((rank) => partition(rank, ({ series }) => series !== 0).flat());
}

function rankOf({ name, help }: Metric, typed: string, words: string[]): 0 | 1 | 2 | undefined {
  const inName = name.toLowerCase();
  if (inName.startsWith(typed)) {
    return 0;
  }
  if (words.every((word) => inName.includes(word))) {
    return 1;
  }
  const all = `${inName} ${help.toLowerCase()}`;
  return words.every((word) => all.includes(word)) ? 2 : undefined;
}

/** Returns the entities, or the types, that there are, in the order of the catalogue. */
export function valuesOf(metrics: Metric[], of: (metric: Metric) => string): string[] {
  return [...new Set(metrics.map(of))];
}
