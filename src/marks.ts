// Marks of wrong values on the menus of Grafana, which pass no such attribute on to their inputs.
import { type RefObject, useLayoutEffect } from 'react';

export interface Marks {
  'aria-invalid'?: boolean;
  /** The id of the message. */
  'aria-describedby'?: string;
}

/** Sets the attributes of the input in an element, and removes absent ones. */
export function useInputMarks(around: RefObject<HTMLElement | null>, marks: Marks): void {
  useLayoutEffect(() => {
    const input = around.current?.querySelector('input');
    for (const name of ['aria-invalid', 'aria-describedby'] as const) {
      if (marks[name]) {
        input?.setAttribute(name, String(marks[name]));
      } else {
        input?.removeAttribute(name);
      }
    }
  });
}
