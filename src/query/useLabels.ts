// The labels of a menu, as they are when the menu is used. They are few, so that the
// menu has all of them and finds what is typed at once.
import { useCallback, useEffect, useState } from 'react';

import type { LabelLists } from './lists';

interface Labels {
  labels: string[];
  /** True until they are known. */
  loading: boolean;
  /** True where labels are not known: any can be typed then. */
  unknown: boolean;
  /** For an element around the menu: loads the labels again when the menu is entered. */
  onFocus: () => void;
}

export function useLabels(lists: Pick<LabelLists, 'labels'>): Labels {
  const [labels, setLabels] = useState<string[]>();
  const load = useCallback(() => {
    let wanted = true;
    void lists.labels().then(
      ({ values }) => wanted && setLabels(values),
      () => wanted && setLabels([])
    );
    return () => {
      wanted = false;
    };
  }, [lists]);
  useEffect(load, [load]);
  return { labels: labels ?? [], loading: labels === undefined, unknown: labels?.length === 0, onFocus: load };
}
