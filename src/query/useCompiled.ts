// The PromQL a builder query stands for, asked of the backend while the query
// is edited.
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

import { errorSentence, isCancelled, type Compiled, type MesosResources } from '../resources';
import type { MesosQuery } from './types';

/** Time without a change before the backend is asked. */
export const COMPILE_DELAY_MS = 300;

export interface CompileState {
  /** The last query that could be compiled; kept while the next one is. */
  compiled?: Compiled;
  /** Why the current query cannot be. */
  error?: string;
  /** What the query means as it is now is not known yet: compiled, if there is one, is an earlier query's. */
  pending?: boolean;
}

/**
 * Compiles a query, or nothing where there is none. A newer query cancels the request for an older one; onAnswer is
 * called with the answers that still matter when they come.
 */
export function useCompiled(
  query: MesosQuery | undefined,
  resources: MesosResources,
  onAnswer: (answer: CompileState) => void
): CompileState & { retry: () => void } {
  const requestId = useId();
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  // With what it is the answer to.
  const [state, setState] = useState<CompileState & { of?: string }>({});
  // The object is another one at every render: compare what it says.
  const text = query && JSON.stringify(meaning(query));
  const asked = `${attempt} ${text}`;

  const current = useRef(onAnswer);
  useEffect(() => {
    current.current = onAnswer;
  });

  useEffect(() => {
    if (!text) {
      return;
    }
    let wanted = true;
    // Drawn at once: a click between the answer and its drawing would take the query for one still to be compiled.
    const settle = (answer: CompileState) =>
      flushSync(() => {
        setState({ of: asked, ...answer });
        current.current(answer);
      });
    const timer = setTimeout(() => {
      resources.compile(JSON.parse(text), `mesos-compile-${requestId}`).then(
        (compiled) => wanted && settle({ compiled }),
        (err) => wanted && !isCancelled(err) && settle({ error: errorSentence(err) })
      );
    }, COMPILE_DELAY_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text, asked, resources, requestId]);

  const { of, ...answer } = state;
  return text ? { ...answer, pending: of !== asked, retry } : { retry };
}

// Without what changes nothing in the PromQL.
function meaning({
  refId: _refId,
  hide: _hide,
  datasource: _ds,
  key: _key,
  legendFormat: _legend,
  ...rest
}: MesosQuery) {
  return { refId: 'A', ...rest };
}
