// Dashboard variables as menu options, at the end of a menu as in Grafana's
// Prometheus editor.
import { getTemplateSrv } from '@grafana/runtime';
import type { ComboboxOption } from '@grafana/ui';

import { t } from '../../i18n';

// Types of variables without a value for queries.
const NO_VALUE = ['adhoc', 'groupby', 'datasource', 'system'];

/** Returns `$name` of each variable of the dashboard; none in Explore. */
export function variableOptions(): ComboboxOption[] {
  return getTemplateSrv()
    .getVariables()
    .filter(({ type }) => !NO_VALUE.includes(type))
    .map(({ name }) => ({
      value: `$${name}`,
      label: `$${name}`,
      description: t('query.menu.variable', 'Dashboard variable'),
    }));
}
