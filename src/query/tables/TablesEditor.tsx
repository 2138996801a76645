// The editor of rows: the builder, or SQL.
import { CoreApp } from '@grafana/data';
import { QueryEditorMode } from '@grafana/plugin-ui';
import React, { lazy, Suspense } from 'react';

import type { MesosResources } from '../../resources';
import { CompiledQuery } from '../CompiledQuery';
import type { MesosQuery } from '../types';
import type { CompileState } from '../useCompiled';
import { TableBuilder } from './TableBuilder';

// A chunk of its own: Monaco is loaded when SQL is written.
const SqlEditor = lazy(() => import('./SqlEditor'));

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  app?: CoreApp;
  mode: QueryEditorMode;
  compilation: CompileState;
  onDraft?: (text: string) => void;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

export function TablesEditor({ mode, compilation, ...props }: Props) {
  if (mode === QueryEditorMode.Code) {
    return (
      <Suspense fallback={null}>
        <SqlEditor {...props} />
      </Suspense>
    );
  }
  return (
    <>
      <TableBuilder
        query={props.query}
        resources={props.resources}
        error={compilation.error}
        onChange={props.onChange}
      />
      <CompiledQuery {...compilation} />
    </>
  );
}
