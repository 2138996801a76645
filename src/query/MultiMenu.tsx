// Grafana's menu of several values, which keeps the focus where a value is removed: the
// button of its chip goes, and the focus with it. Grafana 12.3's takes no id, so that a label
// outside does not name it.
import { css } from '@emotion/css';
import { measureText, MultiCombobox, type ComboboxOption } from '@grafana/ui';
import React, { useId, useMemo, useRef, type ComponentProps } from 'react';

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
  /** In the units of Grafana's grid: it is as wide as its values, and not wider than the element around. */
  minWidth: number;
  /** Whether the options are still asked for: keys wait for them. Grafana's sign of it may stay when they have come. */
  loading?: boolean;
  onChange: (chosen: Array<ComboboxOption<T>>) => void;
}

export function MultiMenu<T extends string = string>({
  name,
  minWidth,
  value = [],
  loading,
  onChange,
  ...menu
}: Props<T>) {
  const nameId = useId();
  const { options } = menu;
  const chips = useMemo(() => value.map((one) => chipOf(one, options)), [value, options]);
  const texts = chips.map(({ label }) => label);
  const around = useRef<HTMLDivElement>(null);
  useInputMarks(around, useMarks(menu.invalid));
  const { onKeyDownCapture, ...keys } = useMenuKeys({ several: true, loading });
  // What may have chosen an option. Grafana's menus report a choice again after later renderings (useChanges.ts), when another
  // text is being typed.
  const by = useRef<'key' | 'pointer'>(undefined);
  return (
    <div
      ref={around}
      className={withinField}
      style={{ width: Math.max(8 * minWidth, Math.min(widthOf(texts), MOST_WIDTH)) }}
      // Values that have no room are cut or not shown.
      title={texts.join(', ') || undefined}
      {...keys}
      onKeyDownCapture={(event) => {
        onKeyDownCapture(event); // may press another key
        by.current = event.key === 'Enter' ? 'key' : undefined;
      }}
      onPointerDownCapture={() => {
        by.current = 'pointer';
      }}
    >
      <Named id={nameId} name={name} />
      <MultiCombobox<T>
        {...menu}
        value={chips}
        aria-labelledby={nameId}
        onChange={(chosen) => {
          onChange(chosen);
          const input = around.current?.querySelector('input');
          if (chosen.length < value.length) {
            input?.focus();
          }
          // What is typed next is another value. With the mouse several options of one text are chosen.
          if (input?.value && by.current === 'key') {
            queueMicrotask(() => clear(input));
          } else if (by.current === 'pointer') {
            input?.select();
          }
          by.current = undefined;
        }}
      />
    </div>
  );
}

const MOST_WIDTH = 600;

/**
 * Returns how wide a closed menu is that shows all of its values. Grafana's own measure (useMeasureMulti) adds the same to
 * a text, whatever is around it: a width of the menu that follows from what it shows would become smaller and smaller.
 */
function widthOf(texts: string[]): number {
  return 115 + texts.reduce((sum, text) => sum + measureText(text, 12).width + 50, 0);
}

/** Returns a value with its text, by which Grafana measures how many values there is room for. */
function chipOf<T extends string>(value: T | ComboboxOption<T>, options: Props<T>['options']) {
  const option =
    typeof value === 'object' ? value : Array.isArray(options) ? options.find((one) => one.value === value) : undefined;
  const { value: chosen, label = chosen } = option ?? { value: value as T };
  return { ...option, value: chosen, label };
}

const withinField = css({
  maxWidth: '100%',
  // A value that is longer than the menu is cut: Grafana 12 cuts the first of several only.
  '& span:has(> button)': { flexShrink: 1, maxWidth: '100%', overflow: 'hidden' },
});
