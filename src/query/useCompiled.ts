// Compiles the builder's query to PromQL in the backend, while the query is
// edited.
import { useCallback, useEffect, useId, useRef, useState } from 'react';
import { flushSync } from 'react-dom';

import { errorSentence, isCancelled, type Compiled, type MesosResources } from '../resources';
import type { MesosQuery } from './types';

/** Time without a change until a query is compiled. */
export const COMPILE_DELAY_MS = 300;

export interface CompileState {
  /** The last query that was compiled; kept until the next one is. */
  compiled?: Compiled;
  /** Why the current query cannot be compiled. */
  error?: string;
  /** True while the current query is compiled: `compiled` is that of an earlier query. */
  pending?: boolean;
}

/**
 * Compiles a query, if there is one. A newer query cancels the request for an older one. onAnswer is called with each
 * response to the current query.
 */
export function useCompiled(
  query: MesosQuery | undefined,
  resources: MesosResources,
  onAnswer: (answer: CompileState) => void
): CompileState & { retry: () => void } {
  const requestId = useId();
  const [attempt, setAttempt] = useState(0);
  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  // `of` is the query that the state belongs to.
  const [state, setState] = useState<CompileState & { of?: string }>({});
  // The query is a new object at every render, so its text is compared.
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
    // Rendered at once: a click before the rendering would find the query uncompiled.
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

// Returns the keys that change the PromQL.
function meaning({
  refId: _refId,
  hide: _hide,
  datasource: _ds,
  key: _key,
  legendFormat: _legend,
  live: _live,
  ...rest
}: MesosQuery) {
  return { refId: 'A', ...rest };
}
