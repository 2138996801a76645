import { useEffect, useState } from 'react';

import { errorSentence, type MesosResources } from '../../resources';
import type { Schema } from './schema';

export interface SchemaState {
  schema?: Schema;
  error?: string;
}

/** Loads the tables and their columns. */
export function useSchema(resources: MesosResources): SchemaState {
  const [state, setState] = useState<SchemaState>({});
  useEffect(() => {
    let wanted = true;
    resources.schema().then(
      (schema) => wanted && setState({ schema }),
      (err) => wanted && setState({ error: errorSentence(err) })
    );
    return () => {
      wanted = false;
    };
  }, [resources]);
  return state;
}
