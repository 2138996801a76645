// What a word of an expression is, in Markdown.
import { t } from '../../i18n';

import type { CatalogueSeries, MesosResources } from '../../resources';
import type { Span } from '../places';
import { nameInside, VARIABLE } from '../spellings';
import { macros } from './macros';
import { around, metricOf, parse, unquoted, type Parsed } from './tree';
import { named } from './named';
import { helpOf } from './words';

export interface Hover extends Span {
  lines: string[];
}

export interface HoverContext {
  resources: MesosResources;
  /** Returns the current value of a variable of the dashboard, as it is written; undefined if there is none. */
  valueOf: (written: string) => string | undefined;
}

/** How many values of a label are listed. */
const MOST_SHOWN = 8;

/** Returns what is at a position of an expression; undefined where nothing is known of it. */
export async function hoverAt(expr: string, at: number, context: HoverContext): Promise<Hover | undefined> {
  for (const found of expr.matchAll(new RegExp(VARIABLE.source, 'g'))) {
    const to = found.index + found[0].length;
    if (found.index <= at && at < to) {
      return { from: found.index, to, lines: aboutVariable(found[0], context) };
    }
  }
  const parsed = parse(expr);
  const node = parsed?.tree.resolveInner(at, 1);
  if (!parsed || !node || node.type.isError || node === parsed.tree.topNode) {
    return undefined;
  }
  const word = expr.slice(node.from, node.to);
  const span = { from: node.from, to: node.to };
  const call = around(node, 'FunctionIdentifier', 'AggregateOp');
  if (call) {
    const { signatures } = (await context.resources.catalogue().catch(() => undefined)) ?? {};
    const signature = signatures?.[word] ?? aggregationOf(word);
    return { from: call.from, to: call.to, lines: [code(signature), helpOf(word) ?? ''].filter(Boolean) };
  }
  switch (node.name) {
    case 'Identifier':
      return { ...span, lines: await aboutSeries(word, context.resources) };
    case 'LabelName':
    case 'QuotedLabelName':
      return {
        ...span,
        lines: await aboutLabel(node.name === 'LabelName' ? word : unquoted(word), node.from, parsed, context),
      };
    case 'StringLiteral':
      return undefined;
    case 'Offset':
    case 'At':
      return {
        ...span,
        lines: [
          node.name === 'Offset'
            ? t('query.promql.word-offset', 'Reads earlier values: offset 1h.')
            : t('query.promql.word-at', 'Reads values of one time, whatever the time of the query.'),
        ],
      };
    default: {
      const help = helpOf(word);
      return help ? { ...span, lines: [code(word), help] } : undefined;
    }
  }
}

function aboutVariable(written: string, { valueOf }: HoverContext): string[] {
  const name = nameInside(written);
  const macro = macros().find((one) => one.name === `$${name}`);
  if (macro) {
    return [code(written), macro.help];
  }
  const value = valueOf(written);
  return [
    code(written),
    value === undefined
      ? t('query.promql.variable-unknown', 'This dashboard has no variable {{name}}.', { name })
      : t('query.promql.variable-value', 'Dashboard variable, now {{value}}', {
          value: value === '' ? '""' : inline(value),
        }),
  ];
}

async function aboutSeries(name: string, resources: MesosResources): Promise<string[]> {
  const catalogue = await resources.catalogue().catch(() => undefined);
  const series = named(catalogue, name);
  if (series) {
    return seriesLines(series);
  }
  return catalogue ? [code(name), t('query.promql.not-in-catalogue', 'Not in the catalogue.')] : [code(name)];
}

/** Returns type, unit, help and labels of a series. */
function seriesLines(series: CatalogueSeries): string[] {
  const labels = ['cluster', ...(series.labels ?? []), ...(series.openLabels ?? [])];
  return [
    `${code(series.name)}  ${series.type}, ${series.unit}`,
    text(series.help),
    t('query.promql.hover-labels', 'Labels: {{labels}}', {
      labels: [...new Set(labels)].map(inline).join(', '),
    }),
    ...(series.poll ? [t('query.promql.hover-poll', 'Read with poll {{poll}}', { poll: series.poll })] : []),
    ...(series.since ? [t('query.promql.hover-since', 'Since Mesos {{since}}', { since: series.since })] : []),
  ];
}

async function aboutLabel(label: string, at: number, parsed: Parsed, { resources }: HoverContext): Promise<string[]> {
  const selector = around(parsed.tree.resolveInner(at, 1), 'VectorSelector');
  const metric = selector && metricOf(selector, parsed);
  const lines = [
    metric
      ? t('query.promql.label-of', 'Label {{label}} of {{metric}}', { label: inline(label), metric: inline(metric) })
      : t('query.promql.label', 'Label {{label}}', { label: inline(label) }),
  ];
  const listed = await resources.labelValues(label, metric ? [metric] : [], '', 1000).catch(() => undefined);
  if (listed && listed.values.length > 0) {
    const values = listed.values.slice(0, MOST_SHOWN).map(inline).join(', ');
    const count = listed.total ?? listed.values.length;
    lines.push(
      count > MOST_SHOWN
        ? t('query.promql.label-values-of', '{{shown}} of {{total}} values: {{values}}', {
            shown: MOST_SHOWN,
            total: listed.total ?? `> ${listed.values.length}`,
            values,
          })
        : t('query.promql.label-values', 'Values: {{values}}', { values })
    );
  }
  return lines;
}

function aggregationOf(word: string): string {
  const first: Record<string, string> = {
    topk: 'scalar, ',
    bottomk: 'scalar, ',
    quantile: 'scalar, ',
    count_values: 'string, ',
  };
  return `${word} by (...) (${first[word] ?? ''}instant vector): instant vector`;
}

const code = (word: string) => `**${inline(word)}**`;

/** Returns a text as code of Markdown. */
function inline(word: string): string {
  const ticks = '`'.repeat(Math.max(0, ...[...word.matchAll(/`+/g)].map(([run]) => run.length)) + 1);
  return ticks.length > 1 ? `${ticks} ${word} ${ticks}` : `${ticks}${word}${ticks}`;
}

function text(words: string): string {
  return words.replace(/[\\`*_{}[\]<>#|~]/g, '\\$&');
}
