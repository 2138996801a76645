// Which labels and values a builder query may use: the menus of filters and
// group by.
import type { Catalogue, MesosResources } from '../../resources';
import { seriesOf } from '../matches';
import type { MesosQuery } from '../types';
import { entityOf, metricOf } from './choices';

/** Labels to filter and group by: the catalogue's, with its open ones (`attr_*`) as they are found in history. */
export async function loadLabels(
  query: MesosQuery,
  catalogue: Catalogue,
  resources: MesosResources
): Promise<string[]> {
  const known = knownLabels(query, catalogue);
  const fixed = known.filter((label) => !label.endsWith('*'));
  const open = known.filter((label) => label.endsWith('*')).map((label) => label.slice(0, -1));
  const found = await resources.labels(seriesOf(query, catalogue)).catch(() => []); // before the first poll: the fixed ones
  const more =
    query.metric === undefined ? found.filter((label) => open.some((start) => label.startsWith(start))) : found;
  return [...new Set([...fixed, ...more])].sort();
}

/** Values of a label among the series the query is about. */
export function loadValues(
  label: string,
  query: MesosQuery,
  catalogue: Catalogue,
  resources: MesosResources
): Promise<string[]> {
  return resources.labelValues(label, seriesOf(query, catalogue));
}

function knownLabels(query: MesosQuery, catalogue: Catalogue): string[] {
  const metric = metricOf(query, catalogue);
  const entity = entityOf(query, catalogue);
  const labels = metric
    ? metric.labels
    : [...(entity?.labels ?? []), ...(entity?.resourceLabels?.[query.resource ?? ''] ?? [])];
  return ['cluster', ...(labels ?? [])];
}
