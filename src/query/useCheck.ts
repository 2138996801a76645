// Checks a text of code while it is written.
import { useEffect, useId, useRef, useState } from 'react';

import type { Checked } from './problem';

/** Time without a letter until a text is checked. */
const CHECK_DELAY_MS = 400;

const NOTHING: Checked = { problems: [], warnings: [] };

/** Returns what is wrong with a text; what was wrong before, while it is checked again. */
export function useCheck(text: string, check: (text: string, requestId: string) => Promise<Checked>): Checked {
  const requestId = `mesos-check-${useId()}`;
  const [found, setFound] = useState<Checked>(NOTHING);
  const current = useRef(check);
  useEffect(() => {
    current.current = check;
  });
  useEffect(() => {
    let wanted = true;
    const timer = setTimeout(() => {
      current.current(text, requestId).then(
        (answer) => wanted && setFound(answer),
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
