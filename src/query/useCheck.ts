// Checks a text of code while it is written.
import { useEffect, useId, useRef, useState } from 'react';

import type { Checked } from './problem';

/** Time without a letter until a text is checked. */
const CHECK_DELAY_MS = 400;

const NOTHING: Checked = { problems: [], warnings: [] };

/**
 * Returns what is wrong with a text; what was wrong before, while it is checked again. Calls onChecked with each text that was
 * checked, and whether nothing is wrong with it.
 */
export function useCheck(
  text: string,
  check: (text: string, requestId: string) => Promise<Checked>,
  onChecked?: (text: string, right: boolean) => void
): Checked {
  const requestId = `mesos-check-${useId()}`;
  const [found, setFound] = useState<Checked>(NOTHING);
  const current = useRef({ check, onChecked });
  useEffect(() => {
    current.current = { check, onChecked };
  });
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      current.current.check(text, requestId).then(
        (answer) => {
          if (wanted) {
            setFound(answer);
            current.current.onChecked?.(text, answer.problems.length === 0);
          }
        },
        () => undefined // a newer text is checked
      );
    }, CHECK_DELAY_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text, requestId]);
  return found;
}
