// Splits a PromQL expression where a variable with several values means something
// else: in the comparisons label="text" and label!="text", in other strings, and
// outside of strings.

/** A part of an expression. */
export interface Part {
  text: string;
  /** True outside of strings. */
  code?: boolean;
  /** Of a comparison: `text` is what is between its quotes. */
  operator?: '=' | '!=';
  quote?: string;
}

/** Returns the parts of an expression, in order. Quotes and comments are read as PromQL does. */
export function partsOf(expr: string): Part[] {
  const parts: Part[] = [];
  let begin = 0;
  for (let at = 0; at < expr.length;) {
    const char = expr[at];
    if (char === '#') {
      at = endOr(expr.indexOf('\n', at), expr);
    } else if (char === '"' || char === "'" || char === '`') {
      const end = endOfString(expr, at);
      const before = expr.slice(begin, at);
      const found = /(^|[^=!<>~])(!?=)\s*$/.exec(before);
      if (found && end < expr.length) {
        const operator = found[2] as '=' | '!=';
        parts.push({ text: before.slice(0, found.index + found[1].length), code: true });
        parts.push({ text: expr.slice(at + 1, end), operator, quote: char });
      } else {
        parts.push({ text: before, code: true }, { text: expr.slice(at, end + 1) });
      }
      begin = end + 1;
      at = end + 1;
    } else {
      at++;
    }
  }
  parts.push({ text: expr.slice(begin), code: true });
  return parts.filter(({ text, operator }) => text !== '' || operator);
}

/** Returns where the string that begins at a quote ends: the position of its other quote, or the end of the expression. */
function endOfString(expr: string, begin: number): number {
  const quote = expr[begin];
  for (let at = begin + 1; at < expr.length; at++) {
    if (expr[at] === quote) {
      return at;
    }
    if (expr[at] === '\\' && quote !== '`') {
      at++;
    }
  }
  return expr.length;
}

function endOr(position: number, expr: string): number {
  return position < 0 ? expr.length : position;
}
