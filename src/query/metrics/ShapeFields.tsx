// The shape of measure fits: what one task needs.
import { EditorRow } from '@grafana/plugin-ui';
import { omitBy } from 'lodash';
import React, { useId } from 'react';

import { t } from '../../i18n';
import { CommitInput } from '../CommitInput';
import { EditorField } from '../EditorField';
import { marksOf, withSubject, type Fault } from '../fault';
import { NumberField } from '../NumberField';
import type { MesosQuery } from '../types';

type Shape = NonNullable<MesosQuery['shape']>;

interface Props {
  shape?: Shape;
  /** What the backend refuses of the query. */
  fault?: Fault;
  onChange: (shape?: Shape) => void;
}

export function ShapeFields({ shape = {}, fault, onChange }: Props) {
  const id = useId();
  const change = (part: Partial<Shape>) => {
    const changed = omitBy({ ...shape, ...part }, (value) => value === undefined);
    onChange(Object.keys(changed).length > 0 ? changed : undefined);
  };
  // What is wrong with the whole shape is marked on its first field.
  const said: Fault | undefined =
    fault && !fault.part
      ? { ...fault, text: withSubject(fault.text, t('query.metrics.shape', 'What a task needs')) }
      : fault;
  const marks = (key: keyof Shape) => ((said?.part ?? 'cpus') === key ? marksOf(said, 'shape') : {});
  const count = (key: 'cpus' | 'gpus', label: string, placeholder: string) => (
    <NumberField
      label={label}
      inputMode="decimal"
      minWidth={8}
      placeholder={placeholder}
      value={shape[key]}
      onChange={(value) => change({ [key]: value })}
      {...marks(key)}
    />
  );
  const amount = (key: 'memory' | 'disk', label: string, placeholder: string) => (
    <EditorField
      label={label}
      htmlFor={`${id}-${key}`}
      tooltip={t('query.metrics.amount-tooltip', 'A number and KiB, MiB, GiB or TiB. What Mesos calls MB is MiB.')}
      {...(isAmount(shape[key] ?? '')
        ? marks(key)
        : {
            invalid: true,
            error: t(
              'query.metrics.amount-invalid',
              '"{{amount}}" is not a valid amount: write for example 512MiB or 8GiB',
              { amount: shape[key] }
            ),
          })}
    >
      <CommitInput
        id={`${id}-${key}`}
        minWidth={10}
        placeholder={placeholder}
        value={shape[key] ?? ''}
        onCommit={(text) => change({ [key]: text || undefined })}
      />
    </EditorField>
  );
  return (
    <EditorRow>
      {count('cpus', t('query.metrics.shape-cpus', 'CPUs of a task'), '0.5')}
      {amount('memory', t('query.metrics.shape-memory', 'Memory of a task'), '2GiB')}
      {amount('disk', t('query.metrics.shape-disk', 'Disk of a task'), t('query.metrics.shape-any', 'any'))}
      {count('gpus', t('query.metrics.shape-gpus', 'GPUs of a task'), t('query.metrics.shape-none', 'none'))}
    </EditorRow>
  );
}

/** Reports whether the backend takes an amount; nothing and variables are taken. */
export function isAmount(text: string): boolean {
  return text === '' || text.includes('$') || /^\d+(\.\d+)?\s*[KMGT]iB$/.test(text.trim());
}
