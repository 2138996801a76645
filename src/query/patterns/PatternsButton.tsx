// The button that opens the list of query patterns.
import React, { lazy, type ComponentProps } from 'react';

import { t } from '../../i18n';
import { DialogButton } from '../DialogButton';

// A chunk of its own, with the texts of all patterns.
const PatternsModal = lazy(() => import('./PatternsModal'));

type Props = Omit<ComponentProps<typeof PatternsModal>, 'onClose'>;

export function PatternsButton({ onUse, ...props }: Props) {
  return (
    <DialogButton
      size="sm"
      text={t('query.patterns.open', 'Kick start your query')}
      loading={t('query.patterns.loading', 'Loading query patterns')}
    >
      {(close) => (
        <PatternsModal
          {...props}
          onClose={close}
          onUse={(query) => {
            close();
            onUse(query);
          }}
        />
      )}
    </DialogButton>
  );
}
