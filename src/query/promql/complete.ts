// Completions at a place in an expression. Names, labels and values are the backend's, words are PromQL's. Monaco is not
// used here.
import { t } from '../../i18n';

import type { CatalogueSeries, Listed, MesosResources } from '../../resources';
import { escapeRegex, escapeString } from '../interpolate';
import { macros } from './macros';
import type { Situation, Words } from './situation';
import {
  AGGREGATIONS,
  GROUPING,
  helpOf,
  MATCH_OPERATORS,
  MATCHING,
  MOMENTS,
  OPERATORS,
  SNIPPETS,
  UNITS,
  type Word,
} from './words';

export type CompletionKind =
  'series' | 'function' | 'aggregation' | 'keyword' | 'operator' | 'label' | 'value' | 'macro' | 'range' | 'snippet';

export interface Completion {
  label: string;
  kind: CompletionKind;
  /** The inserted text, if it is not the label. */
  insert?: string;
  /** In which `${1:name}` and `$0` are places to fill in. */
  template?: boolean;
  /** Whether something is completed in it next. */
  goesOn?: boolean;
  detail?: string;
  help?: string;
}

export interface Completions {
  list: Completion[];
  /** Whether there are more, so that a longer text is to be searched for. */
  incomplete?: boolean;
}

export interface Context {
  resources: MesosResources;
  /** The dashboard's variables, as `$name`. */
  variables?: string[];
  /** What is typed already. */
  typed?: string;
  /** The character before what is typed: of a text, the quote that it begins with. */
  before?: string;
  /** The text after the cursor. */
  rest?: string;
}

const NONE: Listed = { values: [] };

/** Ranges of a fixed length. */
const RANGES = ['1m', '5m', '10m', '30m', '1h', '1d'];

/** Returns the completions for a situation. A resource that fails gives an empty list. */
export async function complete(situation: Situation, context: Context): Promise<Completions> {
  const { resources, variables = [], typed = '', before = '"', rest = '' } = context;
  const dashboard = (): Completion[] =>
    variables.map((label) => ({
      label,
      kind: 'macro',
      detail: t('query.promql.dashboard-variable', 'Dashboard variable'),
    }));
  switch (situation.kind) {
    case 'expression':
      return {
        list: [
          ...situation.words.flatMap(wordsOf),
          ...(await seriesNames(resources)),
          // Before functions: of what begins alike, sum and sum_over_time, the first is offered first.
          ...aggregations(rest),
          ...(await functions(resources, rest)),
          ...(situation.empty ? snippets() : []),
          ...macroNames(),
          ...dashboard(),
        ],
      };
    case 'after':
      return { list: situation.words.flatMap(wordsOf) };
    case 'range':
      return { list: [...ranges(typed), ...dashboard()] };
    case 'moment':
      return { list: MOMENTS.map(({ word, help }) => ({ label: word, kind: 'keyword', help })) };
    case 'operator':
      return { list: MATCH_OPERATORS.map(({ word }) => ({ label: word, kind: 'operator' })) };
    case 'grouping': {
      const match = await known(situation.metrics, resources);
      return { list: [...(await labels(resources, match)), ...dashboard()] };
    }
    case 'labelText':
      return { list: await labels(resources) };
    case 'label': {
      const named = await labels(resources, await matching(situation, resources));
      const template = (label: string) => `${/^[a-zA-Z_]\w*$/.test(label) ? label : `"${label}"`}="$0"`;
      return {
        // What is there already is only renamed.
        list: /^\s*[=!]/.test(rest)
          ? named
          : named.map((one) => ({ ...one, insert: template(one.label), template: true, goesOn: true })),
      };
    }
    case 'value': {
      const match = await matching(situation, resources);
      const quote = situation.quoted ? before : '"';
      const search = quote === '`' ? typed : typed.replace(/\\(.)/g, '$1');
      const { values, total } = await resources.labelValues(situation.label, match, search).catch(() => NONE);
      const write = (text: string) => (situation.quoted ? text : `"${text}"`);
      const textOf = (value: string) => (situation.operator.endsWith('~') ? escapeRegex(value) : value);
      return {
        list: [
          ...values
            .filter((value) => quote !== '`' || !value.includes(quote)) // it has no escapes
            .map((label): Completion => ({ label, insert: write(escapedIn(quote, textOf(label))), kind: 'value' })),
          ...dashboard().map((one) => ({ ...one, insert: write(one.label) })),
        ],
        incomplete: total === undefined || total > values.length,
      };
    }
    case 'none':
      return { list: [] };
  }
}

/** Returns a text as it is written between quotes: the other quote has no escape. */
function escapedIn(quote: string, text: string): string {
  switch (quote) {
    case '`':
      return text;
    case "'":
      return escapeString(text).replace(/\\"/g, '"').replace(/'/g, "\\'");
    default:
      return escapeString(text);
  }
}

