// Builder or code of what a row shows, and the way from one to the other.
import type { PanelData } from '@grafana/data';
import { QueryEditorMode } from '@grafana/plugin-ui';
import { isEqual } from 'lodash';
import { useEffect, useRef, useState } from 'react';

import type { EditorSource } from '../editorSource';
import { t } from '../i18n';
import { isRunnable, queryTypeOf } from './defaults';
import { shownBy } from './shown';
import { codeStands, isOwnCode, toBuilder, toCode, type OtherMode } from './switchMode';
import { isOwnSql, tableCodeStands, toSql, toTable, type OtherTableMode } from './tables/switchMode';
import type { MesosQuery } from './types';
import { useCompiled, type Code, type CompileState } from './useCompiled';

/** What is asked before the mode changes, because something would be lost. */
export interface Question {
  title: string;
  body: string;
  yes: string;
  no: string;
  onYes: () => void;
  onNo: () => void;
}

interface Mode {
  mode: QueryEditorMode;
  /** The mode that was chosen: code comes as soon as the builder is compiled. */
  chosen: QueryEditorMode;
  compilation: CompileState;
  question?: Question;
  change: (next: QueryEditorMode) => void;
  /** Forgets that another mode was chosen: something else is shown. */
  forget: () => void;
}

/** A change of mode that waits: for the compiled query, or for an answer to a question. */
type Waiting = { next: QueryEditorMode.Builder } | { next: QueryEditorMode.Code; code?: Code };

export function useMode(
  query: MesosQuery,
  datasource: EditorSource,
  data: PanelData | undefined,
  onChange: (query: MesosQuery) => void
): Mode {
  const ofTables = shownBy(query) === 'tables';
  const mode = ['promql', 'sql'].includes(queryTypeOf(query)) ? QueryEditorMode.Code : QueryEditorMode.Builder;
  const other = useRef<{ series: OtherMode; rows: OtherTableMode }>({ series: {}, rows: {} });
  const [waiting, setWaiting] = useState<Waiting>();
  // Counts the changes of mode, so that one that was taken back does not come later.
  const change = useRef(0);
  useEffect(() => () => void change.current++, []);

  const compiles = ['metrics', 'tables'].includes(shownBy(query)) && mode === QueryEditorMode.Builder;
  const { state, now } = useCompiled(
    compiles && isRunnable({ ...query, hide: false }) ? query : undefined,
    data?.request?.scopedVars ?? {},
    datasource.resources
  );

  const show = (next: QueryEditorMode, { promql, sql }: { promql?: string; sql?: string } = {}) => {
    const code = next === QueryEditorMode.Code;
    setWaiting(undefined);
    if (ofTables) {
      const switched = code ? toSql(query, sql, other.current.rows) : toTable(query, other.current.rows);
      other.current.rows = switched.other;
      onChange(switched.query);
    } else {
      const switched = code ? toCode(query, promql, other.current.series) : toBuilder(query, other.current.series);
      other.current.series = switched.otherMode;
      onChange(switched.query);
    }
  };

  // The query may change while it is compiled: the newest one is compiled then.
  const latest = useRef({ query, now, show });
  useEffect(() => {
    latest.current = { query, now, show };
  });
  const compileAndShow = async () => {
    const mine = change.current;
    setWaiting({ next: QueryEditorMode.Code });
    for (;;) {
      const asked = latest.current;
      const code = await asked.now();
      if (mine !== change.current) {
        return;
      }
      if (!isEqual(asked.query, latest.current.query)) {
        continue;
      }
      if (!code) {
        setWaiting(undefined);
      } else if (code.replaced.length > 0) {
        setWaiting({ next: QueryEditorMode.Code, code });
      } else {
        latest.current.show(QueryEditorMode.Code, code);
      }
      return;
    }
  };

  const cancel = () => {
    change.current++;
    setWaiting(undefined);
  };
  const changeMode = (next: QueryEditorMode) => {
    cancel();
    if (next === mode) {
      return;
    }
    const stands = ofTables ? tableCodeStands(query, other.current.rows) : codeStands(query, other.current.series);
    const own = ofTables ? isOwnSql(query, other.current.rows) : isOwnCode(query, other.current.series);
    if (next === QueryEditorMode.Builder && own) {
      setWaiting({ next });
    } else if (next === QueryEditorMode.Code && !stands && isRunnable({ ...query, hide: false })) {
      void compileAndShow();
    } else {
      show(next);
    }
  };

  return {
    mode,
    chosen: waiting?.next === QueryEditorMode.Code ? QueryEditorMode.Code : mode,
    compilation: state,
    question: questionOf(
      waiting,
      ofTables,
      () => waiting && show(waiting.next, 'code' in waiting ? waiting.code : {}),
      cancel
    ),
    change: changeMode,
    forget: cancel,
  };
}

function questionOf(
  waiting: Waiting | undefined,
  ofTables: boolean,
  onYes: () => void,
  onNo: () => void
): Question | undefined {
  if (waiting?.next === QueryEditorMode.Builder) {
    const question = ofTables
      ? {
          title: t('query.mode.replace-sql', 'Replace the SQL?'),
          body: t(
            'query.mode.replace-sql-body',
            'The builder does not read SQL back. Its own choices take the place of the SQL, which comes back with Code as long as the builder is not changed.'
          ),
        }
      : {
          title: t('query.mode.replace-expression', 'Replace the expression?'),
          body: t(
            'query.mode.replace-expression-body',
            'The builder does not read expressions back, not even its own. Its own choices take the place of the expression, which comes back with Code as long as the builder is not changed.'
          ),
        };
    return {
      ...question,
      yes: t('query.mode.replace-it', 'Replace it'),
      no: t('query.mode.stay-in-code', 'Stay in code'),
      onYes,
      onNo,
    };
  }
  if (waiting && 'code' in waiting && waiting.code) {
    const { replaced } = waiting.code;
    const variables = replaced.join(', ');
    return {
      title: t('query.mode.replace-variables', 'Replace variables by their current values?'),
      body:
        replaced.length > 1
          ? t(
              'query.mode.replace-variables-body',
              '{{variables}} have no place in code: the query keeps the current values, and does not follow the dashboard any more.',
              { variables }
            )
          : t(
              'query.mode.replace-variable-body',
              '{{variable}} has no place in code: the query keeps the current value, and does not follow the dashboard any more.',
              { variable: variables }
            ),
      yes: t('query.mode.replace-them', 'Replace them'),
      no: t('query.mode.stay-in-builder', 'Stay in the builder'),
      onYes,
      onNo,
    };
  }
  return undefined;
}
