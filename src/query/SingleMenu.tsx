// Grafana's menu of one value, which keeps what is typed: it would put the chosen value back into its
// field at each rendering with other objects, even equal ones, as when a list has been loaded.
import { Combobox, type ComboboxOption } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { useRef, useState, type ComponentProps } from 'react';

import { useInputMarks } from '../marks';
import { useMarks } from './EditorField';

// What is used of Combobox, whose types exclude each other.
interface Props<T extends string> extends Pick<
  ComponentProps<typeof Combobox<T>>,
  'id' | 'aria-labelledby' | 'options' | 'placeholder' | 'createCustomValue' | 'autoFocus'
> {
  value: T | ComboboxOption<T> | null;
  /** In the units of Grafana's grid, or that of the element around; without it as wide as the value. */
  width?: number | 'full';
  minWidth?: number;
  /** Set by the field around the menu. */
  invalid?: boolean;
  onChange: (option: ComboboxOption<T>) => void;
}

export function SingleMenu<T extends string = string>({ options, value, width, minWidth = 14, ...menu }: Props<T>) {
  const around = useRef<HTMLDivElement>(null);
  useInputMarks(around, useMarks(menu.invalid));
  const size =
    width === undefined ? { width: 'auto' as const, minWidth } : { width: width === 'full' ? undefined : width };
  return (
    <div ref={around} style={{ display: 'contents' }}>
      <Combobox<T> {...menu} {...size} options={useSame(options)} value={useSame(value)} />
    </div>
  );
}

/** Returns the first of equal values. */
function useSame<T>(value: T): T {
  const [same, setSame] = useState(() => value);
  if (isEqual(same, value)) {
    return same;
  }
  setSame(() => value); // it may be a function
  return value;
}
