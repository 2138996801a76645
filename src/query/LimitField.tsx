// The field for how many rows, events or groups are shown.
import React from 'react';

import { t } from '../i18n';
import { marksOf, type Fault } from './fault';
import { NumberField } from './NumberField';

interface Props {
  limit?: number;
  /** The limit if it is absent. */
  usual: number;
  most: number;
  tooltip: string;
  /** What the backend refuses of the query. */
  fault?: Fault;
  onChange: (limit: number | undefined) => void;
}

export function LimitField({ limit, usual, most, tooltip, fault, onChange }: Props) {
  const wrong =
    limit !== undefined && !(limit >= 1 && limit <= most)
      ? { invalid: true, error: t('query.limit.invalid', '{{limit}} is out of range: 1 to {{most}}', { limit, most }) }
      : marksOf(fault, 'limit');
  return (
    <NumberField
      label={t('query.limit.label', 'Limit')}
      tooltip={tooltip}
      whole
      inputMode="numeric"
      placeholder={String(usual)}
      minWidth={10}
      value={limit}
      onChange={onChange}
      {...wrong}
    />
  );
}
