// Texts in the language of the user. Their keys and texts are extracted to src/locales (tools/scripts/translations.ts).
import { t as translate, Trans } from '@grafana/i18n';
import { mapValues } from 'lodash';

type Values = Record<string, unknown>;

/**
 * Returns the text of a key in the user's language, with values in place of {{name}}; in English the given one. It is called
 * while rendering, because texts are loaded after modules are. Values are not escaped: React does so, and would show `&quot;`
 * of what i18next escapes.
 */
export function t(key: string, text: string, values?: Values): string {
  if (!values) {
    return translate(key, text, { interpolation: { escapeValue: false } });
  }
  const marked = mapValues(values, (value) => (typeof value === 'string' ? BEGIN + value + END : value));
  return withoutMarks(translate(key, text, { ...marked, interpolation: { escapeValue: false } }));
}

/** Returns parts of a text as a list, without those that are empty. */
export function listOf(parts: Array<string | undefined>): string {
  return joined(parts, (first, second) => t('text.list', '{{first}}, {{second}}', { first, second }));
}

/** Returns words or sentences one after the other, without those that are empty. */
export function inOrder(...parts: Array<string | undefined>): string {
  return joined(parts, (first, second) => t('text.in-order', '{{first}} {{second}}', { first, second }));
}

function joined(parts: Array<string | undefined>, join: (first: string, second: string) => string): string {
  const all = parts.filter((part): part is string => Boolean(part));
  return all.length > 0 ? all.reduce(join) : '';
}

// Where a value begins and ends in a text: characters that no text has.
const BEGIN = '\uFDD0';
const END = '\uFDD1';
// Chinese has no space between its characters and signs, and one before words of other languages: whether a text has one
// before a value depends on the value.
const CHINESE = '[\u2e80-\u303f\u3400-\u9fff\uf900-\ufaff\uff00-\uffef]';
const SPACE = new RegExp(`(${CHINESE})(?: (?=${BEGIN}${CHINESE})|${END} (?=${BEGIN}?${CHINESE}))`, 'g');
const MARKS = new RegExp(`[${BEGIN}${END}]`, 'g');

const withoutMarks = (text: string) => text.replace(SPACE, '$1').replace(MARKS, '');

export { Trans };
