// Grafana's menu of one value, which keeps what is typed: it would put the chosen value back into its
// field at each rendering with other objects, even equal ones, as when a list has been loaded.
import { Combobox, type ComboboxOption } from '@grafana/ui';
import { clone, isEqual } from 'lodash';
import React, { useLayoutEffect, useRef, useState, type ComponentProps } from 'react';

import { useInputMarks } from '../marks';
import { useMarks } from './EditorField';
import { clear, useMenuKeys } from './useMenuKeys';

// What is used of Combobox, whose types exclude each other.
interface Common<T extends string> extends Pick<
  ComponentProps<typeof Combobox<T>>,
  'id' | 'aria-labelledby' | 'options' | 'placeholder' | 'createCustomValue' | 'autoFocus' | 'disabled'
> {
  value: T | ComboboxOption<T> | null;
  /** In the units of Grafana's grid, or that of the element around; without it as wide as the value. */
  width?: number | 'full';
  minWidth?: number;
  /** Whether the options are still asked for: keys wait for them. Grafana's sign of it may stay when they have come. */
  loading?: boolean;
  /** Set by the field around the menu. */
  invalid?: boolean;
}

type Props<T extends string> = Common<T> &
  (
    | { isClearable?: false; onChange: (option: ComboboxOption<T>) => void }
    /** Is called with null where the value is removed. */
    | { isClearable: true; onChange: (option: ComboboxOption<T> | null) => void }
  );

export function SingleMenu<T extends string = string>({
  options,
  value,
  width,
  minWidth = 14,
  isClearable,
  loading,
  onChange,
  ...menu
}: Props<T>) {
  const around = useRef<HTMLDivElement>(null);
  useInputMarks(around, useMarks(menu.invalid));
  const keys = useMenuKeys({ loading });
  const size =
    width === undefined ? { width: 'auto' as const, minWidth } : { width: width === 'full' ? undefined : width };
  const [chosen, setChosen] = useState<ComboboxOption<T>>();
  const [same, renew] = useSame(value);
  const [sameOptions] = useSame(options);
  // Grafana reports a choice again where the chosen option is another object in the list of the next rendering, with the
  // handler of then: without end where each report renders anew.
  const current = useRef(value);
  useLayoutEffect(() => {
    current.current = value;
  });
  const report = (option: ComboboxOption<T>) => {
    if (option.value !== idOf(current.current)) {
      onChange(option);
    }
  };
  // Grafana 12 also reports an option that is not there, and one that cannot be chosen, whose text it shows.
  const choose = (option: ComboboxOption<T> | null | undefined) => {
    if (option && !option.infoOption) {
      setChosen(option);
      report(option);
    } else if (option === null && isClearable) {
      onChange(null);
    } else if (option) {
      setChosen(undefined);
      renew();
      const input = around.current?.querySelector('input');
      if (input && !same) {
        queueMicrotask(() => clear(input));
      }
    }
  };
  const one = {
    ...menu,
    ...size,
    options: sameOptions,
    // A value that is chosen again is another object in a list that was loaded again.
    value: typeof options === 'function' && chosen && isEqual(textsOf(chosen), textsOf(same)) ? chosen : same,
    onChange: choose,
  };
  return (
    <div ref={around} style={{ display: 'contents' }} {...keys}>
      {isClearable ? <Combobox<T> {...one} isClearable /> : <Combobox<T> {...one} />}
    </div>
  );
}

const idOf = <T extends string>(value: T | ComboboxOption<T> | null) =>
  typeof value === 'object' ? value?.value : value;

/** Returns what the menu holds and shows. */
function textsOf<T extends string>(value: T | ComboboxOption<T> | null) {
  return typeof value === 'object' ? [value?.value, value?.label ?? value?.value] : [value, value];
}

/** Returns the first of equal values, and what makes another one of it. */
function useSame<T>(value: T): [same: T, renew: () => void] {
  const [same, setSame] = useState(() => value);
  const renew = () => setSame((before) => clone(before));
  if (isEqual(same, value)) {
    return [same, renew];
  }
  setSame(() => value); // it may be a function
  return [value, renew];
}
