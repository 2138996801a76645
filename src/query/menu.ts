// Options of menus whose values are names as they are stored.
import type { ComboboxOption } from '@grafana/ui';

export function toOption(value: string): ComboboxOption {
  return { value };
}

/** Returns the options that contain what was typed, in any case. */
export function containing(typed: string, options: ComboboxOption[]): ComboboxOption[] {
  const text = typed.toLowerCase();
  return options.filter(({ value, label }) => (label ?? value).toLowerCase().includes(text));
}
