// Warns that menus are empty because the catalogue could not be loaded.
import { Alert, Button } from '@grafana/ui';
import React from 'react';

import { t, Trans } from '../i18n';
import type { CatalogueState } from './useCatalogue';

export function CatalogueError({ error, retry }: Pick<CatalogueState, 'error' | 'retry'>) {
  if (!error) {
    return null;
  }
  return (
    <Alert
      severity="warning"
      title={t('query.catalogue.not-loaded', 'Could not load the query catalogue: {{error}}', { error })}
    >
      <Button size="sm" variant="secondary" onClick={retry}>
        <Trans i18nKey="query.catalogue.retry">Try again</Trans>
      </Button>
    </Alert>
  );
}
