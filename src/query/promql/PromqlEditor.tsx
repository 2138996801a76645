// The code mode: an expression with completion.
import React from 'react';

import type { MesosResources } from '../../resources';
import { CodeBox } from '../CodeBox';
import type { MesosQuery } from '../types';
import { LANGUAGE_ID, registerCompletion, registerLanguage } from './language';

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

export default function PromqlEditor({ query, resources, onChange, onRunQuery }: Props) {
  return (
    <CodeBox
      language={LANGUAGE_ID}
      code={query.expr ?? ''}
      leastLines={2}
      onBeforeEditorMount={registerLanguage}
      complete={(monaco, model) => registerCompletion(monaco, model, resources)}
      onCommit={(expr) => onChange({ ...query, expr })}
      onRun={onRunQuery}
    />
  );
}
