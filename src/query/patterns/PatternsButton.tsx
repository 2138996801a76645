// The button that opens the list of query patterns.
import { Button, LoadingPlaceholder } from '@grafana/ui';
import React, { lazy, Suspense, useState, type ComponentProps } from 'react';

import { t } from '../../i18n';

// A chunk of its own, with the texts of all patterns.
const PatternsModal = lazy(() => import('./PatternsModal'));

type Props = Omit<ComponentProps<typeof PatternsModal>, 'onClose'>;

export function PatternsButton({ onUse, ...props }: Props) {
  const [open, setOpen] = useState(false);
  return (
    <>
      <Button size="sm" variant="secondary" onClick={() => setOpen(true)}>
        {t('query.patterns.open', 'Kick start your query')}
      </Button>
      {open && (
        <Suspense fallback={<LoadingPlaceholder text={t('query.patterns.loading', 'Loading query patterns')} />}>
          <PatternsModal
            {...props}
            onClose={() => setOpen(false)}
            onUse={(query) => {
              setOpen(false);
              onUse(query);
            }}
          />
        </Suspense>
      )}
    </>
  );
}
