// A secret: what is typed is shown as dots, and what is stored is never in the browser.
import { Input, SecretInput, SecretTextArea } from '@grafana/ui';
import React from 'react';

interface Props {
  id?: string;
  'aria-label'?: string;
  'aria-invalid'?: boolean;
  'aria-describedby'?: string;
  width?: number;
  placeholder?: string;
  invalid?: boolean;
  /** The typed value. */
  value: string;
  isStored: boolean;
  readOnly?: boolean;
  /** Is called with '' where the stored value is to be removed. */
  onChange: (value: string) => void;
}

export function Secret({ isStored, readOnly, value, onChange, ...props }: Props) {
  const common = { width: 40, ...props, autoComplete: 'new-password' };
  // SecretInput's button to reset a stored one cannot be disabled.
  return readOnly ? (
    <Input {...common} disabled value={isStored ? 'configured' : ''} />
  ) : (
    <SecretInput
      {...common}
      isConfigured={isStored}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onReset={() => onChange('')}
    />
  );
}

/** A secret of several lines, such as a certificate. */
export function SecretText({
  id,
  placeholder,
  value,
  isStored,
  readOnly,
  onChange,
}: Pick<Props, 'id' | 'placeholder' | 'value' | 'isStored' | 'readOnly' | 'onChange'>) {
  return readOnly ? (
    <Input id={id} width={40} disabled value={isStored ? 'configured' : ''} />
  ) : (
    <SecretTextArea
      id={id}
      rows={4}
      cols={45}
      placeholder={placeholder}
      isConfigured={isStored}
      value={value}
      onChange={(event) => onChange(event.currentTarget.value)}
      onReset={() => onChange('')}
    />
  );
}
