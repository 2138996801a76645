// The button below a list of rows.
import { Button } from '@grafana/ui';
import React from 'react';

interface Props {
  /** What is on the button, such as Add master. */
  children: string;
  readOnly?: boolean;
  onClick: () => void;
}

export function AddRow({ children, readOnly, onClick }: Props) {
  return (
    <div>
      <Button type="button" size="sm" variant="secondary" icon="plus" disabled={readOnly} onClick={onClick}>
        {children}
      </Button>
    </div>
  );
}
