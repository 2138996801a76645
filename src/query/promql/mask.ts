// Puts something that PromQL's grammar has in the place of each variable, of the same length, so that positions in
// the tree are positions in the text. What a variable stands for depends on where it is: a range, a label, a series.
import type { Span } from '../places';
import { VARIABLE } from '../spellings';

export interface Masked {
  text: string;
  /** The variables outside of strings and comments. */
  variables: Span[];
  /** The comments. */
  comments: Span[];
  /** Where the string begins that is open at the end of the text. */
  openString?: number;
  /** Whether the text ends in a comment. */
  inComment: boolean;
}

const NUMBER_MACRO = /__\w+_(?:ms|s)\b/;
const DURATION_MACRO = /__(?:interval|rate_interval|range)\b/;
const AFTER_OFFSET = /\boffset\s+-?\s*$/i;

/** Returns an expression whose variables the grammar can read, with blanks for its comments. */
export function mask(expr: string): Masked {
  const spellings = new RegExp(VARIABLE.source, 'y');
  const variables: Span[] = [];
  const comments: Span[] = [];
  const open: string[] = [];
  let text = '';
  let openString: number | undefined;
  let inComment = false;
  let at = 0;
  while (at < expr.length) {
    const char = expr[at];
    let length = 1;
    let stand: string | undefined;
    if (inComment) {
      inComment = char !== '\n';
      stand = inComment ? ' ' : undefined;
      comments[comments.length - 1].to = at + (inComment ? 1 : 0);
    } else if (openString !== undefined) {
      const quote = expr[openString];
      if (char === '\\' && quote !== '`') {
        length = Math.min(2, expr.length - at);
      } else if (char === quote) {
        openString = undefined;
      }
    } else if (char === '"' || char === "'" || char === '`') {
      openString = at;
    } else if (char === '#') {
      inComment = true;
      comments.push({ from: at, to: at + 1 });
      stand = ' ';
    } else {
      const written = char === '$' || char === '[' ? variableAt(expr, at, spellings) : undefined;
      if (written) {
        length = written.length;
        variables.push({ from: at, to: at + length });
        stand = standIn(written, text, expr.slice(at + length, at + length + 40), open.at(-1));
      } else if ('({['.includes(char)) {
        open.push(char);
      } else if (')}]'.includes(char)) {
        open.pop();
      }
    }
    text += stand ?? expr.slice(at, at + length);
    at += length;
  }
  return { text, variables, comments, openString, inComment };
}

function variableAt(expr: string, at: number, spellings: RegExp): string | undefined {
  spellings.lastIndex = at;
  return spellings.exec(expr)?.[0];
}

function standIn(written: string, before: string, after: string, bracket: string | undefined): string {
  const { length } = written;
  const digits = '1'.repeat(length);
  const name = 'x'.repeat(length);
  if (bracket === '[' || AFTER_OFFSET.test(before)) {
    return /^[\d.smhdwy]/.test(after) || NUMBER_MACRO.test(written) ? digits : `${digits.slice(1)}m`;
  }
  if (/[\w:]$/.test(before) || /^[\w:]/.test(after)) {
    return name; // a part of a name
  }
  if (bracket === '{') {
    // A label, else a value or a whole matcher.
    return /^\s*[=!]/.test(after) ? name : '""'.padEnd(length);
  }
  if (/^\s*\(/.test(after) && !/\b(?:by|without|on|ignoring|group_left|group_right)\s*$/i.test(before)) {
    return 'ln'.padEnd(length); // any function
  }
  if (NUMBER_MACRO.test(written)) {
    return digits;
  }
  return DURATION_MACRO.test(written) ? `${digits.slice(1)}m` : name;
}
