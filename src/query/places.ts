// Where in a text of code a position of its interpolated text is.
import { partsOf } from './parts';
import { nameInside, VARIABLE } from './spellings';

export interface Span {
  from: number;
  to: number;
}

interface Piece extends Span {
  /** What stands in the interpolated text; undefined: the same. */
  text?: string;
}

export interface Placed {
  /** The interpolated text. */
  text: string;
  /** Returns the part of the expression that a position of the text comes from: one character, or a variable. */
  spanOf: (at: number) => Span;
}

/** What the backend's macros stand for while the step is not known (pkg/query/time.go). */
const MACROS: Record<string, string> = Object.fromEntries(
  ['__interval', '__rate_interval', '__range'].flatMap((name) => [
    [name, '1m'],
    [`${name}_s`, '60'],
    [`${name}_ms`, '60000'],
  ])
);

/** Returns an expression with its variables and macros replaced, and where each part comes from. */
export function placedPromQL(expr: string, interpolate: (text: string) => string): Placed {
  return placed(
    expr,
    piecesOfPromQL(expr, (text) => withoutMacros(interpolate(text)))
  );
}

/** Returns a statement with its variables replaced, and where each part comes from. The backend has its macros. */
export function placedSQL(sql: string, interpolate: (text: string) => string): Placed {
  return placed(sql, piecesOfCode(sql, 0, interpolate));
}

function placed(written: string, pieces: Piece[]): Placed {
  const textOf = ({ from, to, text = written.slice(from, to) }: Piece) => text;
  return {
    text: pieces.map(textOf).join(''),
    spanOf: (at) => {
      let begin = 0;
      for (const piece of pieces) {
        const { length } = textOf(piece);
        if (at < begin + length) {
          const from = piece.from + at - begin;
          return piece.text === undefined ? { from, to: from + 1 } : { from: piece.from, to: piece.to };
        }
        begin += length;
      }
      return { from: written.length, to: written.length };
    },
  };
}

function pieceOf(written: string, from: number, interpolate: (text: string) => string): Piece {
  const text = interpolate(written);
  return { from, to: from + written.length, ...(text !== written && { text }) };
}

/** Returns the variables of a part that begins at a position, and what is between them. */
function piecesOfCode(code: string, begin: number, interpolate: (text: string) => string): Piece[] {
  const pieces: Piece[] = [];
  let at = 0;
  for (const { 0: written, index } of code.matchAll(new RegExp(VARIABLE.source, 'g'))) {
    pieces.push({ from: begin + at, to: begin + index }, pieceOf(written, begin + index, interpolate));
    at = index + written.length;
  }
  pieces.push({ from: begin + at, to: begin + code.length });
  return pieces.filter(({ from, to }) => from < to);
}

/** Returns the same of an expression. Its strings are pieces as a whole, because a variable may change the operator. */
function piecesOfPromQL(expr: string, interpolate: (text: string) => string): Piece[] {
  let at = 0;
  return partsOf(expr).flatMap(({ text, code, operator, quote = '"' }) => {
    const from = at;
    // Of a comparison the blanks before the quote are no part.
    at = operator ? expr.indexOf(quote, at) + text.length + 2 : at + text.length;
    return code ? piecesOfCode(text, from, interpolate) : [pieceOf(expr.slice(from, at), from, interpolate)];
  });
}

function withoutMacros(text: string): string {
  return text.replace(new RegExp(VARIABLE.source, 'g'), (written) => MACROS[nameInside(written)] ?? written);
}
