// Compiles the builder's query to PromQL or SQL in the backend: while the query is
// edited, for the preview, and at once when it becomes code.
import type { ScopedVars } from '@grafana/data';
import { getTemplateSrv } from '@grafana/runtime';
import { useEffect, useId, useRef, useState } from 'react';

import { errorSentence, isCancelled, type Compiled, type MesosResources } from '../resources';
import { keepVariables, type Kept } from './kept';
import type { MesosQuery } from './types';

/** Time without a change until a query is compiled. */
export const COMPILE_DELAY_MS = 300;

/** A compiled query, and the variables whose current values are in it. */
export interface Code extends Compiled {
  replaced: string[];
}

export interface CompileState {
  /** The last query that was compiled; kept until the next one is. */
  compiled?: Code;
  /** Why the current query cannot be compiled. */
  error?: string;
}

export interface Compilation {
  state: CompileState;
  /** Returns the current query compiled; undefined after an error, which is in the state. */
  now: () => Promise<Code | undefined>;
}

/** Compiles a query, if there is one. A newer query cancels the request for an older one. */
export function useCompiled(
  query: MesosQuery | undefined,
  scopedVars: ScopedVars,
  resources: MesosResources
): Compilation {
  const requestId = `mesos-compile-${useId()}`;
  // `of` is the query that the state belongs to.
  const [state, setState] = useState<CompileState & { of?: string }>({});
  const newest = useRef<string>(undefined);
  const asked = query && keepVariables(meaning(query), getTemplateSrv(), scopedVars);
  // The query is a new object at every render, so its text is compared.
  const text = asked && JSON.stringify(asked);

  const request = async (): Promise<Code | undefined> => {
    if (!asked) {
      return undefined;
    }
    newest.current = text;
    const settle = (answer: CompileState) => {
      if (newest.current === text) {
        setState({ of: text, ...answer });
      }
      return answer.compiled;
    };
    try {
      return settle({ compiled: await compile(asked, resources, requestId) });
    } catch (err) {
      return isCancelled(err) ? undefined : settle({ error: errorSentence(err) });
    }
  };

  const current = useRef(request);
  useEffect(() => {
    current.current = request;
  });
  useEffect(() => {
    if (!text) {
      return;
    }
    // A switch to code may have compiled it meanwhile.
    const timer = setTimeout(() => newest.current !== text && void current.current(), COMPILE_DELAY_MS);
    return () => {
      clearTimeout(timer);
    };
  }, [text]);

  const { of, ...answer } = state;
  return {
    state: text ? answer : {},
    now: async () => (of === text && answer.compiled) || request(),
  };
}

async function compile({ query, ...kept }: Kept, resources: MesosResources, requestId: string): Promise<Code> {
  try {
    return kept.restore(await resources.compile(query, requestId));
  } catch (err) {
    if (isCancelled(err) || !kept.withValues) {
      throw err;
    }
    return compile(kept.withValues, resources, requestId);
  }
}

// Returns the query without the keys that do not change what is compiled.
function meaning({
  refId: _refId,
  hide: _hide,
  datasource: _ds,
  key: _key,
  legendFormat: _legend,
  live: _live,
  ...rest
}: MesosQuery): MesosQuery {
  return { refId: 'A', ...rest };
}
