// Long lists in menus: the backend searches, the menu shows a part and says of how
// much, and keys that are pressed before the part arrives count for it.
import type { ComboboxOption } from '@grafana/ui';
import { useCallback, useEffect, useRef, useState, type FormEvent, type KeyboardEvent } from 'react';

import { t } from '../i18n';
import { errorSentence, type Listed } from '../resources';
import { containing, listedOptions } from './menu';
import { press } from './useMenuKeys';

interface Held {
  input: HTMLInputElement;
  keys: string[];
}

interface Search {
  /** For the options of Combobox and MultiCombobox. */
  options: (typed: string) => Promise<ComboboxOption[]>;
  /** For an element around the menu. */
  holdKeys: {
    onKeyDownCapture: (event: KeyboardEvent) => void;
    onInputCapture: (event: FormEvent) => void;
  };
  /** Returns the keys that wait for the options of the typed text. */
  heldKeys: () => string[];
  /** Presses keys once there are the options of the typed text. */
  hold: (input: HTMLInputElement, keys: string[]) => void;
}

/** Options that are no values of the list: they come after them. */
interface Others {
  options?: ComboboxOption[];
  /** Whether a typed text that is not listed can be chosen. */
  custom?: boolean;
}

/** The option of a text that is not listed. It is the last one: the first one is what Enter takes. */
const customOption = (value: string): ComboboxOption => ({
  value,
  description: t('query.menu.use-text', 'Use this text'),
});

/**
 * Returns the options of a menu over a list that is too long to be in the browser. Grafana's menus wait with a request
 * until typing pauses, and show the options of the text before until it is answered: Down and Enter are held until then,
 * since they would choose one of those.
 */
export function useSearch(search: (typed: string) => Promise<Listed | ComboboxOption[]>, others: () => Others): Search {
  const current = useRef({ search, others });
  useEffect(() => {
    current.current = { search, others };
  });
  // The text that the menu's options are of.
  const [settled, setSettled] = useState<string>();
  const held = useRef<Held>(undefined);
  const asked = useRef(0);

  const options = useCallback(async (typed: string) => {
    const request = ++asked.current;
    const { options: more = [], custom = false } = current.current.others();
    const failed: ComboboxOption[] = [];
    const listed = await current.current.search(typed).then(
      (found) => (Array.isArray(found) ? found : listedOptions(typed, found)),
      (err): ComboboxOption[] => {
        failed.push({
          value: '__failed',
          label: t('query.menu.not-loaded', 'Could not load the list: {{error}}', { error: errorSentence(err) }),
          infoOption: true,
        });
        return [];
      }
    );
    const all = [...listed, ...containing(typed, more)];
    // The menu drops an answer that another request has overtaken. A task of its own: the menu has its options by then, so
    // that one rendering shows both.
    if (request === asked.current) {
      setTimeout(() => setSettled(typed));
    }
    const withCustom =
      custom && typed && !all.some(({ value, label }) => (label ?? value) === typed)
        ? [...all, customOption(typed)]
        : all;
    // Enter takes the first one, which in Grafana 12 may be one that cannot be chosen.
    return typed ? [...withCustom, ...failed] : [...failed, ...withCustom];
  }, []);

  useEffect(() => {
    const released = held.current;
    held.current = undefined;
    if (released) {
      void press(released);
    }
  }, [settled]);

  const onKeyDownCapture = useCallback(
    (event: KeyboardEvent) => {
      const input = event.target;
      const { key } = event;
      if (!(input instanceof HTMLInputElement) || !['ArrowDown', 'ArrowUp', 'Enter', 'Tab'].includes(key)) {
        return;
      }
      const waiting = input.getAttribute('aria-expanded') === 'true' && input.value !== settled;
      if (waiting && key === 'Tab') {
        // Whoever leaves the menu chooses what is highlighted, which is of another text.
        void press({ input, keys: ['Escape'] });
      } else if (waiting) {
        event.preventDefault();
        event.stopPropagation();
        held.current = { input, keys: [...(held.current?.keys ?? []), key] };
      }
    },
    [settled]
  );
  const onInputCapture = useCallback(() => {
    held.current = undefined;
  }, []);
  const heldKeys = useCallback(() => held.current?.keys ?? [], []);
  const hold = useCallback((input: HTMLInputElement, keys: string[]) => {
    held.current = keys.length > 0 ? { input, keys } : undefined;
  }, []);
  return { options, holdKeys: { onKeyDownCapture, onInputCapture }, heldKeys, hold };
}
