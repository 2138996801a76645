// Says in words what an expression does, in steps from the inside out: each part of the tree is a sentence.
import type { SyntaxNode } from '@lezer/common';

import { inOrder, t } from '../../i18n';
import type { Catalogue } from '../../resources';
import { aggregationInWords, callInWords, operationInWords } from './sentences';
import { lengthInWords } from './lengths';
import {
  childrenOf,
  hasFault,
  isExpression,
  matchersOf,
  metricOf,
  parse,
  type Parsed,
  type WrittenMatcher,
} from './tree';
import { named } from './named';
import { helpOf } from './words';

export interface Step {
  /** The part of the expression, with the numbers of steps in place of what they are about. */
  code: string;
  /** What it does. */
  text: string;
  /** What narrows it: one sentence each. */
  details: string[];
}

/** A value that a step works on: what it is called in a sentence, and its type. */
export interface Value {
  name: string;
  scalar: boolean;
}

/** Returns the steps of an expression; undefined where it is not complete, or nothing is there to explain. */
export function explain(expr: string, catalogue?: Catalogue): Step[] | undefined {
  const parsed = parse(expr);
  const top = parsed && childrenOf(parsed.tree.topNode).find(isExpression);
  if (!parsed || !top || hasFault(parsed)) {
    return undefined;
  }
  const writer = new Writer(parsed, catalogue);
  writer.value(top);
  return writer.steps.length > 0 ? writer.steps : undefined;
}

class Writer {
  readonly steps: Step[] = [];
  /** What stands for a node in the code of a step, by its position. */
  private readonly names = new Map<number, { to: number; name: string }>();

  constructor(
    private readonly parsed: Parsed,
    private readonly catalogue?: Catalogue
  ) {}

  /** Adds the steps of a part, and returns what the part is called. */
  value(node: SyntaxNode): Value {
    const children = childrenOf(node);
    switch (node.name) {
      case 'ParenExpr': {
        const inner = children.find(isExpression);
        const value = inner ? this.value(inner) : { name: this.written(node), scalar: true };
        this.names.set(node.from, { to: node.to, name: value.name });
        return value;
      }
      case 'NumberDurationLiteral':
      case 'StringLiteral':
        return { name: this.written(node), scalar: true };
      case 'UnaryExpr': {
        const value = this.value(children[children.length - 1]);
        return this.written(node).startsWith('-') && !/^-\s*[\d.]+$/.test(this.written(node))
          ? this.step(
              node,
              t('query.explain.negative', '{{value}} with the other sign.', { value: value.name }),
              value.scalar
            )
          : { ...value, name: value.scalar ? this.written(node) : value.name };
      }
      case 'VectorSelector':
        return this.step(node, ...this.selector(node));
      case 'MatrixSelector':
      case 'OffsetExpr':
      case 'StepInvariantExpr':
        return this.modified(node);
      case 'SubqueryExpr': {
        const value = this.value(children[0]);
        const [range, step] = node.getChildren('DurationExpr').map((one) => lengthInWords(this.written(one)));
        return this.step(
          node,
          step
            ? t('query.explain.subquery-step', 'Evaluates {{value}} every {{step}} over {{range}}.', {
                value: value.name,
                step,
                range,
              })
            : t('query.explain.subquery', 'Evaluates {{value}} at each step over {{range}}.', {
                value: value.name,
                range,
              })
        );
      }
      case 'FunctionCall':
        return this.call(node);
      case 'AggregateExpr':
        return this.aggregation(node);
      case 'BinaryExpr':
        return this.operation(node);
      default:
        return { name: this.written(node), scalar: false };
    }
  }

  private written({ from, to }: { from: number; to: number }): string {
    return this.parsed.expr.slice(from, to);
  }

  /** Returns the code of a node in which names of steps stand for its parts. */
  private code(node: SyntaxNode): string {
    let code = '';
    let at = node.from;
    const comments = this.parsed.comments.map(({ from, to }) => [from, { to, name: '' }] as const);
    const inside = [...this.names, ...comments].filter(([from, { to }]) => from >= node.from && to <= node.to);
    for (const [from, { to, name }] of inside.sort(([a, { to: x }], [b, { to: y }]) => a - b || y - x)) {
      if (from >= at) {
        code += this.parsed.expr.slice(at, from) + name;
        at = to;
      }
    }
    return (code + this.parsed.expr.slice(at, node.to)).replace(/\s+/g, ' ').trim();
  }

