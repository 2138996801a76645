// Builder or code of what a row shows, and the way from one to the other.
import type { PanelData } from '@grafana/data';
import { QueryEditorMode } from '@grafana/plugin-ui';
import { useRef, useState } from 'react';

import type { EditorSource } from '../editorSource';
import { isRunnable, queryTypeOf } from './defaults';
import { shownBy } from './shown';
import { codeStands, toBuilder, toCode, type OtherMode } from './switchMode';
import { tableCodeStands, toSql, toTable, type OtherTableMode } from './tables/switchMode';
import type { MesosQuery } from './types';
import { useCompiled, type CompileState } from './useCompiled';

interface Mode {
  mode: QueryEditorMode;
  /** The mode that was chosen, and comes as soon as the builder is compiled. */
  chosen: QueryEditorMode;
  compilation: CompileState;
  change: (next: QueryEditorMode) => void;
  /** Forgets that code was chosen: something else is shown. */
  forget: () => void;
}

export function useMode(
  query: MesosQuery,
  datasource: EditorSource,
  data: PanelData | undefined,
  onChange: (query: MesosQuery) => void
): Mode {
  const shown = shownBy(query);
  const mode = ['promql', 'sql'].includes(queryTypeOf(query)) ? QueryEditorMode.Code : QueryEditorMode.Builder;
  const other = useRef<{ series: OtherMode; rows: OtherTableMode }>({ series: {}, rows: {} });
  // Set when code mode is chosen before the builder is compiled: the builder stays until it is, or shows the error.
  const [wantsCode, setWantsCode] = useState(false);

  const show = (next: QueryEditorMode, { promql, sql }: { promql?: string; sql?: string } = {}) => {
    const code = next === QueryEditorMode.Code;
    if (shown === 'tables') {
      const switched = code ? toSql(query, sql, other.current.rows) : toTable(query, other.current.rows);
      other.current.rows = switched.other;
      onChange(switched.query);
    } else {
      const switched = code ? toCode(query, promql, other.current.series) : toBuilder(query, other.current.series);
      other.current.series = switched.otherMode;
      onChange(switched.query);
    }
  };

  const compiles = (shown === 'metrics' || shown === 'tables') && mode === QueryEditorMode.Builder;
  const { retry, ...compilation } = useCompiled(
    compiles && isRunnable({ ...query, hide: false })
      ? datasource.applyTemplateVariables(query, data?.request?.scopedVars ?? {}, data?.request?.filters)
      : undefined,
    datasource.resources,
    ({ compiled }) => {
      setWantsCode(false);
      if (wantsCode && compiled) {
        show(QueryEditorMode.Code, compiled);
      }
    }
  );

  const change = (next: QueryEditorMode) => {
    const { pending = false, error } = compilation;
    const stands =
      shown === 'tables' ? tableCodeStands(query, other.current.rows) : codeStands(query, other.current.series);
    const wait = next === QueryEditorMode.Code && (pending || error !== undefined) && !stands;
    setWantsCode(wait);
    if (wait && !pending) {
      retry();
    }
    if (!wait && next !== mode) {
      show(next, compilation.compiled);
    }
  };

  return {
    mode,
    chosen: wantsCode ? QueryEditorMode.Code : mode,
    compilation,
    change,
    forget: () => setWantsCode(false),
  };
}
