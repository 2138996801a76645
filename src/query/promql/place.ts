// Where a series that was chosen elsewhere is written into an expression: at the cursor where a series fits, in place of
// the name that the cursor is at, else in place of all. What fits is decided by the tree of the result.
import type { SyntaxNode } from '@lezer/common';

import { t } from '../../i18n';
import { situationAt } from './situation';
import { allOf, around, childrenOf, isExpression, parse } from './tree';

/** What of an expression a series is written in place of. */
export interface Place {
  kind: 'insert' | 'name' | 'all';
  from: number;
  to: number;
  /** What is between the two. */
  replaced: string;
  /** Whether values over a range are read there. */
  range?: boolean;
}

/** The signatures of functions, by name: `rate(range vector): instant vector`. */
type Signatures = Record<string, string>;

/** Stands for a name that is not chosen yet. */
const NAME = 'mesos_up';

/** Returns where a series is written, by the selection in the box; a cursor is an empty one. */
export function placeOf(expr: string, from: number, to = from, signatures: Signatures = {}): Place {
  const place = (kind: Place['kind'], begin: number, end: number): Place => ({
    kind,
    from: begin,
    to: end,
    replaced: expr.slice(begin, end),
  });
  if (expr.trim() === '') {
    return place('insert', 0, expr.length);
  }
  const name = nameAt(expr, from, to);
  if (name) {
    return place('name', name.from, name.to);
  }
  const taken =
    from === to && situationAt(expr, from).kind === 'expression' ? takenAt(expr, from, signatures) : undefined;
  if (taken) {
    return { ...place('insert', from, to), range: taken === 'range' };
  }
  return place('all', 0, expr.length);
}

/** Returns what is written at a place for a series. */
export function written(expr: string, { kind, from, to, range }: Place, series: string): string {
  const text = range ? `${series}[$__rate_interval]` : series;
  return kind === 'insert' ? spaced(expr.slice(0, from), text, expr.slice(to)) : text;
}

/** Returns what is done at a place, in words for a button. */
export function actionAt({ kind, replaced }: Place): string {
  switch (kind) {
    case 'insert':
      return t('query.browser.insert', 'Insert at cursor');
    case 'name':
      return t('query.browser.replace-name', 'Replace {{name}}', { name: replaced });
    case 'all':
      return t('query.browser.replace-all', 'Replace expression');
  }
}

/** Returns the name of a selector that a selection is in or touches. */
function nameAt(expr: string, from: number, to: number): SyntaxNode | undefined {
  const parsed = parse(expr);
  return (
    parsed &&
    allOf(parsed.tree.topNode, 'Identifier').find(
      (node) => node.parent?.name === 'VectorSelector' && node.from <= from && to <= node.to
    )
  );
}

/** Returns what a series at the cursor is read as; undefined where it is read as something else, or makes a new fault. */
function takenAt(expr: string, at: number, signatures: Signatures): 'instant' | 'range' | undefined {
  const before = parse(expr);
  const faults = before ? countFaults(before.tree.topNode) : 0;
  const text = spaced(expr.slice(0, at), NAME, expr.slice(at));
  const parsed = parse(expr.slice(0, at) + text + expr.slice(at));
  const begin = at + text.indexOf(NAME);
  const name = parsed?.tree.resolveInner(begin, 1);
  const isName =
    parsed !== undefined &&
    name?.name === 'Identifier' &&
    name.parent?.name === 'VectorSelector' &&
    name.from === begin &&
    name.to === begin + NAME.length;
  if (!isName || !name.parent || countFaults(parsed.tree.topNode) > faults) {
    return undefined;
  }
  return argumentType(name.parent, parsed.expr, signatures);
}

function countFaults(top: SyntaxNode): number {
  let faults = 0;
  top.cursor().iterate(({ type }) => {
    faults += type.isError ? 1 : 0;
  });
  return faults;
}

/** Aggregations whose first argument is a number or a text. */
const WITH_PARAMETER = /^(?:topk|bottomk|quantile|count_values|limitk|limit_ratio)$/i;

/** Returns what a selector is read as; undefined as an argument that is a number or a text. */
function argumentType(selector: SyntaxNode, expr: string, signatures: Signatures): 'instant' | 'range' | undefined {
  const body = selector.parent;
  const call = body?.name === 'FunctionCallBody' ? around(body, 'AggregateExpr', 'FunctionCall') : undefined;
  const called = call?.firstChild;
  if (!body || !call || !called) {
    return 'instant';
  }
  const name = expr.slice(called.from, called.to);
  const at = childrenOf(body)
    .filter(isExpression)
    .findIndex((one) => one.from === selector.from);
  if (call.name === 'AggregateExpr') {
    return at === 0 && WITH_PARAMETER.test(name) ? undefined : 'instant';
  }
  const types = /\((.*)\):/.exec(signatures[name] ?? '')?.[1].split(', ') ?? [];
  const type = types[Math.min(at, types.length - 1)] ?? '';
  return type.startsWith('range') ? 'range' : /^(?:scalar|string)/.test(type) ? undefined : 'instant';
}

/** Returns a name with the blanks that keep it apart from operators. */
function spaced(before: string, name: string, after: string): string {
  const operator = /[-+*/%^=<>]$/.test(before) && !/(?:^|[(,])\s*[-+]$/.test(before) ? ' ' : '';
  return operator + name + (/^[-+*/%^=<>!]/.test(after) ? ' ' : '');
}
