// Finds the comparisons label="text" and label!="text" of a PromQL expression, in
// which a variable with several values means any of them.

/** A part of an expression: a comparison, or what is between two of them. */
export interface Part {
  text: string;
  /** Of a comparison: `text` is what is between its quotes. */
  operator?: '=' | '!=';
  quote?: string;
}

/** Returns the parts of an expression, in order. Strings and comments are skipped as PromQL does. */
export function comparisons(expr: string): Part[] {
  const parts: Part[] = [];
  let begin = 0;
  for (let at = 0; at < expr.length;) {
    const char = expr[at];
    if (char === '#') {
      at = endOr(expr.indexOf('\n', at), expr);
    } else if (char === '"' || char === "'" || char === '`') {
      const end = endOfString(expr, at);
      const found = /[\w"'`]\s*(!?=)\s*$/.exec(expr.slice(begin, at));
      if (found && end < expr.length) {
        const operator = found[1] as '=' | '!=';
        parts.push({ text: expr.slice(begin, begin + found.index + found[0].lastIndexOf(operator)) });
        parts.push({ text: expr.slice(at + 1, end), operator, quote: char });
        begin = end + 1;
      }
      at = end + 1;
    } else {
      at++;
    }
  }
  parts.push({ text: expr.slice(begin) });
  return parts;
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
