// What to offer at a place in an expression. Names, labels and values are the
// backend's; nothing here knows Monaco.
import type { MesosResources } from '../../resources';
import type { Situation } from './situation';

export interface Completion {
  label: string;
  /** What is written, where it is not the label. */
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

/** Ranges of a fixed length. */
const RANGES = ['1m', '5m', '10m', '30m', '1h', '1d'];

/** Completions for a situation. A resource that cannot be had is an empty list: typing goes on. */
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
      const values = await resources.labelValues(situation.label, match).catch(() => []);
      return values.map((label) => ({ label, insert: escape(label), kind: 'value' }));
    }
    case 'none':
      return [];
  }
}

async function seriesAndFunctions(resources: MesosResources): Promise<Completion[]> {
  // Unknown keys of a newer Mesos have a series in history that the catalogue does not list.
  const [catalogue, stored] = await Promise.all([
    resources.catalogue().catch(() => undefined),
    resources.labelValues('__name__').catch(() => []),
  ]);
  const listed = new Map(catalogue?.series.map((one) => [one.name, one]));
  const names = [...new Set([...stored, ...listed.keys()])].sort();
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

// A name still being typed would match nothing.
async function known(metric: string | undefined, resources: MesosResources): Promise<string[]> {
  if (!metric) {
    return [];
  }
  const names = (await seriesAndFunctions(resources)).filter(({ kind }) => kind === 'series');
  return names.some(({ label }) => label === metric) ? [metric] : [];
}

// As it stands between double quotes.
function escape(value: string): string {
  return value.replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}
