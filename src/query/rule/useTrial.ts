// What a rule would get of a query now, by the backend, as it is edited.
import { useEffect, useId, useState } from 'react';

import type { MesosResources, Trial } from '../../resources';
import { isRunnable } from '../defaults';
import type { MesosQuery } from '../types';
import { COMPILE_DELAY_MS } from '../useCompiled';

/** Returns the trial of the current query; undefined while there is none. */
export function useTrial(query: MesosQuery | undefined, resources: MesosResources): Trial | undefined {
  const requestId = `mesos-rule-${useId()}`;
  const [answer, setAnswer] = useState<{ of: string; trial?: Trial }>();
  const asked = query && isRunnable({ ...query, hide: false }) ? query : undefined;
  // The query is a new object at every render, so its text is compared.
  const text = asked && JSON.stringify(asked);

  useEffect(() => {
    if (!text) {
      return undefined;
    }
    let current = true;
    const timer = setTimeout(async () => {
      // Without an answer there is nothing to say: Preview has the error.
      const trial = await resources.tryRule(JSON.parse(text) as MesosQuery, requestId).catch(() => undefined);
      if (current) {
        setAnswer({ of: text, trial });
      }
    }, COMPILE_DELAY_MS);
    return () => {
      current = false;
      clearTimeout(timer);
    };
  }, [text, resources, requestId]);

  return answer && answer.of === text ? answer.trial : undefined;
}
