// A field for a number. It is a field for text: one of type number drops the comma of 0,5 in an English browser, and 5 is
// left. What is no number stays in the field, which says so, and the query keeps its number.
import React, { type ComponentProps, useId, useState } from 'react';

import { CommitInput } from './CommitInput';
import { EditorField } from './EditorField';
import { notNumber, parseNumber } from './number';

interface Props extends Pick<ComponentProps<typeof EditorField>, 'label' | 'tooltip' | 'invalid' | 'error'> {
  value?: number;
  /** Only whole numbers are taken. */
  whole?: boolean;
  placeholder: string;
  minWidth: number;
  /** The keyboard of a phone; the one for text has a minus. */
  inputMode?: 'numeric' | 'decimal';
  /** Is called with a changed number, with undefined where the field was emptied. */
  onChange: (value: number | undefined) => void;
}

export function NumberField({ value, whole, placeholder, minWidth, inputMode, onChange, ...field }: Props) {
  const id = useId();
  // A text that is no number, and the number that the query had then.
  const [typed, setTyped] = useState<{ text: string; before?: number }>();
  const wrong = typed && typed.before === value ? typed.text : undefined;
  const commit = (text: string) => {
    const number = parseNumber(text, whole);
    if (text !== '' && number === undefined) {
      setTyped({ text, before: value });
      return;
    }
    setTyped(undefined);
    if (number !== value) {
      onChange(number);
    }
  };
  return (
    <EditorField
      {...field}
      htmlFor={id}
      {...(wrong !== undefined && { invalid: true, error: notNumber(wrong, whole) })}
    >
      <CommitInput
        id={id}
        inputMode={inputMode}
        placeholder={placeholder}
        minWidth={minWidth}
        value={wrong ?? String(value ?? '')}
        onCommit={commit}
      />
    </EditorField>
  );
}
