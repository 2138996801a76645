// Lengths of time in words.
import { t } from '../../i18n';
import { nameInside, VARIABLE } from '../spellings';

const UNITS: Record<string, (n: string) => string> = {
  ms: (n) => t('query.promql.milliseconds', '{{n}} ms', { n }),
  s: (n) => (n === '1' ? t('query.promql.second', '1 second') : t('query.promql.seconds', '{{n}} seconds', { n })),
  m: (n) => (n === '1' ? t('query.promql.minute', '1 minute') : t('query.promql.minutes', '{{n}} minutes', { n })),
  h: (n) => (n === '1' ? t('query.promql.hour', '1 hour') : t('query.promql.hours', '{{n}} hours', { n })),
  d: (n) => (n === '1' ? t('query.promql.day', '1 day') : t('query.promql.days', '{{n}} days', { n })),
  w: (n) => (n === '1' ? t('query.promql.week', '1 week') : t('query.promql.weeks', '{{n}} weeks', { n })),
  y: (n) => (n === '1' ? t('query.promql.year', '1 year') : t('query.promql.years', '{{n}} years', { n })),
};

const MACROS: Record<string, () => string> = {
  __interval: () => t('query.promql.length-interval', 'the step of the query'),
  __rate_interval: () => t('query.promql.length-rate-interval', 'a range of some polls'),
  __range: () => t('query.promql.length-range', 'the whole time range'),
};

/** Returns a length of time in words, as 1h30m is 1 hour 30 minutes; what is none as it is written. */
export function lengthInWords(written: string): string {
  const macro = new RegExp(`^(?:${VARIABLE.source})$`).test(written) && MACROS[nameInside(written)];
  if (macro) {
    return macro();
  }
  const parts = [...written.matchAll(/(\d+)(ms|[smhdwy])/g)];
  return parts.length > 0 && parts.map(([part]) => part).join('') === written
    ? parts.map(([, n, unit]) => UNITS[unit](n)).join(' ')
    : written;
}
