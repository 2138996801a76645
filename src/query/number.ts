// Numbers as they are typed.
import { t } from '../i18n';

/**
 * Returns a typed number; undefined where it is none. Full-width digits and the sign for minus are certain; a comma is not:
 * 1,500 is one and a half thousand, or one and a half.
 */
export function parseNumber(text: string, whole = false): number | undefined {
  const plain = plainOf(text);
  if (!/^[-+]?(\d+\.?\d*|\.\d+)(e[-+]?\d+)?$/i.test(plain)) {
    return undefined;
  }
  const number = Number(plain);
  return Number.isFinite(number) && (!whole || Number.isInteger(number)) ? number : undefined;
}

/** Returns what is wrong with a text that should be a number, and what it most likely stands for. */
export function notNumber(text: string, whole = false): string | undefined {
  if (parseNumber(text, whole) !== undefined) {
    return undefined;
  }
  const meant = plainOf(text).replace(',', '.');
  return whole
    ? t('query.not-whole', '"{{text}}" is not a whole number: write for example {{example}}', { text, example: '5' })
    : t('query.not-number', '"{{text}}" is not a number: write for example {{example}}', {
        text,
        example: parseNumber(meant) === undefined ? '0.5' : meant,
      });
}

const plainOf = (text: string) => text.trim().normalize('NFKC').replace('\u2212', '-');
