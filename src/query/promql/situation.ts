// Finds out what can be completed at the cursor in a PromQL expression. It is not
// a parser: the text before the cursor is an incomplete expression.

export type Situation =
  | { kind: 'expression' } // a series, a function, a macro
  | { kind: 'label'; metric?: string } // {here
  | { kind: 'value'; metric?: string; label: string } // {label="here
  | { kind: 'grouping' } // by (here
  | { kind: 'range' } // [here
  | { kind: 'none' }; // in a text or a comment

// Before an opening parenthesis that holds labels.
const GROUPING = /\b(?:by|without|on|ignoring|group_left|group_right)\s*$/i;
const METRIC = /[a-zA-Z_:][a-zA-Z0-9_:]*\s*$/;
const LABEL_OPERATOR = /([a-zA-Z_][a-zA-Z0-9_]*)\s*(?:=~|!~|!=|=)\s*$/;

interface Open {
  bracket: string;
  at: number;
}

/** Returns what can be written at the end of the text. */
export function situationAt(text: string): Situation {
  const open: Open[] = [];
  let quote = '';
  let quoteAt = 0;
  let comment = false;

  for (let i = 0; i < text.length; i++) {
    const char = text[i];
    if (comment) {
      comment = char !== '\n';
    } else if (quote) {
      if (char === '\\' && quote !== '`') {
        i++;
      } else if (char === quote) {
        quote = '';
      }
    } else if (char === '"' || char === "'" || char === '`') {
      quote = char;
      quoteAt = i;
    } else if (char === '#') {
      comment = true;
    } else if ('({['.includes(char)) {
      open.push({ bracket: char, at: i });
    } else if (')}]'.includes(char)) {
      open.pop();
    }
  }

  if (comment) {
    return { kind: 'none' };
  }
  const inner = open.at(-1);
  const before = inner ? text.slice(0, inner.at) : '';
  if (inner?.bracket === '{') {
    const metric = METRIC.exec(before)?.[0].trim();
    if (!quote) {
      return { kind: 'label', metric };
    }
    const label = LABEL_OPERATOR.exec(text.slice(inner.at + 1, quoteAt))?.[1];
    return label ? { kind: 'value', metric, label } : { kind: 'none' };
  }
  if (quote) {
    return { kind: 'none' };
  }
  if (inner?.bracket === '[') {
    return { kind: 'range' };
  }
  return inner?.bracket === '(' && GROUPING.test(before) ? { kind: 'grouping' } : { kind: 'expression' };
}
