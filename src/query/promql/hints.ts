// What an expression likely does wrong, by the types in the catalogue, and how it would be right.
import type { SyntaxNode } from '@lezer/common';

import { t } from '../../i18n';
import type { Catalogue, CatalogueSeries } from '../../resources';
import { nearest } from '../nearest';
import { seriesAndAliases } from './named';
import { allOf, childrenOf, hasFault, isExpression, metricOf, parse, type Parsed } from './tree';

// What is written into an expression.
const RATE = 'rate(';
const RATE_INTERVAL = '$__rate_interval';

export interface Hint {
  text: string;
  /** How the expression would be right, where that is safe. */
  fix?: { label: string; expr: string };
}

interface Asked {
  catalogue?: Catalogue;
  /** The names of all series that there are or were; undefined while they are unknown. */
  names?: string[];
  /** How many series the query's answer has. */
  series?: number;
}

interface Known extends Asked {
  parsed: Parsed;
  seriesOf: (node: SyntaxNode) => CatalogueSeries | undefined;
}

interface Edit {
  from: number;
  to?: number;
  text: string;
}

/** From this many series on an answer is hard to read. As in Grafana's Prometheus editor. */
const MANY_SERIES = 20;
const MOST_HINTS = 4;

/** Returns the hints for an expression; none where it is not complete. */
export function hintsFor(expr: string, asked: Asked): Hint[] {
  const parsed = parse(expr);
  if (!parsed || hasFault(parsed)) {
    return [];
  }
  const listed = new Map(seriesAndAliases(asked.catalogue).map((one) => [one.name, one]));
  const known = {
    ...asked,
    parsed,
    seriesOf: (node: SyntaxNode) => listed.get(metricOf(node, parsed) ?? ''),
  };
  const found = RULES.flatMap((rule) => rule(known));
  return found.filter(({ text }, i) => found.findIndex((one) => one.text === text) === i).slice(0, MOST_HINTS);
}

const RULES: Array<(known: Known) => Hint[]> = [
  unknownNames,
  countersWithoutRate,
  ratesOfGauges,
  sumsBeforeRates,
  rangesOfOneStep,
  manySeries,
];

/** Functions and aggregations for which the value of a counter does not matter. */
const ANY_VALUE = new Set(['absent', 'count', 'group', 'timestamp', 'resets', 'changes']);
const OF_COUNTERS = new Set(['rate', 'irate', 'increase']);

function countersWithoutRate({ parsed, seriesOf }: Known): Hint[] {
  return allOf(parsed.tree.topNode, 'VectorSelector').flatMap((selector) => {
    const series = seriesOf(selector);
    if (series?.type !== 'counter' || !isReadAsItIs(selector, parsed)) {
      return [];
    }
    let outer = selector;
    while (outer.parent && ['OffsetExpr', 'StepInvariantExpr'].includes(outer.parent.name)) {
      outer = outer.parent;
    }
    return {
      text: t(
        'query.hints.counter',
        '{{name}} is a counter: its value is a sum since a start. rate() shows how fast it rises.',
        {
          name: series.name,
        }
      ),
      fix: {
        label: t('query.hints.counter-fix', 'Add rate'),
        expr: edited(parsed.expr, [
          { from: outer.from, text: RATE },
          { from: selector.to, text: `[${RATE_INTERVAL}]` },
          { from: outer.to, text: ')' },
        ]),
      },
    };
  });
}

function isReadAsItIs(selector: SyntaxNode, parsed: Parsed): boolean {
  for (let node = selector.parent; node; node = node.parent) {
    if (node.name === 'MatrixSelector' || node.name === 'SubqueryExpr') {
      return false;
    }
    if ((node.name === 'FunctionCall' || node.name === 'AggregateExpr') && ANY_VALUE.has(calledBy(node, parsed))) {
      return false;
    }
  }
  return true;
}

/** What does for a gauge what a function does for a counter. */
const FOR_GAUGES: Record<string, string> = { rate: 'deriv', increase: 'delta' };

function ratesOfGauges({ parsed, seriesOf }: Known): Hint[] {
  return callsOf(parsed, OF_COUNTERS).flatMap(({ call, name }) => {
    const series = argumentsOf(call)
      .flatMap((one) => directSelector(one) ?? [])
      .map(seriesOf)
      .find((one) => one?.type === 'gauge');
    if (!series) {
      return [];
    }
    const other = FOR_GAUGES[name];
    return {
      text: t(
        'query.hints.gauge',
        '{{name}} is a gauge: {{call}}() takes each fall of it for the reset of a counter.',
        {
          name: series.name,
          call: name,
        }
      ),
      ...(other && {
        fix: {
          label: t('query.hints.gauge-fix', 'Use {{other}}', { other }),
          expr: edited(parsed.expr, [{ from: call.from, to: call.from + name.length, text: other }]),
        },
      }),
    };
  });
}

function sumsBeforeRates({ parsed, seriesOf }: Known): Hint[] {
  return callsOf(parsed, OF_COUNTERS).flatMap(({ call, name }) => {
    const sums = argumentsOf(call)
      .flatMap((one) => allOf(one, 'AggregateExpr'))
      .filter((one) => allOf(one, 'VectorSelector').some((selector) => seriesOf(selector)?.type === 'counter'))
      .filter((one) => callsInside(one, parsed).every((inner) => !OF_COUNTERS.has(inner)));
    return sums.length > 0
      ? {
          text: t(
            'query.hints.sum-first',
            '{{call}}() of a sum of counters is wrong where one of them is reset: write sum({{call}}(...)).',
            { call: name }
          ),
        }
      : [];
  });
}

