// Macros that the backend replaces in expressions (pkg/query/time.go).
import { t } from '../../i18n';

/** Returns the macros and what they stand for. */
export function macros(): Array<{ name: string; help: string }> {
  return [
    { name: '$__interval', help: t('query.promql.macro-interval', 'The step of the query.') },
    {
      name: '$__rate_interval',
      help: t('query.promql.macro-rate-interval', 'A range that is long enough for rate() and increase().'),
    },
    { name: '$__range', help: t('query.promql.macro-range', 'The whole time range.') },
    { name: '$__range_s', help: t('query.promql.macro-range-s', 'The whole time range in seconds, as a number.') },
  ];
}