  private step(node: SyntaxNode, text: string, scalar = false, details: string[] = []): Value {
    const name = nameOfStep(this.steps.length);
    this.steps.push({ code: this.code(node), text, details });
    this.names.set(node.from, { to: node.to, name });
    return { name, scalar };
  }

  private selector(node: SyntaxNode): [text: string, scalar: boolean, details: string[]] {
    const name = metricOf(node, this.parsed);
    const series = named(this.catalogue, name);
    const list = node.getChild('LabelMatchers');
    const variables = list
      ? this.parsed.variables.filter(
          (one) => list.from < one.from && one.to < list.to && !this.written(one).startsWith('"')
        )
      : [];
    const details = [
      ...matchersOf(node, this.parsed)
        .filter(({ label }) => label && (label !== '__name__' || name === undefined))
        .map(matcherInWords),
      ...variables.map((one) =>
        t('query.explain.matcher-variable', 'Those that the variable {{variable}} selects.', {
          variable: this.written(one),
        })
      ),
    ];
    const written = name ?? (node.getChild('Identifier') ? this.written(node.getChild('Identifier')!) : undefined);
    const text =
      written === undefined
        ? t('query.explain.any-series', 'Reads series of any name.')
        : series
          ? t('query.explain.series-of-catalogue', 'Reads {{name}} ({{type}}, {{unit}}): {{help}}', {
              ...series,
              name: written,
            })
          : t('query.explain.series', 'Reads the series {{name}}.', { name: written });
    return [text, false, details];
  }

  /** A range, an offset or a time changes how the step before reads: it becomes a part of that step. */
  private modified(node: SyntaxNode): Value {
    const inner = childrenOf(node)[0];
    const value = this.value(inner);
    const own = this.steps.at(-1);
    const name = nameOfStep(this.steps.length - 1);
    if (!own || value.name !== name) {
      return value;
    }
    own.details.push(this.modifier(node));
    this.names.delete(inner.from);
    own.code = this.code(node);
    this.names.set(node.from, { to: node.to, name });
    return value;
  }

  private modifier(node: SyntaxNode): string {
    switch (node.name) {
      case 'MatrixSelector': {
        const range = node.getChild('DurationExpr');
        return t('query.explain.range', 'At each moment, its values over {{range}} are read: {{written}}.', {
          range: range ? lengthInWords(this.written(range)) : '',
          written: range ? `[${this.written(range)}]` : '',
        });
      }
      case 'OffsetExpr': {
        const offset = node.getChild('OffsetDurationExpr');
        const written = offset ? this.written(offset) : '';
        return written.startsWith('-')
          ? t('query.explain.offset-later', 'As it is {{length}} later.', {
              length: lengthInWords(written.slice(1).trim()),
            })
          : t('query.explain.offset', 'As it was {{length}} earlier.', { length: lengthInWords(written) });
      }
      default: {
        const at = node.getChild('At');
        const moment = at ? this.parsed.expr.slice(at.to, node.to).trim() : '';
        if (/^start/.test(moment)) {
          return t('query.explain.at-start', 'As it was at the start of the time range.');
        }
        return /^end/.test(moment)
          ? t('query.explain.at-end', 'As it is at the end of the time range.')
          : t('query.explain.at', 'As it was at the time {{moment}} (Unix seconds).', { moment });
      }
    }
  }

  private call(node: SyntaxNode): Value {
    const called = node.firstChild!;
    // A variable that names a function was parsed as another one.
    const variable = this.parsed.variables.find(({ from }) => from === called.from);
    const name = this.written(variable ?? called);
    const args = childrenOf(node.getChild('FunctionCallBody') ?? node)
      .filter(isExpression)
      .map((one) => ({ ...this.value(one), range: rangeOf(one, this.parsed) }));
    const scalar = this.catalogue?.signatures?.[name]?.endsWith(': scalar') ?? false;
    const text = variable
      ? t('query.explain.call-variable', 'Calls the function that the variable {{name}} names.', { name })
      : callInWords(name, args, helpOf(name));
    return this.step(node, text, scalar);
  }

