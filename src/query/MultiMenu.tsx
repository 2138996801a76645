// Grafana's menu of several values, which keeps the focus where a value is removed: the
// button of its chip goes, and the focus with it. Grafana 12.3's takes no id, so that a label
// outside does not name it.
// eslint-disable-next-line no-restricted-imports -- this is what the others use instead
import { MultiCombobox, type ComboboxOption } from '@grafana/ui';
import React, { useId, useRef, type ComponentProps } from 'react';

import { useInputMarks } from '../marks';
import { useMarks } from './EditorField';
import { Named } from './Named';
import { clear, useMenuKeys } from './useMenuKeys';

// What is used of MultiCombobox, whose types exclude each other.
interface Props<T extends string> extends Pick<
  ComponentProps<typeof MultiCombobox<T>>,
  'id' | 'options' | 'value' | 'placeholder' | 'invalid' | 'createCustomValue'
> {
  /** For screen readers, also where a label is shown. */
  name: string;
  minWidth: number;
  onChange: (chosen: Array<ComboboxOption<T>>) => void;
}

export function MultiMenu<T extends string = string>({ name, onChange, ...menu }: Props<T>) {
  const nameId = useId();
  const around = useRef<HTMLDivElement>(null);
  useInputMarks(around, useMarks(menu.invalid));
  const { onKeyDownCapture, ...keys } = useMenuKeys({ several: true });
  const byKey = useRef(false);
  return (
    <div
      ref={around}
      {...keys}
      onKeyDownCapture={(event) => {
        byKey.current = true;
        onKeyDownCapture(event);
      }}
      onPointerDownCapture={() => {
        byKey.current = false;
      }}
    >
      <Named id={nameId} name={name} />
      <MultiCombobox<T>
        {...menu}
        aria-labelledby={nameId}
        width="auto"
        onChange={(chosen) => {
          onChange(chosen);
          const input = around.current?.querySelector('input');
          if (chosen.length < (menu.value?.length ?? 0)) {
            input?.focus();
          }
          // What is typed next is another value. With the mouse several options of one text are chosen.
          if (input?.value && byKey.current) {
            queueMicrotask(() => clear(input));
          } else {
            input?.select();
          }
        }}
      />
    </div>
  );
}
