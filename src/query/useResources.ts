// The backend's resources for the editors of a query.
import type { TimeRange } from '@grafana/data';
import { useMemo } from 'react';

import type { EditorSource } from '../editorSource';
import type { MesosResources } from '../resources';

/** Returns the resources whose lists are those of the time range, the same object as long as the range is. */
export function useResources({ resources }: EditorSource, range?: TimeRange): MesosResources {
  const from = range?.from.valueOf();
  const to = range?.to.valueOf();
  return useMemo(
    () => resources.over(from === undefined || to === undefined ? undefined : { from, to }),
    [resources, from, to]
  );
}
