// The syntax tree of an expression, by Prometheus' own grammar for editors.
import type { SyntaxNode, Tree } from '@lezer/common';
import { parser } from '@prometheus-io/lezer-promql';

import { mask, type Masked } from './mask';

export interface Parsed extends Masked {
  /** The expression as it was written; positions in it are those in the tree. */
  expr: string;
  tree: Tree;
}

/** The most characters that are parsed: a tree of that many takes about 50 ms. */
const MOST_PARSED = 200_000;

let last: Parsed | undefined;

/** Returns the tree of an expression; undefined where it is too long to be parsed while somebody types. */
export function parse(expr: string): Parsed | undefined {
  if (expr.length > MOST_PARSED) {
    return undefined;
  }
  if (last?.expr !== expr) {
    const masked = mask(expr);
    last = { ...masked, expr, tree: parser.parse(masked.text) };
  }
  return last;
}

export function childrenOf(node: SyntaxNode): SyntaxNode[] {
  const children: SyntaxNode[] = [];
  for (let child = node.firstChild; child; child = child.nextSibling) {
    children.push(child);
  }
  return children;
}

/** Returns the nearest node with one of these names, from the given node outwards. */
export function around(node: SyntaxNode | null, ...names: string[]): SyntaxNode | undefined {
  for (let one = node; one; one = one.parent) {
    if (names.includes(one.name)) {
      return one;
    }
  }
  return undefined;
}

/** Returns the nodes with a name, in the order of the text. */
export function allOf(root: SyntaxNode, name: string): SyntaxNode[] {
  const found: SyntaxNode[] = [];
  root.cursor().iterate((node) => {
    if (node.name === name) {
      found.push(node.node);
    }
  });
  return found;
}

/** Names of nodes that are values: what an operator or a function takes. */
const EXPRESSIONS = new Set([
  ...['AggregateExpr', 'BinaryExpr', 'FunctionCall', 'MatrixSelector', 'NumberDurationLiteral', 'OffsetExpr'],
  ...['ParenExpr', 'StepInvariantExpr', 'StringLiteral', 'SubqueryExpr', 'UnaryExpr', 'VectorSelector'],
]);

export function isExpression({ name }: { name: string }): boolean {
  return EXPRESSIONS.has(name);
}

/** Returns what a selector selects: the name of its series, if it has one that is no pattern. */
export function metricOf(selector: SyntaxNode, { expr, text }: { expr: string; text: string }): string | undefined {
  const name = selector.getChild('Identifier');
  if (name) {
    const written = expr.slice(name.from, name.to);
    return written === text.slice(name.from, name.to) ? written : undefined; // a variable
  }
  for (const { label, operator, value } of matchersOf(selector, { expr })) {
    if ((label === '__name__' && operator === '=') || (label === undefined && value)) {
      return value;
    }
  }
  return undefined;
}

export interface WrittenMatcher {
  /** Undefined of a quoted name of a series. */
  label?: string;
  operator?: string;
  value?: string;
  node: SyntaxNode;
}

/** Returns the complete matchers of a selector. */
export function matchersOf(selector: SyntaxNode, { expr }: { expr: string }): WrittenMatcher[] {
  const written = (node: SyntaxNode | null) => (node ? expr.slice(node.from, node.to) : undefined);
  const list = selector.getChild('LabelMatchers');
  return (list ? childrenOf(list) : []).flatMap((node): WrittenMatcher[] => {
    if (node.name === 'QuotedLabelName') {
      if (!/^["'`]/.test(written(node) ?? '')) {
        return []; // a variable
      }
      return [{ value: unquoted(written(node) ?? ''), node }];
    }
    const value = written(node.getChild('StringLiteral'));
    const quoted = written(node.getChild('QuotedLabelName'));
    const label = written(node.getChild('LabelName')) ?? (quoted && unquoted(quoted));
    const operator = written(node.getChild('MatchOp'));
    return label && operator && value && /^["'`]/.test(value)
      ? [{ label, operator, value: unquoted(value), node }]
      : [];
  });
}

/** Returns what a string of PromQL holds; a variable in it stays one. */
export function unquoted(literal: string): string {
  const quote = literal[0];
  const inner = literal.slice(1, literal.length > 1 && literal.endsWith(quote) ? -1 : undefined);
  return quote === '`' ? inner : inner.replace(/\\(["'\\])/g, '$1').replace(/\\n/g, '\n');
}

/** Reports whether the grammar finds a fault in an expression, or its end missing. */
export function hasFault({ tree }: Parsed): boolean {
  let fault = false;
  tree.iterate({ enter: ({ type }) => !(fault ||= type.isError) });
  return fault;
}
