// A secret: what is typed is shown as dots, and what is stored is never in the browser.
import { Input, SecretInput } from '@grafana/ui';
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
