// Texts in the language of the user. Their keys and texts are extracted to src/locales (tools/scripts/translations.ts).
import { t as translate, Trans } from '@grafana/i18n';

type Values = Record<string, unknown>;

/**
 * Returns the text of a key in the user's language, with values in place of {{name}}; in English the given one. It is called
 * while rendering, because texts are loaded after modules are. Values are not escaped: React does so, and would show `&quot;`
 * of what i18next escapes.
 */
export function t(key: string, text: string, values?: Values): string {
  return translate(key, text, { ...values, interpolation: { escapeValue: false } });
}

export { Trans };
