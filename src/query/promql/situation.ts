// Finds out what can be completed at the cursor in an expression: from the tree of the text before it, in which the
// innermost node that is not complete says what the grammar expects next.
import type { SyntaxNode } from '@lezer/common';

import { allOf, around, childrenOf, isExpression, matchersOf, metricOf, parse, unquoted, type Parsed } from './tree';

/** What an expression may begin with, besides a value, or what may follow a value. */
export type Words = 'operators' | 'grouping' | 'moments' | 'matching' | 'many' | 'bool' | 'ranges';

export type Situation = { from: number } & (
  | { kind: 'expression'; words: Words[]; empty?: boolean } // a series, a function, ...
  | { kind: 'after'; words: Words[] } // after a complete value
  | { kind: 'label'; metric?: string; match?: string } // {here
  | { kind: 'operator' } // {label here
  | { kind: 'value'; metric?: string; match?: string; label: string; operator: string; quoted: boolean } // {label="here
  | { kind: 'grouping'; metrics: string[] } // by (here
  | { kind: 'labelText' } // label_replace(x, "here
  | { kind: 'range' } // [here, offset here
  | { kind: 'moment' } // @ here
  | { kind: 'none' } // in a text or a comment
);

/** What is being typed: a name, a number, or the begin of a variable. */
const TYPED = /(?:\$\{?[\w.:]*|\[\[\w*|[\w:.]*)$/;

/** Arguments that are names of labels, by function: the position of the first. */
const LABEL_ARGUMENTS: Record<string, (at: number) => boolean> = {
  label_replace: (at) => at === 1 || at === 3,
  label_join: (at) => at === 1 || at >= 3,
  count_values: (at) => at === 0,
  sort_by_label: (at) => at >= 1,
  sort_by_label_desc: (at) => at >= 1,
};

/** Returns what can be written at a position of an expression. */
export function situationAt(expr: string, cursor = expr.length): Situation {
  const before = expr.slice(0, cursor);
  const parsed = parse(before);
  if (!parsed || parsed.inComment) {
    return { kind: 'none', from: cursor };
  }
  if (parsed.openString !== undefined) {
    return inString(parsed, parsed.openString);
  }
  const typed = TYPED.exec(before)?.[0] ?? '';
  const from = cursor - typed.length;
  const head = parse(before.slice(0, from));
  const found: Expected = head ? afterText(head, expr, from) : { kind: 'none' };
  if (found.kind === 'range') {
    return { ...found, from: from + typed.lastIndexOf(':') + 1 };
  }
  return /^[\d.]/.test(typed) ? { kind: 'none', from } : { ...found, from };
}

function inString(parsed: Parsed, begin: number): Situation {
  const from = begin + 1;
  const node = parsed.tree.resolveInner(from, -1);
  const matcher = around(node, 'UnquotedLabelMatcher', 'QuotedLabelMatcher');
  if (matcher) {
    const name = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName');
    const operator = matcher.getChild('MatchOp');
    if (!name || !operator) {
      return { kind: 'none', from };
    }
    return { ...valueOf(name, operator, matcher, parsed), quoted: true, from };
  }
  const call = around(node, 'FunctionCall', 'AggregateExpr');
  const body = call?.getChild('FunctionCallBody');
  const called = call?.firstChild;
  if (body && called) {
    const at = childrenOf(body).filter((one) => isExpression(one) && one.from < begin).length;
    if (LABEL_ARGUMENTS[parsed.expr.slice(called.from, called.to)]?.(at)) {
      return { kind: 'labelText', from };
    }
  }
  return { kind: 'none', from };
}

type Expected = Situation extends infer S ? (S extends unknown ? Omit<S, 'from'> : never) : never;

/** What may follow a text, by the innermost node that is open at its end. */
function afterText(head: Parsed, expr: string, at: number): Expected {
  const code = head.text.trimEnd();
  const end = code.at(-1) ?? '';
  const open = openNode(head);
  switch (open?.name) {
    case 'LabelMatchers':
      return end === '{' || end === ',' ? { kind: 'label', ...selected(open, head) } : { kind: 'none' };
    case 'UnquotedLabelMatcher':
    case 'QuotedLabelMatcher':
      return inMatcher(open, head);
    case 'GroupingLabels':
      return end === '(' || end === ',' ? { kind: 'grouping', metrics: metricsAround(expr, at) } : { kind: 'none' };
    case 'MatrixSelector':
    case 'SubqueryExpr':
      if (end === '[' || end === ':') {
        return { kind: 'range' };
      }
      return open.getChild('DurationExpr') && !code.endsWith(']') ? { kind: 'none' } : after(open, head);
    case 'DurationExpr':
    case 'OffsetDurationExpr':
    case 'OffsetExpr':
      return { kind: 'range' };
    case 'StepInvariantExpr':
      return { kind: 'moment' };
    case 'AggregateModifier':
      return { kind: 'none' }; // a bracket
    default:
  }
  const beforeEnd = lastValue(head, code.length, open);
  if (beforeEnd) {
    return after(beforeEnd, head);
  }
  if (/\b(?:by|without|on|ignoring)$/i.test(code)) {
    return { kind: 'none' }; // brackets
  }
  return { kind: 'expression', words: operatorWords(open, code), ...(code === '' && { empty: true }) };
}

/** Returns the innermost node that the end of the text leaves open. */
function openNode({ tree, text }: Parsed): SyntaxNode | undefined {
  const end = text.length;
  let found: SyntaxNode | undefined;
  for (let node: SyntaxNode | undefined = tree.topNode; node;) {
    const children: SyntaxNode[] = childrenOf(node);
    const last = children.at(-1);
    if (last?.type.isError && last.from === last.to && last.to === end) {
      found = node;
    }
    node = children.filter(({ type, name }) => !type.isError && name !== 'LineComment').at(-1);
  }
  return found;
}

/** Returns the value that is complete at the end of the text. */
function lastValue({ tree }: Parsed, end: number, open?: SyntaxNode): SyntaxNode | undefined {
  let found: SyntaxNode | undefined;
  for (
    let node: SyntaxNode | null = end > 0 ? tree.resolveInner(end, -1) : null;
    node?.to === end;
    node = node.parent
  ) {
    if (node.type.isError || (open && node.from <= open.from && open.to <= node.to)) {
      break;
    }
    if (isExpression(node)) {
      found = node;
    } else if (found && node.name === 'FunctionCallBody') {
      break;
    }
  }
  return found;
}

const IS_SELECTOR = ['VectorSelector', 'MatrixSelector', 'SubqueryExpr'];

function after(value: SyntaxNode, { expr, text }: Parsed): Expected {
  const words: Words[] = [];
  let last: SyntaxNode = value;
  while (last.name === 'BinaryExpr' || last.name === 'UnaryExpr') {
    const right = childrenOf(last).filter(isExpression).at(-1);
    if (!right) {
      break;
    }
    last = right;
  }
  const written = text.slice(last.from, last.to).toLowerCase();
  if (last.name === 'VectorSelector' && AGGREGATIONS.test(written)) {
    return { kind: 'after', words: ['grouping'] }; // sum, before its brackets
  }
  if (last.name === 'AggregateExpr' && !last.getChild('AggregateModifier')) {
    words.push('grouping');
  }
  if (IS_SELECTOR.includes(last.name)) {
    words.push('moments');
  }
  if (last.name === 'VectorSelector' && !/\s$/.test(expr)) {
    words.push('ranges');
  }
  return { kind: 'after', words: [...words, 'operators'] };
}

const AGGREGATIONS =
  /^(?:sum|avg|count|min|max|group|stddev|stdvar|topk|bottomk|quantile|count_values|limitk|limit_ratio)$/;
const SETS = ['And', 'Or', 'Unless'];
const COMPARISON = /(?:[=!<>]=|[<>])$/;
const OPERATOR = /(?:[-+*/%^<>]|[=!<>]=|\b(?:and|or|unless|atan2)|\bbool)$/i;

/** Returns the words that may stand between an operator and the value after it. */
function operatorWords(open: SyntaxNode | undefined, code: string): Words[] {
  if (open?.getChild('MatchingModifierClause')) {
    return /\b(?:on|ignoring)\s*\([^()]*\)$/i.test(code) && !SETS.some((name) => open.getChild(name)) ? ['many'] : [];
  }
  if (open?.name !== 'BinaryExpr' || !OPERATOR.test(code)) {
    return [];
  }
  return COMPARISON.test(code) ? ['bool', 'matching'] : ['matching'];
}

function inMatcher(matcher: SyntaxNode, head: Parsed): Expected {
  const operator = matcher.getChild('MatchOp');
  const name = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName');
  if (!operator) {
    return { kind: 'operator' };
  }
  if (!name) {
    return { kind: 'none' };
  }
  return { ...valueOf(name, operator, matcher, head), quoted: false };
}

/** Returns the label, the operator and the selector of a matcher whose value is asked for. */
function valueOf(name: SyntaxNode, operator: SyntaxNode, matcher: SyntaxNode, parsed: Parsed) {
  const written = parsed.expr.slice(name.from, name.to);
  return {
    kind: 'value' as const,
    label: name.name === 'LabelName' ? written : unquoted(written),
    operator: parsed.expr.slice(operator.from, operator.to),
    ...selected(matcher, parsed),
  };
}

/** Returns the series of the selector around a node, and a selector with its other matchers. */
function selected(node: SyntaxNode, parsed: Parsed): { metric?: string; match?: string } {
  const selector = around(node, 'VectorSelector');
  if (!selector) {
    return {};
  }
  const metric = metricOf(selector, parsed);
  const others = matchersOf(selector, parsed)
    .filter((one) => one.label && one.label !== '__name__' && one.node.from !== node.from)
    .map((one) => parsed.expr.slice(one.node.from, one.node.to))
    .filter((text) => !text.includes('$') && !text.includes('[['));
  return {
    ...(metric && { metric }),
    ...(others.length > 0 && { match: `${metric ?? ''}{${others.join(',')}}` }),
  };
}

/** Returns the series that the aggregation or operation around a position reads. */
function metricsAround(expr: string, at: number): string[] {
  const parsed = parse(expr);
  const node = parsed && around(parsed.tree.resolveInner(at, -1), 'AggregateExpr', 'BinaryExpr');
  return node ? metricsIn(node, parsed) : [];
}

/** Returns the names of the series that a part of an expression reads, once each. */
function metricsIn(node: SyntaxNode, parsed: Parsed): string[] {
  const names = allOf(node, 'VectorSelector').map((selector) => metricOf(selector, parsed));
  return [...new Set(names.filter((name) => name !== undefined))];
}
