// The labels of a menu, as they are when the menu is used. They are few, so that the
// menu has all of them and finds what is typed at once.
import { useCallback, useEffect, useState } from 'react';

import type { Listed } from '../resources';
import type { LabelLists } from './lists';

interface Labels {
  labels: string[];
  /** True until they are known. */
  loading: boolean;
  /** True where these are all labels that there are. */
  whole: boolean;
  /** True where labels are not known: any can be typed then. */
  unknown: boolean;
  /** For an element around the menu: loads the labels again when the menu is entered. */
  onFocus: () => void;
}

export function useLabels(lists: Pick<LabelLists, 'labels'>): Labels {
  const [listed, setListed] = useState<Listed>();
  const load = useCallback(() => {
    let wanted = true;
    void lists.labels().then(
      (found) => wanted && setListed(found),
      () => wanted && setListed({ values: [] })
    );
    return () => {
      wanted = false;
    };
  }, [lists]);
  useEffect(load, [load]);
  const { values: labels = [], total } = listed ?? {};
  return {
    labels,
    loading: listed === undefined,
    whole: labels.length > 0 && labels.length === total,
    unknown: listed !== undefined && labels.length === 0,
    onFocus: load,
  };
}
