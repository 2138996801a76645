// A button that opens a dialog, which is loaded then. The focus comes back to the button where
// nothing else took it.
import { Button, LoadingPlaceholder } from '@grafana/ui';
import React, { Suspense, useEffect, useRef, useState, type ComponentProps, type ReactNode } from 'react';

interface Props extends Pick<ComponentProps<typeof Button>, 'size' | 'fill' | 'icon'> {
  text: string;
  /** What is said while the dialog is loaded. */
  loading: string;
  /** Returns the dialog, which calls close. */
  children: (close: () => void) => ReactNode;
}

export function DialogButton({ text, loading, children, ...look }: Props) {
  const [open, setOpen] = useState(false);
  const button = useRef<HTMLButtonElement>(null);
  const wasOpen = useRef(false);
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
      <Button {...look} ref={button} variant="secondary" onClick={() => setOpen(true)}>
        {text}
      </Button>
      {open && <Suspense fallback={<LoadingPlaceholder text={loading} />}>{children(() => setOpen(false))}</Suspense>}
    </>
  );
}
