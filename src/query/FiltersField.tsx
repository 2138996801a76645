// The field of filters that the editors of queries and of variables have.
import { EditorField } from '@grafana/plugin-ui';
import React from 'react';

import { Filters, type Props as FiltersProps } from './metrics/Filters';
import type { Filter } from './types';

interface Props extends Omit<FiltersProps, 'filters' | 'onChange'> {
  filters?: Filter[];
  /** Is called with the complete filters; undefined for none, so that the key is not stored. */
  onChange: (filters: Filter[] | undefined) => void;
}

export function FiltersField({ filters = [], onChange, ...item }: Props) {
  return (
    <EditorField label="Filters" tooltip="All of them must hold. Several values in one filter: any of them.">
      <Filters
        {...item}
        filters={filters}
        onChange={(complete) => onChange(complete.length > 0 ? complete : undefined)}
      />
    </EditorField>
  );
}
