import { useEffect, useState } from 'react';

import { errorSentence, type MesosResources, type SeriesCounts } from '../../resources';

interface Counted {
  counts?: SeriesCounts;
  /** Why the series could not be counted. */
  error?: string;
}

/** Returns how many series each name has now, once that is known. */
export function useCounts(resources: MesosResources): Counted {
  const [state, setState] = useState<Counted>({});
  useEffect(() => {
    let wanted = true;
    resources.seriesCounts().then(
      (counts) => wanted && setState({ counts }),
      (err) => wanted && setState({ error: errorSentence(err) })
    );
    return () => {
      wanted = false;
    };
  }, [resources]);
  return state;
}
