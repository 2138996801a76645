// Where in an expression a position of its interpolated text is.
import { partsOf } from '../parts';
import { nameInside, VARIABLE } from '../spellings';
import type { Span } from './mask';

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

/** Returns an expression with its variables replaced, and where each part comes from. */
export function placed(expr: string, interpolate: (text: string) => string): Placed {
  const pieces = piecesOf(expr, interpolate);
  const textOf = ({ from, to, text = expr.slice(from, to) }: Piece) => text;
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
      return { from: expr.length, to: expr.length };
    },
  };
}

function piecesOf(expr: string, interpolate: (text: string) => string): Piece[] {
  const pieces: Piece[] = [];
  const whole = (from: number, to: number) => {
    const written = expr.slice(from, to);
    const text = withoutMacros(interpolate(written));
    pieces.push({ from, to, ...(text !== written && { text }) });
  };
  let at = 0;
  for (const part of partsOf(expr)) {
    if (part.operator) {
      // Of a comparison the blanks before the quote are no part.
      const to = expr.indexOf(part.quote ?? '"', at) + part.text.length + 2;
      whole(at, to);
      at = to;
    } else if (part.code) {
      const end = at + part.text.length;
      for (const found of part.text.matchAll(new RegExp(VARIABLE.source, 'g'))) {
        const from = end - part.text.length + found.index;
        pieces.push({ from: at, to: from });
        whole(from, from + found[0].length);
        at = from + found[0].length;
      }
      pieces.push({ from: at, to: end });
      at = end;
    } else {
      whole(at, at + part.text.length);
      at += part.text.length;
    }
  }
  return pieces.filter(({ from, to }) => from < to);
}

function withoutMacros(text: string): string {
  return text.replace(new RegExp(VARIABLE.source, 'g'), (written) => MACROS[nameInside(written)] ?? written);
}
