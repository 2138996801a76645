// Grafana's menu of several values, which keeps the focus where a value is removed: the
// button of its chip goes, and the focus with it.
import { MultiCombobox, type ComboboxOption } from '@grafana/ui';
import React, { useRef, type ComponentProps } from 'react';

// What is used of MultiCombobox, whose types exclude each other.
interface Props<T extends string> extends Pick<
  ComponentProps<typeof MultiCombobox<T>>,
  'id' | 'aria-labelledby' | 'options' | 'value' | 'placeholder' | 'invalid' | 'createCustomValue'
> {
  minWidth: number;
  onChange: (chosen: Array<ComboboxOption<T>>) => void;
}

export function MultiMenu<T extends string = string>({ onChange, ...menu }: Props<T>) {
  const around = useRef<HTMLDivElement>(null);
  return (
    <div ref={around}>
      <MultiCombobox<T>
        {...menu}
        width="auto"
        onChange={(chosen) => {
          onChange(chosen);
          if (chosen.length < (menu.value?.length ?? 0)) {
            around.current?.querySelector('input')?.focus();
          }
        }}
      />
    </div>
  );
}