const WORDS: Record<Exclude<Words, 'operators' | 'ranges'>, Word[]> = {
  grouping: GROUPING,
  moments: [{ word: 'offset' }, { word: '@' }],
  matching: MATCHING.filter(({ word }) => word === 'on' || word === 'ignoring'),
  many: MATCHING.filter(({ word }) => word.startsWith('group_')),
  bool: MATCHING.filter(({ word }) => word === 'bool'),
};

/** Words that are followed by a list of labels in brackets. */
const WITH_LABELS = new Set(['by', 'without', 'on', 'ignoring', 'group_left', 'group_right']);

function wordsOf(words: Words): Completion[] {
  if (words === 'operators') {
    return OPERATORS.map(({ word }) => ({ label: word, kind: 'operator', insert: `${word} ` }));
  }
  if (words === 'ranges') {
    return ranges('').map((one) => ({ ...one, label: `[${one.label}]` }));
  }
  return WORDS[words].map(({ word, help = afterSelector(word) }) => ({
    label: word,
    kind: 'keyword',
    help,
    ...(WITH_LABELS.has(word)
      ? { insert: `${word} ($0)`, template: true, goesOn: true }
      : { insert: `${word} `, goesOn: true }),
  }));
}

function afterSelector(word: string): string {
  return word === 'offset'
    ? t('query.promql.word-offset', 'Reads earlier values: offset 1h.')
    : t('query.promql.word-at', 'Reads values of one time, whatever the time of the query.');
}

function ranges(typed: string): Completion[] {
  const number = /^\d+/.exec(typed)?.[0];
  const lengths = number ? UNITS.map(({ word }) => number + word) : RANGES;
  return [...macroNames().slice(0, 3), ...lengths.map((label): Completion => ({ label, kind: 'range' }))];
}

function snippets(): Completion[] {
  return SNIPPETS.map(({ word, help, template }) => {
    let place = 0;
    const plain = (text: string) => text.replace(/__/g, '').replace(/_/g, ' ');
    return {
      label: plain(word).replace('[5m]', '[$__rate_interval]'),
      kind: 'snippet',
      insert: template
        .replace('[5m]', '[\\$__rate_interval]')
        .replace(/\$\{(\w+)\}/g, (_, name: string) => `\${${++place}:${plain(name)}}`),
      template: true,
      help,
    };
  });
}

async function seriesNames(resources: MesosResources): Promise<Completion[]> {
  // Keys of a newer Mesos have series in the history that are not in the catalogue.
  const [catalogue, stored] = await Promise.all([
    resources.catalogue().catch(() => undefined),
    resources.labelValues('__name__').catch(() => NONE),
  ]);
  const listed = new Map(catalogue?.series.map((one) => [one.name, one]));
  const names = [...new Set([...stored.values, ...listed.keys()])].sort();
  return names.map((label) => ({ label, kind: 'series', ...aboutSeries(listed.get(label)) }));
}

function aboutSeries(series?: CatalogueSeries): Pick<Completion, 'detail' | 'help'> {
  return series ? { detail: [series.type, series.unit].filter(Boolean).join(', '), help: series.help } : {};
}

// Brackets that are there already are not written again.
function call(name: string, rest: string): Pick<Completion, 'insert' | 'template' | 'goesOn'> {
  return /^\s*\(/.test(rest) ? {} : { insert: `${name}($0)`, template: true, goesOn: true };
}

async function functions(resources: MesosResources, rest: string): Promise<Completion[]> {
  const catalogue = await resources.catalogue().catch(() => undefined);
  return (catalogue?.functions ?? []).map((label) => ({
    label,
    kind: 'function',
    ...call(label, rest),
    detail: catalogue?.signatures?.[label],
    help: helpOf(label),
  }));
}

function aggregations(rest: string): Completion[] {
  return AGGREGATIONS.map(({ word, help }) => ({
    label: word,
    kind: 'aggregation',
    ...(/^\s*(?:by|without)\b/.test(rest) ? {} : call(word, rest)),
    detail: t('query.promql.aggregation', 'aggregation'),
    help,
  }));
}

async function labels(resources: MesosResources, match: string[] = []): Promise<Completion[]> {
  const { values: names } = await resources.labels(match).catch(() => ({ values: [] }));
  return names.map((label) => ({ label, kind: 'label' }));
}

function macroNames(): Completion[] {
  return macros().map(({ name, help }) => ({ label: name, kind: 'macro', detail: help }));
}

// Beside other matchers, values are those of the series that these select.
async function matching(
  { metric, match }: { metric?: string; match?: string },
  resources: MesosResources
): Promise<string[]> {
  const names = metric ? await known([metric], resources) : [];
  return match && names.length === (metric ? 1 : 0) ? [match] : names;
}

// An incomplete name would match nothing.
async function known(metrics: string[], resources: MesosResources): Promise<string[]> {
  if (metrics.length === 0) {
    return [];
  }
  const names = new Set((await seriesNames(resources)).map(({ label }) => label));
  return metrics.filter((metric) => names.has(metric));
}
