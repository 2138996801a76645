// The keys of Grafana's menus. A text that is typed has its first match chosen by Enter, and by Down and Enter: the menus
// themselves go on from where the old value was in the whole list, and choose an option that is not there where the list
// became shorter. Escape brings back what a menu held; on a closed one they would empty the field, or the value.
import { useCallback, useEffect, useRef, type FormEvent, type KeyboardEvent } from 'react';

interface MenuKeys {
  onKeyDownCapture: (event: KeyboardEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onInput: (event: FormEvent) => void;
}

interface Settings {
  /** Whether the typed text stays while the menu is closed, as in a menu of several values: Escape removes it. */
  several?: boolean;
}

/** Returns the handlers of an element around a menu. */
export function useMenuKeys({ several = false }: Settings = {}): MenuKeys {
  // A text was typed, and no option gone to since.
  const typed = useRef(false);
  // The menu goes to the first match in a task of its own: it has found the matches by then.
  const later = useRef<number>(undefined);
  useEffect(() => () => window.clearTimeout(later.current), []);
  const pressed = useRef<string>(undefined);
  const wasOpen = useRef(false);

  const goToFirst = useCallback((input: HTMLInputElement) => {
    window.clearTimeout(later.current);
    later.current = undefined;
    pressed.current = 'Home';
    input.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'Home', bubbles: true, cancelable: true }));
    pressed.current = undefined;
  }, []);

  const onInput = useCallback(
    ({ target }: FormEvent) => {
      if (!isMenu(target)) {
        return;
      }
      window.clearTimeout(later.current);
      later.current = undefined;
      typed.current = target.value !== '';
      if (typed.current && !several) {
        later.current = window.setTimeout(() => goToFirst(target));
      }
    },
    [goToFirst, several]
  );

  const onKeyDownCapture = useCallback(
    (event: KeyboardEvent) => {
      const { key, target, nativeEvent } = event;
      // Enter of an input method ends a composition, and is not for the menu.
      if (!isMenu(target) || pressed.current === key || nativeEvent.isComposing) {
        return;
      }
      wasOpen.current = isOpen(target);
      if (key === 'Escape') {
        if (several && target.value !== '') {
          ignoredByMenu(event);
          clear(target);
        } else if (!wasOpen.current) {
          ignoredByMenu(event);
        }
        return;
      }
      if (!wasOpen.current) {
        return;
      }
      switch (key) {
        case 'Enter':
        case 'Tab':
          if (typed.current && (later.current !== undefined || !target.getAttribute('aria-activedescendant'))) {
            goToFirst(target);
          }
          break;
        case 'ArrowDown':
          if (typed.current) {
            ignoredByMenu(event);
            event.preventDefault();
            goToFirst(target);
            typed.current = false;
          }
          break;
        case 'ArrowUp':
        case 'PageUp':
        case 'PageDown':
        case 'Home':
        case 'End':
          typed.current = false;
      }
    },
    [goToFirst, several]
  );

  // Escape that closes a list closes nothing around it, as in Grafana 13.
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    if (event.key === 'Escape' && isMenu(event.target) && wasOpen.current) {
      event.stopPropagation();
    }
  }, []);

  return { onKeyDownCapture, onKeyDown, onInput };
}

/** Removes the text that was typed in a menu, as if it was deleted by hand. */
export function clear(input: HTMLInputElement): void {
  // React does not see the change of a value that it set itself.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, '');
  input.dispatchEvent(new window.Event('input', { bubbles: true }));
}

const isMenu = (target: EventTarget): target is HTMLInputElement =>
  target instanceof HTMLInputElement && target.getAttribute('role') === 'combobox';

const isOpen = (input: HTMLInputElement) => input.getAttribute('aria-expanded') === 'true';

/** Keeps an event from downshift, which Grafana's menus are made of, and from nobody else. */
function ignoredByMenu({ nativeEvent }: KeyboardEvent): void {
  (nativeEvent as globalThis.KeyboardEvent & { preventDownshiftDefault?: boolean }).preventDownshiftDefault = true;
}
