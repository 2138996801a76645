// Loads the catalogue, which has the choices of the builder, for a component.
import { useCallback, useEffect, useState } from 'react';

import { errorSentence, type Catalogue, type MesosResources } from '../resources';

export interface CatalogueState {
  /** Absent while it loads, and when loading has failed. */
  catalogue?: Catalogue;
  /** Why loading has failed. */
  error?: string;
  retry: () => void;
}

export function useCatalogue(resources: MesosResources): CatalogueState {
  const [state, setState] = useState<Omit<CatalogueState, 'retry'>>({});
  const [attempt, setAttempt] = useState(0);

  useEffect(() => {
    let wanted = true;
    resources.catalogue().then(
      (catalogue) => wanted && setState({ catalogue }),
      (err) => wanted && setState({ error: errorSentence(err) })
    );
    return () => {
      wanted = false;
    };
  }, [resources, attempt]);

  const retry = useCallback(() => setAttempt((n) => n + 1), []);
  return { ...state, retry };
}
