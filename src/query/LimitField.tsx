// The field for how many rows, events or groups are shown.
import React, { useId } from 'react';

import { EditorField } from './EditorField';
import { t } from '../i18n';
import { CommitInput } from './CommitInput';
import { marksOf, type Fault } from './fault';

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
  const id = useId();
  const wrong =
    limit !== undefined && !(limit >= 1 && limit <= most)
      ? { invalid: true, error: t('query.limit.invalid', '{{limit}} is out of range: 1 to {{most}}', { limit, most }) }
      : marksOf(fault, 'limit');
  return (
    <EditorField label={t('query.limit.label', 'Limit')} htmlFor={id} tooltip={tooltip} {...wrong}>
      <CommitInput
        id={id}
        type="number"
        placeholder={String(usual)}
        minWidth={10}
        min={1}
        max={most}
        value={String(limit ?? '')}
        onCommit={(text) => onChange(text === '' ? undefined : Number(text))}
      />
    </EditorField>
  );
}