  private aggregation(node: SyntaxNode): Value {
    const name = this.written(node.firstChild!).toLowerCase();
    const args = childrenOf(node.getChild('FunctionCallBody') ?? node)
      .filter(isExpression)
      .map((one) => this.value(one));
    const modifier = node.getChild('AggregateModifier');
    const labels = this.labels(modifier?.getChild('GroupingLabels'));
    const text = aggregationInWords(name, args, {
      labels,
      without: Boolean(modifier?.getChild('Without')),
      given: Boolean(modifier),
    });
    return this.step(node, inOrder(...text));
  }

  private operation(node: SyntaxNode): Value {
    const children = childrenOf(node);
    const [left, right] = children.filter(isExpression).map((one) => this.value(one));
    const operator = children.find(({ name }) => !isExpression({ name }) && !['LineComment'].includes(name))!;
    const clause = node.getChild('MatchingModifierClause');
    const lists = clause?.getChildren('GroupingLabels') ?? [];
    const many = Boolean(clause?.getChild('GroupLeft') ?? clause?.getChild('GroupRight'));
    const matched = clause?.getChild('On') ?? clause?.getChild('Ignoring');
    const { text, details } = operationInWords(this.written(operator).toLowerCase(), left, right, {
      bool: Boolean(node.getChild('BoolModifier')),
      on: clause?.getChild('On') ? this.labels(lists[0]) : undefined,
      ignoring: clause?.getChild('Ignoring') ? this.labels(lists[0]) : undefined,
      many: clause?.getChild('GroupLeft') ? 'left' : clause?.getChild('GroupRight') ? 'right' : undefined,
      copied: many ? this.labels(lists[matched ? 1 : 0]) : [],
    });
    return this.step(node, text, left.scalar && right.scalar, details);
  }

  private labels(list: SyntaxNode | null | undefined): string[] {
    return list
      ? this.written(list)
          .replace(/^\(|\)$/g, '')
          .split(',')
          .map((one) => one.trim())
          .filter(Boolean)
      : [];
  }
}

/** Returns the range that a selector or a subquery reads, in words. */
function rangeOf(node: SyntaxNode, { expr }: Parsed): string | undefined {
  let inner: SyntaxNode | null = node;
  while (inner && ['OffsetExpr', 'StepInvariantExpr', 'ParenExpr'].includes(inner.name)) {
    inner = childrenOf(inner).find(isExpression) ?? null;
  }
  const range =
    inner && ['MatrixSelector', 'SubqueryExpr'].includes(inner.name) ? inner.getChild('DurationExpr') : null;
  return range ? lengthInWords(expr.slice(range.from, range.to)) : undefined;
}

/** Returns the number of a step as a sign that no expression has: ①. */
export function nameOfStep(at: number): string {
  return at < 20 ? String.fromCharCode(0x2460 + at) : `(${at + 1})`;
}

function matcherInWords({ label = '', operator, value = '' }: WrittenMatcher): string {
  const plain = !/[\\^$.*+?()[\]{}|]/.test(value);
  const list = /^\(?(?:\?:)?([\w ./:-]+(?:\|[\w ./:-]+)+)\)?$/.exec(value)?.[1].split('|');
  const values = list?.join(', ') ?? '';
  switch (operator) {
    case '=':
      return value === ''
        ? t('query.explain.without-label', 'Those without the label {{label}}.', { label })
        : t('query.explain.equal', 'Those whose {{label}} is {{value}}.', { label, value });
    case '!=':
      return value === ''
        ? t('query.explain.with-label', 'Those with a label {{label}}.', { label })
        : t('query.explain.not-equal', 'Those whose {{label}} is not {{value}}.', { label, value });
    case '=~':
      if (value === '.+' || value === '.*') {
        return value === '.+'
          ? t('query.explain.with-label', 'Those with a label {{label}}.', { label })
          : t('query.explain.any-label', 'Those with any {{label}}, or none.', { label });
      }
      return list
        ? t('query.explain.one-of', 'Those whose {{label}} is one of {{values}}.', { label, values })
        : plain
          ? t('query.explain.equal', 'Those whose {{label}} is {{value}}.', { label, value })
          : t('query.explain.matches', 'Those whose {{label}} matches the regular expression {{value}}, as a whole.', {
              label,
              value,
            });
    default:
      return list
        ? t('query.explain.none-of', 'Those whose {{label}} is none of {{values}}.', { label, values })
        : t('query.explain.not-matches', 'Those whose {{label}} does not match the regular expression {{value}}.', {
            label,
            value,
          });
  }
}
