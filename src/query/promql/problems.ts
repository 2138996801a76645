// What is wrong with an expression, and where.
import { Refusal, type Compiled } from '../../resources';
import { placedPromQL, type Placed } from '../places';
import type { Checked, Problem } from '../problem';
import { mask } from './mask';
import { hasFault, parse } from './tree';

/** The beginning of the backend's sentence about a text that is no PromQL (pkg/promql/errors.go). */
const POSITION = /^[^:]*: line (\d+), column (\d+): ([\s\S]+)$/;

/** How an expression is checked: what is not known here is given. */
export interface Checks {
  interpolate: (text: string) => string;
  compile: (expr: string) => Promise<Compiled>;
}

/** Returns what the backend says about an expression; rejects where it does not answer. */
export async function check(expr: string, { interpolate, compile }: Checks): Promise<Checked> {
  if (expr.trim() === '') {
    return { problems: [], warnings: [] };
  }
  const sent = placedPromQL(expr, interpolate);
  try {
    const { warnings = [] } = await compile(sent.text);
    return { problems: [], warnings };
  } catch (err) {
    if (!(err instanceof Refusal && err.ofQuery)) {
      throw err;
    }
    return { problems: [problemOf(expr, sent, err.message)], warnings: [] };
  }
}

function problemOf(expr: string, sent: Placed, message: string): Problem {
  const [, line, column, text] = POSITION.exec(message) ?? [];
  if (line) {
    const span = sent.spanOf(offsetOf(sent.text, Number(line), Number(column)));
    return { ...wordAt(expr, span), at: span.from, message: text };
  }
  // A variable without a value.
  const named = mask(expr).variables.find(({ from, to }) => message.includes(expr.slice(from, to)));
  return { ...(named ?? { from: 0, to: expr.length }), message: message.replace(/^expr: /, '') };
}

/** Returns the offset of a line and a column, which count characters from 1. */
function offsetOf(text: string, line: number, column: number): number {
  const lines = text.split('\n');
  const begin = lines.slice(0, line - 1).reduce((sum, one) => sum + one.length + 1, 0);
  return begin + [...(lines[line - 1] ?? '')].slice(0, column - 1).join('').length;
}

/** Extends a position to the word that begins there; at the end of the text to what is before it. */
function wordAt(expr: string, { from, to }: { from: number; to: number }) {
  const word = /^[\w:.]+/.exec(expr.slice(from))?.[0].length ?? 0;
  if (from >= expr.trimEnd().length) {
    const end = expr.trimEnd().length;
    return { from: Math.max(0, end - 1), to: end };
  }
  return { from, to: Math.max(to, from + word) };
}

/** Returns where the grammar of the editor finds a fault, for when the backend does not answer: without variables only. */
export function faultsOf(expr: string, message: string): Problem[] {
  const parsed = parse(expr);
  if (!parsed || parsed.variables.length > 0 || expr.trim() === '' || !hasFault(parsed)) {
    return [];
  }
  let found: Problem | undefined;
  parsed.tree.iterate({
    enter: ({ type, from, to }) => {
      if (type.isError && !found) {
        found = { ...wordAt(expr, { from, to: Math.max(to, from + 1) }), message };
      }
    },
  });
  return found ? [found] : [];
}
