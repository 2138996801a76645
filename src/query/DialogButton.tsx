// A button that opens a dialog, which is loaded then. The focus comes back to the button where
// nothing else took it.
import { Button, LoadingPlaceholder } from '@grafana/ui';
import React, { Suspense, useEffect, useRef, useState, type ComponentProps, type ReactNode } from 'react';

interface Props extends Pick<ComponentProps<typeof Button>, 'size' | 'fill' | 'icon'> {
  text: string;
  /** What is said while the dialog is loaded. */
  loading: string;
  /** Returns the dialog, which calls close; typed returns what was typed while it was loaded, to begin with. */
  children: (close: () => void, typed: () => string) => ReactNode;
}

export function DialogButton({ text, loading, children, ...look }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
  const [typed] = useState(() => new Typed());
  useEffect(() => {
    const closed = wasOpen.current && !open;
    wasOpen.current = open;
    if (!closed) {
      return;
    }
    // The dialog gives up the focus in the same frame.
    const frame = requestAnimationFrame(() => {
      if (!document.activeElement || document.activeElement === document.body) {
        button.current?.focus();
      }
    });
    return () => cancelAnimationFrame(frame);
  }, [open]);
  return (
    <>
      <Button
        {...look}
        ref={button}
        variant="secondary"
        onClick={() => {
          if (!open) {
            typed.clear();
            setOpen(true);
          }
        }}
      >
        {text}
      </Button>
      {open && (
        <Suspense fallback={<Loading text={loading} typed={typed} onEscape={() => setOpen(false)} />}>
          {children(
            () => setOpen(false),
            () => typed.text
          )}
        </Suspense>
      )}
    </>
  );
}

/** What is typed before there is a field for it. */
class Typed {
  text = '';
  add(letter: string) {
    this.text += letter;
  }
  erase() {
    this.text = this.text.slice(0, -1);
  }
  clear() {
    this.text = '';
  }
}

interface LoadingProps {
  text: string;
  typed: Typed;
  onEscape: () => void;
}

/** What is shown while the dialog is loaded. It keeps what is typed, which nothing else takes. */
function Loading({ text, typed, onEscape }: LoadingProps) {
  useEffect(() => {
    const onKeyDown = (event: KeyboardEvent) => {
      const { key, ctrlKey, metaKey, altKey, target } = event;
      if (ctrlKey || metaKey || altKey || isField(target)) {
        return;
      }
      if (key === 'Escape') {
        onEscape();
      } else if (key === 'Backspace') {
        typed.erase();
      } else if ([...key].length === 1) {
        typed.add(key);
      } else {
        return;
      }
      event.preventDefault(); // a blank would click the button
      event.stopPropagation(); // and a letter is a shortcut of Grafana's
    };
    document.addEventListener('keydown', onKeyDown, true);
    return () => document.removeEventListener('keydown', onKeyDown, true);
  });
  return <LoadingPlaceholder text={text} />;
}

const isField = (target: EventTarget | null) =>
  target instanceof HTMLElement &&
  (target.isContentEditable || ['INPUT', 'TEXTAREA', 'SELECT'].includes(target.tagName));
