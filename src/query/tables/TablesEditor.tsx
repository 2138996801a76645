// The editor of rows: the builder, or SQL.
import { CoreApp } from '@grafana/data';
import { QueryEditorMode } from '@grafana/plugin-ui';
import React, { lazy, Suspense } from 'react';

import type { MesosResources } from '../../resources';
import { CompiledQuery } from '../CompiledQuery';
import { isAtField } from '../fault';
import type { MesosQuery } from '../types';
import type { CompileState } from '../useCompiled';
import { TABLE_FIELDS, TableBuilder } from './TableBuilder';

// A chunk of its own: Monaco is loaded when SQL is written.
const SqlEditor = lazy(() => import('./SqlEditor'));

interface Props {
  query: MesosQuery;
  resources: MesosResources;
  app?: CoreApp;
  mode: QueryEditorMode;
  compilation: CompileState;
  onChecked?: (text: string, right: boolean) => void;
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
      <CompiledQuery {...compilation} said={isAtField(compilation.error, TABLE_FIELDS)} />
    </>
  );
}
