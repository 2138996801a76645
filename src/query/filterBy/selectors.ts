// Matchers in the selectors of an expression: those of a label and value, added,
// found and removed. Grafana's click on "filter for" or "filter out" is one.
import { parser } from '@prometheus-io/lezer-promql';

import { escapeString } from '../interpolate';

/** A condition on a label, as a click makes one. */
export interface Condition {
  label: string;
  operator: '=' | '!=';
  value: string;
}

interface Matcher extends Record<'label' | 'operator' | 'value', string> {
  from: number;
  to: number;
}

interface Selector {
  /** The name of its series; undefined where a pattern chooses them. */
  name?: string;
  matchers: Matcher[];
  /** Where its braces are; undefined where it has none. */
  braces?: { from: number; to: number };
  to: number;
}

// Where an expression has a variable, the parser needs something of the same length: a duration within brackets and
// behind offset, elsewhere a name.
const IN_DURATION = /(\[[^\]]*|\boffset\s+-?\s*)(\$\{[^}]*\}|\$\w+|\[\[[^\]]*\]\])/g;
const VARIABLE = /\$\{[^}]*\}|\$\w+|\[\[\w[^\]]*\]\]/g;

function withoutVariables(expr: string): string {
  let masked = expr;
  for (let before = ''; before !== masked;) {
    before = masked;
    masked = masked.replace(IN_DURATION, (_, start: string, variable: string) => {
      return `${start}${'1'.repeat(variable.length - 1)}s`;
    });
  }
  return masked.replace(VARIABLE, (variable) => '_'.repeat(variable.length));
}

/** Returns the selectors of an expression, the last one first, so that a change leaves the places of the others. */
function selectorsOf(expr: string): Selector[] {
  const found: Selector[] = [];
  parser.parse(withoutVariables(expr)).iterate({
    enter: ({ name, node }) => {
      if (name !== 'VectorSelector') {
        return;
      }
      const text = (of: { from: number; to: number }) => expr.slice(of.from, of.to);
      const identifier = node.getChild('Identifier');
      const braces = node.getChild('LabelMatchers');
      const matchers = ['UnquotedLabelMatcher', 'QuotedLabelMatcher'].flatMap((kind) =>
        (braces?.getChildren(kind) ?? []).flatMap((matcher) => {
          const label = matcher.getChild('LabelName') ?? matcher.getChild('QuotedLabelName');
          const operator = matcher.getChild('MatchOp');
          const value = matcher.getChild('StringLiteral');
          return label && operator && value
            ? [
                {
                  from: matcher.from,
                  to: matcher.to,
                  label: unquoted(text(label)),
                  operator: text(operator),
                  value: unquoted(text(value)),
                },
              ]
            : [];
        })
      );
      const named = matchers.find(({ label, operator }) => label === '__name__' && operator === '=')?.value;
      const quoted = braces?.getChild('QuotedLabelName');
      found.push({
        name: identifier ? text(identifier) : (named ?? (quoted ? unquoted(text(quoted)) : undefined)),
        matchers,
        ...(braces && { braces: { from: braces.from, to: braces.to } }),
        to: node.to,
      });
    },
  });
  return found.sort((a, b) => b.to - a.to);
}

/** Returns the text of a string of PromQL, which has Go's escapes. */
function unquoted(text: string): string {
  const quote = text[0];
  if (quote === '`') {
    return text.slice(1, -1);
  }
  if (quote !== '"' && quote !== "'") {
    return text;
  }
  return text.slice(1, -1).replace(/\\(.)/g, (_, char: string) => ESCAPED[char] ?? char);
}

const ESCAPED: Record<string, string> = { n: '\n', t: '\t', r: '\r' };

function is({ label, operator, value }: Condition, matcher: Matcher): boolean {
  return matcher.label === label && matcher.operator === operator && matcher.value === value;
}

/** Reports whether a selector of the expression has the condition. */
export function hasMatcher(expr: string, condition: Condition): boolean {
  return selectorsOf(expr).some(({ matchers }) => matchers.some((matcher) => is(condition, matcher)));
}

/** Returns the expression without the condition in any of its selectors. */
export function withoutMatcher(expr: string, condition: Condition): string {
  let changed = expr;
  for (const { matchers, braces, name } of selectorsOf(expr)) {
    const gone = matchers.filter((matcher) => is(condition, matcher));
    if (!braces || gone.length === 0) {
      continue;
    }
    const before = changed.slice(0, braces.from);
    let inside = changed.slice(braces.from + 1, braces.to - 1);
    for (const { from, to } of [...gone].reverse()) {
      const at = from - braces.from - 1;
      const head = inside.slice(0, at).replace(/\s*$/, '');
      const tail = inside.slice(at + to - from).replace(/^\s*,?\s*/, '');
      inside = tail ? head + (head && !head.endsWith(',') ? ',' : '') + tail : head.replace(/,$/, '');
    }
    const named = name !== undefined && !before.endsWith(' ') && /\w$/.test(before);
    changed = before + (inside.trim() === '' && named ? '' : `{${inside}}`) + changed.slice(braces.to);
  }
  return changed;
}

/**
 * Returns the expression with the condition in each selector whose series may have the label: in the others it would match
 * nothing, and `x or vector(0)` would be 0. Undefined where no selector's series have it.
 */
export function withMatcher(
  expr: string,
  condition: Condition,
  mayHave: (series: string | undefined, label: string) => boolean
): string | undefined {
  const text = `${condition.label}${condition.operator}"${escapeString(condition.value)}"`;
  let changed: string | undefined;
  for (const { name, matchers, braces, to } of selectorsOf(expr)) {
    if (!mayHave(name, condition.label) || matchers.some((matcher) => is(condition, matcher))) {
      continue;
    }
    changed ??= expr;
    if (!braces) {
      changed = `${changed.slice(0, to)}{${text}}${changed.slice(to)}`;
      continue;
    }
    const inside = changed.slice(braces.from + 1, braces.to - 1).replace(/[\s,]*$/, '');
    changed = `${changed.slice(0, braces.from)}{${inside}${inside.trim() && ','}${text}}${changed.slice(braces.to)}`;
  }
  return changed;
}
