// Changes of a query. A control makes its change from the query that it was drawn with, and Grafana draws a stored query
// some time later. Its menus report a choice after their next rendering, and report it again after later ones: what was
// written into another field meanwhile would be lost.
import { isEqual, isPlainObject, isUndefined, omitBy } from 'lodash';
import { useLayoutEffect, useRef } from 'react';

interface Changes<Q> {
  /** Stores a change of the query as it is drawn; what was stored since it was drawn stays. */
  change: (changed: Q) => void;
  /** Whether a change is stored and not drawn yet. */
  pending: () => boolean;
}

/**
 * Returns how changes of the drawn query are stored. `stored` is what Grafana hands over, `drawn` what is made of it;
 * `store` gets the changed query, and the one before.
 */
export function useChanges<Q extends object>(
  stored: unknown,
  drawn: Q,
  store: (changed: Q, newest: Q) => void
): Changes<Q> {
  // The changes that Grafana has not handed over yet, the oldest first.
  const sent = useRef<Q[]>([]);
  const current = useRef({ stored, drawn, store });
  useLayoutEffect(() => {
    if (!isSame(stored, current.current.stored)) {
      const at = sent.current.findIndex((one) => isSame(one, stored));
      sent.current = at < 0 ? [] : sent.current.slice(at + 1); // -1: the query was changed elsewhere
    }
    current.current = { stored, drawn, store };
  });
  return {
    change: (changed) => {
      const newest = sent.current.at(-1) ?? current.current.drawn;
      const next = rebased(newest, drawn, changed);
      if (!isSame(next, newest)) {
        sent.current = [...sent.current, next];
      }
      current.current.store(next, newest);
    },
    pending: () => sent.current.length > 0,
  };
}

/** Returns the newest object with what `changed` differs in from `before`. */
export function rebased<Q extends object>(newest: Q, before: Q, changed: Q): Q {
  if (isEqual(newest, before)) {
    return changed;
  }
  const [result, old, next] = [{ ...newest }, before, changed] as Array<Record<string, unknown>>;
  for (const key of new Set([...Object.keys(old), ...Object.keys(next)])) {
    if (isEqual(old[key], next[key])) {
      continue;
    }
    const parts = [result[key], old[key], next[key]];
    if (!(key in next)) {
      delete result[key];
    } else if (parts.every(isPlainObject)) {
      const [a, b, c] = parts as Array<Record<string, unknown>>;
      result[key] = rebased(a, b, c);
    } else {
      result[key] = next[key];
    }
  }
  return result as Q;
}

/** Reports whether two queries are the same: an undefined key is an absent one. */
function isSame(a: unknown, b: unknown): boolean {
  return isEqual(written(a), written(b));
}

function written(query: unknown): unknown {
  return isPlainObject(query) ? omitBy(query as object, isUndefined) : query;
}
