// Completions at a place in an expression. Names, labels and values are the
// backend's. Monaco is not used here.
import type { Listed, MesosResources } from '../../resources';
import { escapeString } from '../interpolate';
import type { Situation } from './situation';

export interface Completion {
  label: string;
  /** The inserted text, if it is not the label. */
  insert?: string;
  kind: 'series' | 'function' | 'label' | 'value' | 'macro';
  detail?: string;
  help?: string;
}

/** Macros the backend replaces (QUERIES, "Common keys"). */
const MACROS: Array<[name: string, detail: string]> = [
  ['$__interval', 'the step'],
  ['$__rate_interval', 'a range long enough for rate() and increase()'],
  ['$__range', 'the whole time range'],
];

const NONE: Listed = { values: [] };

/** Ranges of a fixed length. */
const RANGES = ['1m', '5m', '10m', '30m', '1h', '1d'];

/** Returns the completions for a situation. A resource that fails gives an empty list. */
export async function complete(situation: Situation, resources: MesosResources): Promise<Completion[]> {
  switch (situation.kind) {
    case 'expression':
      return [...(await seriesAndFunctions(resources)), ...macros()];
    case 'range':
      return [...macros(), ...RANGES.map((label): Completion => ({ label, kind: 'value' }))];
    case 'grouping':
      return labels(resources);
    case 'label':
      return labels(resources, await known(situation.metric, resources));
    case 'value': {
      const match = await known(situation.metric, resources);
      const { values } = await resources.labelValues(situation.label, match).catch(() => NONE);
      return values.map((label) => ({ label, insert: escapeString(label), kind: 'value' }));
    }
    case 'none':
      return [];
  }
}

async function seriesAndFunctions(resources: MesosResources): Promise<Completion[]> {
  // Keys of a newer Mesos have series in the history that are not in the catalogue.
  const [catalogue, stored] = await Promise.all([
    resources.catalogue().catch(() => undefined),
    resources.labelValues('__name__').catch(() => NONE),
  ]);
  const listed = new Map(catalogue?.series.map((one) => [one.name, one]));
  const names = [...new Set([...stored.values, ...listed.keys()])].sort();
  return [
    ...names.map((label): Completion => {
      const { type, help } = listed.get(label) ?? {};
      return { label, kind: 'series', detail: type, help };
    }),
    ...(catalogue?.functions ?? []).map((label): Completion => ({ label, insert: `${label}($0)`, kind: 'function' })),
  ];
}

async function labels(resources: MesosResources, match: string[] = []): Promise<Completion[]> {
  const names = await resources.labels(match).catch(() => []);
  return names.map((label) => ({ label, kind: 'label' }));
}

function macros(): Completion[] {
  return MACROS.map(([label, detail]) => ({ label, kind: 'macro', detail }));
}

// An incomplete name would match nothing.
async function known(metric: string | undefined, resources: MesosResources): Promise<string[]> {
  if (!metric) {
    return [];
  }
  const names = (await seriesAndFunctions(resources)).filter(({ kind }) => kind === 'series');
  return names.some(({ label }) => label === metric) ? [metric] : [];
}
