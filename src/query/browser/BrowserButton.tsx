// The button that opens the metrics browser: beside the builder's series, and in code.
import { Button, LoadingPlaceholder } from '@grafana/ui';
import React, { lazy, Suspense, useState, type ComponentProps } from 'react';

import { t } from '../../i18n';
import type { MesosResources } from '../../resources';

// A chunk of its own: most queries are built without it.
const MetricsBrowser = lazy(() => import('./MetricsBrowser'));

interface Props extends Pick<ComponentProps<typeof Button>, 'size' | 'fill'> {
  resources: MesosResources;
  /** Is called with the name of the chosen series, once the browser is closed. */
  onChoose: (name: string) => void;
}

export function BrowserButton({ resources, onChoose, ...look }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button variant="secondary" icon="book-open" {...look} onClick={() => setOpen(true)}>
        {t('query.browser.open', 'Metrics browser')}
      </Button>
      {open && (
        <Suspense fallback={<LoadingPlaceholder text={t('query.browser.loading', 'Loading the metrics browser')} />}>
          <MetricsBrowser
            resources={resources}
            onClose={() => setOpen(false)}
            onChoose={(name) => {
              setOpen(false);
              onChoose(name);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
