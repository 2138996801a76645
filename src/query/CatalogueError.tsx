// Warns that menus are empty because the catalogue could not be loaded.
import { Alert, Button } from '@grafana/ui';
import React from 'react';

import type { CatalogueState } from './useCatalogue';

export function CatalogueError({ error, retry }: Pick<CatalogueState, 'error' | 'retry'>) {
  if (!error) {
    return null;
  }
  return (
    <Alert severity="warning" title={`Could not load the query catalogue: ${error}`}>
      <Button size="sm" variant="secondary" onClick={retry}>
        Try again
      </Button>
    </Alert>
  );
}
