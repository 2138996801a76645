// One setting of the table in fields.ts.
import { inOrder, t } from '../i18n';
import { useInputMarks } from '../marks';
import { Field, Input, Switch, TagsInput } from '@grafana/ui';
import React, { useRef } from 'react';

import { MessageId } from '../query/EditorField';
import { SingleMenu } from '../query/SingleMenu';
import type { FieldSpec } from './fields';
import type { MesosOptions } from './types';

interface Props {
  field: FieldSpec;
  options: MesosOptions;
  /** What is wrong with the value. */
  problem?: string;
  readOnly?: boolean;
  /** Is called with undefined where the field was emptied: the default holds then. */
  onChange: (value: string | number | boolean | string[] | undefined) => void;
}

const WIDTH = 40;

const idOf = (field: FieldSpec) => `mesos-${field.key}`;

export function FieldRow(props: Props) {
  const { field, problem, readOnly } = props;
  return (
    <Field
      label={field.label()}
      description={inOrder(
        field.description(),
        t('config.field.default', 'Default: {{value}}.', { value: defaultOf(field) })
      )}
      htmlFor={idOf(field)}
      invalid={Boolean(problem)}
      error={problem && <span id={`${idOf(field)}-problem`}>{problem}</span>}
      disabled={readOnly}
    >
      <Control {...props} />
    </Field>
  );
}

/** Returns the default in words: of a choice its name. */
function defaultOf(field: FieldSpec): string {
  const value = typeof field.default === 'string' ? field.default : field.default();
  const choice = field.kind === 'choice' && field.options.find((one) => one.value === value);
  return choice ? choice.label() : value;
}

function Control({ field, options, problem, readOnly, onChange }: Props) {
  const id = idOf(field);
  const value: unknown = options[field.key];
  const common = { id, width: WIDTH, disabled: readOnly };
  const marked = {
    invalid: Boolean(problem),
    'aria-invalid': Boolean(problem),
    'aria-describedby': problem ? `${id}-problem` : undefined,
  };
  const around = useRef<HTMLDivElement>(null);
  useInputMarks(around, marked);
  switch (field.kind) {
    case 'text':
    case 'number':
      return (
        <Input
          {...common}
          {...marked}
          inputMode={field.kind === 'number' ? 'numeric' : undefined}
          placeholder={defaultOf(field)}
          value={value === undefined || value === null ? '' : textOf(value)}
          onChange={(event) => {
            const text = event.currentTarget.value;
            onChange(text === '' ? undefined : field.kind === 'number' ? numberOf(text) : text);
          }}
        />
      );
    case 'choice': {
      const chosen = String(value || field.default);
      const choices = field.options.map((one) => ({
        value: one.value,
        label: one.label(),
        description: one.description(),
      }));
      // A value that is not possible is shown as it is.
      const unknown = choices.some((one) => one.value === chosen) ? [] : [{ value: chosen, label: chosen }];
      return (
        <MessageId.Provider value={marked['aria-describedby']}>
          <SingleMenu
            {...common}
            invalid={marked.invalid}
            options={[...choices, ...unknown]}
            value={chosen}
            onChange={(option) => onChange(option.value)}
          />
        </MessageId.Provider>
      );
    }
    case 'switch':
      return (
        <Switch
          {...common}
          {...marked}
          value={value === true}
          onChange={(event) => onChange(event.currentTarget.checked || undefined)}
        />
      );
    case 'tags':
      return (
        <div ref={around}>
          <TagsInput
            {...common}
            invalid={marked.invalid}
            placeholder={t('config.field.new-label', 'New label (Enter to add)')}
            tags={Array.isArray(value) ? (value as string[]) : []}
            onChange={(tags) => onChange(tags.length > 0 ? tags : undefined)}
          />
        </div>
      );
  }
}

const textOf = (value: unknown) => (typeof value === 'object' ? JSON.stringify(value) : String(value));

/** Returns the number that a text is written as, else the text: the backend says what is wrong with it. */
function numberOf(text: string): number | string {
  const number = Number(text);
  return String(number) === text ? number : text;
}
