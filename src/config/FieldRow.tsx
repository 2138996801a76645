// One setting of the table in fields.ts.
import { Combobox, Field, Input, Switch, TagsInput } from '@grafana/ui';
import React from 'react';

import { fieldProblem, type FieldSpec } from './fields';
import type { MesosOptions } from './types';

interface Props {
  field: FieldSpec;
  options: MesosOptions;
  readOnly?: boolean;
  /** Is called with undefined where the field was emptied: the default holds then. */
  onChange: (value: string | number | boolean | string[] | undefined) => void;
}

const WIDTH = 40;

export function FieldRow({ field, options, readOnly, onChange }: Props) {
  const problem = fieldProblem(field, options);
  const id = `mesos-${field.key}`;
  return (
    <Field
      label={field.label}
      description={`${field.description} Default: ${field.default}.`}
      htmlFor={id}
      invalid={Boolean(problem)}
      error={problem}
      disabled={readOnly}
    >
      <Control field={field} id={id} options={options} readOnly={readOnly} onChange={onChange} />
    </Field>
  );
}

function Control({ field, id, options, readOnly, onChange }: Props & { id: string }) {
  const value = options[field.key];
  switch (field.kind) {
    case 'text':
    case 'number':
      return (
        <Input
          id={id}
          width={WIDTH}
          type={field.kind}
          disabled={readOnly}
          placeholder={field.default}
          value={value === undefined || value === null ? '' : String(value)}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(text === '' ? undefined : field.kind === 'number' ? Number(text) : text);
          }}
        />
      );
    case 'choice':
      return (
        <Combobox
          id={id}
          width={WIDTH}
          disabled={readOnly}
          options={field.options}
          value={String(value || field.default)}
          onChange={(option) => onChange(option.value)}
        />
      );
    case 'switch':
      return (
        <Switch
          id={id}
          disabled={readOnly}
          value={value === true}
          onChange={(event) => onChange(event.currentTarget.checked || undefined)}
        />
      );
    case 'tags':
      return (
        <TagsInput
          id={id}
          width={WIDTH}
          disabled={readOnly}
          placeholder="New label (Enter to add)"
          tags={Array.isArray(value) ? value : []}
          onChange={(tags) => onChange(tags.length > 0 ? tags : undefined)}
        />
      );
  }
}
