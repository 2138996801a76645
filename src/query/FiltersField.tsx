// The field of filters that the editors of queries and of variables have.
import React from 'react';

import { EditorField } from './EditorField';
import { t } from '../i18n';
import { marksOf, withSubject, type Fault } from './fault';
import { Filters, type Props as FiltersProps } from './metrics/Filters';
import type { Filter } from './types';

interface Props extends Omit<FiltersProps, 'filters' | 'onChange' | 'wrong' | 'wrongPart'> {
  filters?: Filter[];
  /** What the backend refuses of the query. */
  fault?: Fault;
  /** Is called with the complete filters; undefined for none, so that the key is not stored. */
  onChange: (filters: Filter[] | undefined) => void;
}

export function FiltersField({ filters = [], fault, onChange, ...item }: Props) {
  return (
    <EditorField
      label={t('query.filters.filters', 'Filters')}
      tooltip={t('query.filters.tip', 'All of them must hold. Several values in one filter: any of them.')}
      {...marksOf(
        fault && { ...fault, text: withSubject(fault.text, t('query.filters.subject', 'The value of a filter')) },
        'filters'
      )}
    >
      <Filters
        {...item}
        wrong={fault?.key === 'filters' ? fault.at : undefined}
        wrongPart={fault?.key === 'filters' ? fault.part : undefined}
        filters={filters}
        onChange={(complete) => onChange(complete.length > 0 ? complete : undefined)}
      />
    </EditorField>
  );
}
