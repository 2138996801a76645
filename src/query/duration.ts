// Durations as the backend reads them.
import { t } from '../i18n';

const SECOND = 1000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;

// Go's units, and Grafana's longer ones. M is a month there, so case matters.
const GO_UNITS: Record<string, number> = { ms: 1, s: SECOND, m: MINUTE, h: HOUR };
const GRAFANA_UNITS: Record<string, number> = { d: DAY, w: 7 * DAY, M: 30 * DAY, y: 365 * DAY };

/** Returns a duration like `15s`, `1h30m` or `7d` in milliseconds; undefined where it is none. */
export function parseDuration(text: string): number | undefined {
  const long = /^(\d+)([dwMy])$/.exec(text);
  if (long) {
    return Number(long[1]) * GRAFANA_UNITS[long[2]];
  }
  if (!/^(\d+(\.\d+)?(ms|s|m|h))+$/.test(text)) {
    return undefined;
  }
  let sum = 0;
  for (const [, number, , unit] of text.matchAll(/(\d+(\.\d+)?)(ms|s|m|h)/g)) {
    sum += Number(number) * GO_UNITS[unit];
  }
  return sum;
}

export function isDuration(text: string): boolean {
  return parseDuration(text) !== undefined;
}

/** Returns what is wrong with a text that should be a duration, or undefined. */
export function notDuration(text: string, ...examples: string[]): string | undefined {
  return isDuration(text)
    ? undefined
    : t('query.not-duration', '"{{text}}" is not a valid duration, for example {{examples}}', {
        text,
        examples: examples.join(', '),
      });
}