function rangesOfOneStep({ parsed }: Known): Hint[] {
  return callsOf(parsed, OF_COUNTERS).flatMap(({ call, name }) => {
    const range = argumentsOf(call).flatMap((one) =>
      allOf(one, 'MatrixSelector').map((m) => m.getChild('DurationExpr'))
    )[0];
    const written = range && parsed.expr.slice(range.from, range.to);
    return range && /^(?:\$__interval|\$\{__interval\}|\[\[__interval\]\])$/.test(written ?? '')
      ? {
          text: t('query.hints.interval', '{{call}}() needs two values in its range, and one step may have only one.', {
            call: name,
          }),
          fix: {
            label: t('query.hints.interval-fix', 'Use $__rate_interval'),
            expr: edited(parsed.expr, [{ from: range.from, to: range.to, text: RATE_INTERVAL }]),
          },
        }
      : [];
  });
}

/** Units whose sum over series means nothing. */
const NO_SUM = new Set(['ratio', 'bool', 'none', 'time']);

function manySeries({ parsed, series = 0, seriesOf }: Known): Hint[] {
  const top = childrenOf(parsed.tree.topNode).find(isExpression);
  let inner = top;
  while (inner?.name === 'ParenExpr') {
    inner = childrenOf(inner).find(isExpression);
  }
  const plain = ['VectorSelector', 'OffsetExpr', 'StepInvariantExpr', 'FunctionCall'];
  if (series < MANY_SERIES || !top || !inner || !plain.includes(inner.name)) {
    return [];
  }
  const selectors = allOf(inner, 'VectorSelector');
  if (selectors.length !== 1 || allOf(inner, 'AggregateExpr').length > 0) {
    return [];
  }
  const ratio = NO_SUM.has(seriesOf(selectors[0])?.unit ?? '');
  const call = ratio ? 'avg' : 'sum';
  return [
    {
      text: ratio
        ? t('query.hints.many-ratios', 'The answer has {{series}} series. An average shows them as one.', { series })
        : t('query.hints.many', 'The answer has {{series}} series. A sum shows them as one.', { series }),
      fix: {
        label: t('query.hints.many-fix', 'Add {{call}}', { call }),
        expr: edited(parsed.expr, [
          { from: top.from, text: `${call}(` },
          { from: top.to, text: ')' },
        ]),
      },
    },
  ];
}

function unknownNames({ parsed, catalogue, names }: Known): Hint[] {
  if (!catalogue || !names) {
    return [];
  }
  const all = new Set([...names, ...seriesAndAliases(catalogue).map(({ name }) => name)]);
  return allOf(parsed.tree.topNode, 'VectorSelector').flatMap((selector) => {
    const name = metricOf(selector, parsed);
    if (!name || all.has(name)) {
      return [];
    }
    const similar = nearest(name, all);
    const written = selector.getChild('Identifier');
    return {
      text: similar
        ? t('query.hints.unknown-similar', 'There is no series {{name}}: do you mean {{similar}}?', { name, similar })
        : t('query.hints.unknown', 'There is no series {{name}}.', { name }),
      ...(similar &&
        written && {
          fix: {
            label: t('query.hints.unknown-fix', 'Use {{similar}}', { similar }),
            expr: edited(parsed.expr, [{ from: written.from, to: written.to, text: similar }]),
          },
        }),
    };
  });
}

function calledBy(node: SyntaxNode, { expr }: Parsed): string {
  const called = node.firstChild;
  return called ? expr.slice(called.from, called.to).trim().toLowerCase() : '';
}

function callsOf(parsed: Parsed, names: Set<string>): Array<{ call: SyntaxNode; name: string }> {
  return allOf(parsed.tree.topNode, 'FunctionCall')
    .map((call) => ({ call, name: calledBy(call, parsed) }))
    .filter(({ name }) => names.has(name));
}

function callsInside(node: SyntaxNode, parsed: Parsed): string[] {
  return allOf(node, 'FunctionCall').map((call) => calledBy(call, parsed));
}

function argumentsOf(call: SyntaxNode): SyntaxNode[] {
  const body = call.getChild('FunctionCallBody');
  return body ? childrenOf(body).filter(isExpression) : [];
}

/** Returns the selector of a range, through offsets and brackets; undefined of a subquery of something else. */
function directSelector(node: SyntaxNode): SyntaxNode | undefined {
  if (node.name === 'VectorSelector') {
    return node;
  }
  const through = ['MatrixSelector', 'OffsetExpr', 'StepInvariantExpr', 'ParenExpr', 'SubqueryExpr'];
  const inner = through.includes(node.name) ? childrenOf(node).find(isExpression) : undefined;
  return inner && directSelector(inner);
}

/** Returns a text with edits, whose positions are those of the text as it is. */
export function edited(text: string, edits: Edit[]): string {
  let result = '';
  let at = 0;
  for (const { from, to = from, text: written } of [...edits].sort((a, b) => a.from - b.from)) {
    result += text.slice(at, from) + written;
    at = to;
  }
  return result + text.slice(at);
}
