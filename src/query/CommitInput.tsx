// A text field that commits its value when it is left or Enter is pressed, so
// that a query does not run at every letter. Escape brings the old value back.
import { css, cx } from '@emotion/css';
import { AutoSizeInput } from '@grafana/ui';
import React, { useState, type ComponentProps } from 'react';

import { useMarks } from './EditorField';

interface Props extends Omit<
  ComponentProps<typeof AutoSizeInput>,
  'value' | 'onChange' | 'onBlur' | 'onKeyDown' | 'onCommitChange'
> {
  value: string;
  /** Is called with a changed value, without blanks around it. */
  onCommit: (value: string) => void;
}

export function CommitInput({ value, onCommit, ...props }: Props) {
  // The typed text, until it is committed.
  const [draft, setDraft] = useState<string>();
  const commit = () => {
    setDraft(undefined);
    if (draft !== undefined && draft.trim() !== value) {
      onCommit(draft.trim());
    }
  };
  return (
    <AutoSizeInput
      {...props}
      {...useMarks(props.invalid)}
      className={cx(withinField, props.className)}
      value={draft ?? value}
      onChange={(event) => setDraft(event.currentTarget.value)}
      onBlur={commit}
      onKeyDown={(event) => {
        if (event.key === 'Enter') {
          commit();
        } else if (event.key === 'Escape' && draft !== undefined) {
          event.stopPropagation(); // Grafana would leave the panel's editor
          setDraft(undefined);
        }
      }}
    />
  );
}

// It grows with its text, and would reach beyond a narrow page.
const withinField = css({ maxWidth: '80vw' });
