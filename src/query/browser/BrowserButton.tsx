// The button that opens the metrics browser: beside the builder's series, and in code.
import type { Button } from '@grafana/ui';
import React, { lazy, type ComponentProps } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';
import { DialogButton } from '../DialogButton';

// A chunk of its own: most queries are built without it.
const MetricsBrowser = lazy(() => import('./MetricsBrowser'));

interface Props extends Pick<ComponentProps<typeof Button>, 'size' | 'fill'> {
  resources: MesosResources;
  /** Returns what is done with a chosen series, in words. */
  action?: () => string;
  /** Is called with the name of the chosen series. */
  onChoose: (name: string) => void;
}

export function BrowserButton({ resources, action, onChoose, ...look }: Props) {
  return (
    <DialogButton
      {...look}
      icon="book-open"
      text={t('query.browser.open', 'Metrics browser')}
      loading={t('query.browser.loading', 'Loading the metrics browser')}
    >
      {(close, typed) => (
        <MetricsBrowser
          resources={resources}
          typed={typed}
          action={action}
          onClose={close}
          onChoose={(name) => {
            close();
            onChoose(name);
          }}
        />
      )}
    </DialogButton>
  );
}
