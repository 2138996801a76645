// What a rule would get of a query now, by the backend, as it is edited.
import type { RelativeTimeRange, TimeRange } from '@grafana/data';
import { useEffect, useId, useMemo, useState } from 'react';

import type { MesosResources, Trial } from '../../resources';
import { isRunnable } from '../defaults';
import type { MesosQuery } from '../types';
import { COMPILE_DELAY_MS } from '../useCompiled';

/** Returns the trial of the current query over a time range; undefined while there is none. */
export function useTrial(
  query: MesosQuery | undefined,
  range: TimeRange | undefined,
  resources: MesosResources
): Trial | undefined {
  const requestId = `mesos-rule-${useId()}`;
  const [answer, setAnswer] = useState<{ of: string; trial?: Trial }>();
  const asked = query && isRunnable({ ...query, hide: false }) ? query : undefined;
  const relative = useMemo(() => range && beforeNow(range), [range]);
  // Both are new objects at every render, so their text is compared.
  const text = asked && JSON.stringify([asked, relative]);

  useEffect(() => {
    if (!text) {
      return undefined;
    }
    let current = true;
    const timer = setTimeout(async () => {
      // Without an answer there is nothing to say: Preview has the error.
      const [ofText, over] = JSON.parse(text) as [MesosQuery, RelativeTimeRange | null];
      const trial = await resources.tryRule(ofText, over ?? undefined, requestId).catch(() => undefined);
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

/** Seconds that a page may need to draw a range that ends now. */
const SLOW = 5;

/** Returns a range that the form has made just now of the seconds that a rule stores. */
export function beforeNow({ from, to }: TimeRange): RelativeTimeRange {
  const since = Math.round((Date.now() - to.valueOf()) / 1000);
  const end = since < SLOW ? 0 : since;
  return { from: end + Math.round((to.valueOf() - from.valueOf()) / 1000), to: end };
}
