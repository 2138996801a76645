// The keys of Grafana's menus. A text that is typed has its first match chosen by Enter, and by Down and Enter: the menus
// themselves go on from where the old value was in the whole list, and choose an option that is not there where the list
// became shorter. Escape brings back what a menu held; on a closed one they would empty the field, or the value.
import {
  useCallback,
  useDeferredValue,
  useEffect,
  useRef,
  useState,
  type FocusEvent,
  type FormEvent,
  type KeyboardEvent,
} from 'react';

interface MenuKeys {
  onKeyDownCapture: (event: KeyboardEvent) => void;
  onKeyDown: (event: KeyboardEvent) => void;
  onInput: (event: FormEvent) => void;
  onBlurCapture: (event: FocusEvent) => void;
}

interface Settings {
  /** Whether the typed text stays while the menu is closed, as in a menu of several values: Escape removes it. */
  several?: boolean;
  /** Whether the options are still asked for. */
  loading?: boolean;
}

/** What was done before the matches of the typed text were drawn. */
interface Held {
  input: HTMLInputElement;
  keys: string[];
  /** Set where the menu was left by Tab, to what was gone to. */
  left?: EventTarget | null;
}

/** Returns the handlers of an element around a menu. */
export function useMenuKeys({ several = false, loading = false }: Settings = {}): MenuKeys {
  // A text was typed, and no option gone to since.
  const typed = useRef<HTMLInputElement>(undefined);
  // What was typed and is not drawn yet. Menus of several values draw a changed text in an effect, and until then the one
  // before: a key that comes sooner would change that one.
  const undrawn = useRef<string>(undefined);
  const pressed = useRef<string>(undefined);
  const wasOpen = useRef(false);
  const tabbed = useRef(false);
  const held = useRef<Held>(undefined);

  // Menus look for the matches of a changed text in an effect, so that they are drawn one rendering later, and until then
  // keys would choose one of the options before: where the page is slow, a key comes sooner. A deferred value is drawn
  // after all that is to be drawn already.
  const changes = useRef(0);
  const [change, setChange] = useState(0);
  const matched = useDeferredValue(change);
  const isDrawn = useRef(true);

  const goToFirst = useCallback((input: HTMLInputElement) => {
    pressed.current = 'Home';
    input.dispatchEvent(new window.KeyboardEvent('keydown', { key: 'Home', bubbles: true, cancelable: true }));
    pressed.current = undefined;
  }, []);

  useEffect(() => {
    isDrawn.current = !loading && matched === changes.current;
    if (matched === changes.current) {
      undrawn.current = undefined;
    }
    const { current: input } = typed;
    if (!input || !isDrawn.current) {
      return;
    }
    const { current: waiting } = held;
    held.current = undefined;
    if (!several || waiting) {
      goToFirst(input);
    }
    if (waiting?.left !== undefined) {
      input.dispatchEvent(new window.FocusEvent('focusout', { relatedTarget: waiting.left, bubbles: true }));
    } else if (waiting) {
      void press(waiting);
    }
  }, [goToFirst, several, loading, matched]);

  const onInput = useCallback(
    ({ target }: FormEvent) => {
      if (!isMenu(target)) {
        return;
      }
      typed.current = target.value === '' ? undefined : target;
      undrawn.current = several ? target.value : undefined;
      held.current = undefined;
      changes.current++;
      isDrawn.current = false;
      setChange(changes.current);
    },
    [several]
  );

  const onKeyDownCapture = useCallback(
    (event: KeyboardEvent) => {
      const { key, target, nativeEvent } = event;
      tabbed.current = false;
      // Enter of an input method ends a composition, and is not for the menu.
      if (!isMenu(target) || pressed.current === key || nativeEvent.isComposing) {
        return;
      }
      wasOpen.current = isOpen(target);
      if (!isEdit(event)) {
        undrawn.current = key === 'Shift' ? undrawn.current : undefined;
      } else if (undrawn.current !== undefined && target.value !== undrawn.current) {
        target.value = undrawn.current;
        target.setSelectionRange(target.value.length, target.value.length);
      }
      if (key === 'Escape') {
        held.current = undefined;
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
      const waits = typed.current !== undefined && !isDrawn.current;
      if (waits && ['Enter', 'ArrowDown', 'ArrowUp'].includes(key)) {
        event.preventDefault();
        event.stopPropagation();
        held.current = { input: target, keys: [...(held.current?.keys ?? []), key] };
        return;
      }
      switch (key) {
        case 'Enter':
        case 'Tab':
          tabbed.current = waits;
          if (typed.current && !waits && !target.getAttribute('aria-activedescendant')) {
            goToFirst(target);
          }
          break;
        case 'ArrowDown':
          if (typed.current) {
            ignoredByMenu(event);
            event.preventDefault();
            goToFirst(target);
            typed.current = undefined;
          }
          break;
        case 'ArrowUp':
        case 'PageUp':
        case 'PageDown':
        case 'Home':
        case 'End':
          typed.current = undefined;
      }
    },
    [goToFirst, several]
  );

  const onBlurCapture = useCallback((event: FocusEvent) => {
    undrawn.current = undefined;
    if (tabbed.current && isMenu(event.target)) {
      ignoredByMenu(event);
      held.current = { input: event.target, keys: [], left: event.relatedTarget };
    }
    tabbed.current = false;
  }, []);

  // Escape that closes a list closes nothing around it, as in Grafana 13.
  const onKeyDown = useCallback((event: KeyboardEvent) => {
    if (event.key === 'Escape' && isMenu(event.target) && wasOpen.current) {
      event.stopPropagation();
    }
  }, []);

  return { onKeyDownCapture, onKeyDown, onInput, onBlurCapture };
}

/** Presses keys one after the other: the menu handles one before the next. */
export async function press({ input, keys }: { input: HTMLInputElement; keys: string[] }): Promise<void> {
  for (const key of keys) {
    input.dispatchEvent(new window.KeyboardEvent('keydown', { key, bubbles: true, cancelable: true }));
    await new Promise((done) => setTimeout(done));
  }
}

/** Removes the text that was typed in a menu, as if it was deleted by hand. */
export const clear = (input: HTMLInputElement): void => write(input, '');

/** Writes a text into a menu, as if it was typed. */
export function write(input: HTMLInputElement, text: string): void {
  // React does not see the change of a value that it set itself.
  Object.getOwnPropertyDescriptor(HTMLInputElement.prototype, 'value')?.set?.call(input, text);
  input.dispatchEvent(new window.Event('input', { bubbles: true }));
}

/** Reports whether a key changes the text at the cursor. */
const isEdit = ({ key, ctrlKey, metaKey, altKey }: KeyboardEvent) =>
  !ctrlKey && !metaKey && !altKey && (key.length === 1 || key === 'Backspace');

const isMenu = (target: EventTarget): target is HTMLInputElement =>
  target instanceof HTMLInputElement && target.getAttribute('role') === 'combobox';

const isOpen = (input: HTMLInputElement) => input.getAttribute('aria-expanded') === 'true';

/** Keeps an event from downshift, which Grafana's menus are made of, and from nobody else. */
function ignoredByMenu({ nativeEvent }: KeyboardEvent | FocusEvent): void {
  (nativeEvent as Event & { preventDownshiftDefault?: boolean }).preventDownshiftDefault = true;
}
