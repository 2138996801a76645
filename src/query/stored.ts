// What is shown is what is stored: Grafana hands an editor a query that may
// hold nothing yet, and stores only what the editor's onChange says.
import { useEffect } from 'react';

import type { MesosQuery } from './types';

/**
 * Stores the shown query where it is not the stored one. `shown` must be the object `stored` itself where there is
 * nothing to store. The effect runs at every render: when two rows store at once, Grafana keeps one of the two changes,
 * and the other row stores again when it is rendered next.
 */
export function useStoreShown(stored: MesosQuery, shown: MesosQuery, store: (query: MesosQuery) => void): void {
  useEffect(() => {
    if (shown !== stored) {
      store(shown);
    }
  });
}

/**
 * Returns the changed query with each key that it has lost as undefined. Grafana's form of rules merges a change into the
 * old query (QueryRows, onChangeQuery): a key that is absent would stay as it was.
 */
export function withLostKeys(before: MesosQuery, changed: MesosQuery): MesosQuery {
  const lost = Object.keys(before).filter((key) => !(key in changed));
  return { ...changed, ...Object.fromEntries(lost.map((key) => [key, undefined])) };
}
