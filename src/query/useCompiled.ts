// The PromQL a builder query stands for, asked of the backend while the query
// is edited.
import { useEffect, useId, useState } from 'react';

import { errorSentence, isCancelled, type Compiled, type MesosResources } from '../resources';
import type { MesosQuery } from './types';

/** Time without a change before the backend is asked. */
export const COMPILE_DELAY_MS = 300;

export interface CompileState {
  /** The last query that could be compiled; kept while the next one is. */
  compiled?: Compiled;
  /** Why the current query cannot be. */
  error?: string;
}

/** Compiles a query, or nothing where there is none. A newer query cancels the request for an older one. */
export function useCompiled(query: MesosQuery | undefined, resources: MesosResources): CompileState {
  const requestId = useId();
  const [state, setState] = useState<CompileState>({});
  // The object is another one at every render: compare what it says.
  const text = query && JSON.stringify(meaning(query));

  useEffect(() => {
    if (!text) {
      return;
    }
    let wanted = true;
    const timer = setTimeout(() => {
      resources.compile(JSON.parse(text), `mesos-compile-${requestId}`).then(
        (compiled) => wanted && setState({ compiled }),
        (err) => wanted && !isCancelled(err) && setState({ error: errorSentence(err) })
      );
    }, COMPILE_DELAY_MS);
    return () => {
      wanted = false;
      clearTimeout(timer);
    };
  }, [text, resources, requestId]);

  return text ? state : {};
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
