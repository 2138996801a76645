// The editor of one query: header, builder or code, options. Laid out like
// Grafana's own Prometheus editor.
import { CoreApp, LoadingState, type PanelData } from '@grafana/data';
import { EditorHeader, EditorRows, FlexItem, QueryEditorMode, QueryEditorModeToggle } from '@grafana/plugin-ui';
import { Button, RadioButtonGroup, Space } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { lazy, Suspense, useRef, useState } from 'react';

import type { EditorProps } from '../editorSource';
import { CompiledQuery } from './CompiledQuery';
import { isRunnable, queryTypeOf, withDefaults } from './defaults';
import { EventsEditor } from './events/EventsEditor';
import { show as showOther, shownBy, type Left, type Shown } from './events/switchType';
import { MetricsEditor } from './metrics/MetricsEditor';
import { QueryOptions } from './QueryOptions';
import { useStoreShown, withLostKeys } from './stored';
import { codeStands, toBuilder, toCode, type OtherMode, type Switched } from './switchMode';
import type { MesosQuery } from './types';
import { useCompiled } from './useCompiled';

// A chunk of its own: Monaco is loaded when PromQL is written.
const PromqlEditor = lazy(() => import('./promql/PromqlEditor'));

const SHOWN: Array<{ label: string; value: Shown; description: string }> = [
  { label: 'Metrics', value: 'metrics', description: 'Numbers over time' },
  { label: 'Events', value: 'events', description: 'What happened' },
];

export default function QueryEditor({
  app,
  data,
  datasource,
  query: stored,
  queries = [],
  onChange,
  onRunQuery,
}: EditorProps) {
  const query = withDefaults(stored, app);
  const ofRule = app === CoreApp.UnifiedAlerting;
  const store = (changed: MesosQuery) => onChange(ofRule ? withLostKeys(stored, changed) : changed);
  useStoreShown(stored, query, (shown) => {
    store(shown);
    // The form of a rule runs queries when Preview is pressed.
    if (!ofRule) {
      onRunQuery();
    }
  });
  const shown = shownBy(query);
  const left = useRef<Left>({});
  const mode = queryTypeOf(query) === 'promql' ? QueryEditorMode.Code : QueryEditorMode.Builder;
  const otherMode = useRef<OtherMode>({});
  // Response on screen when the query was edited, so stale until replaced.
  const [outdated, setOutdated] = useState<PanelData>();
  const stale = outdated !== undefined && outdated === data;
  const change = (changed: MesosQuery) => {
    if (!isEqual(changed, stored)) {
      setOutdated(data);
    }
    store(changed);
  };

  const show = (switched: Switched) => {
    otherMode.current = switched.otherMode;
    change(switched.query);
  };

  // Set when code mode is chosen before the PromQL is compiled: the builder stays until it is, or shows the error.
  const [wantsCode, setWantsCode] = useState(false);
  const { retry, ...compilation } = useCompiled(
    shown === 'metrics' && mode === QueryEditorMode.Builder && isRunnable({ ...query, hide: false })
      ? datasource.applyTemplateVariables(query, data?.request?.scopedVars ?? {}, data?.request?.filters)
      : undefined,
    datasource.resources,
    ({ compiled }) => {
      setWantsCode(false);
      if (wantsCode && compiled) {
        show(toCode(query, compiled.promql, otherMode.current));
      }
    }
  );

  const changeMode = (next: QueryEditorMode) => {
    const { pending = false, error } = compilation;
    const wait =
      next === QueryEditorMode.Code && (pending || error !== undefined) && !codeStands(query, otherMode.current);
    setWantsCode(wait);
    if (wait && !pending) {
      retry();
    }
    if (wait || next === mode) {
      return;
    }
    show(
      next === QueryEditorMode.Code
        ? toCode(query, compilation.compiled?.promql, otherMode.current)
        : toBuilder(query, otherMode.current)
    );
  };

  const changeShown = (next: Shown) => {
    left.current = { ...left.current, [shown]: query };
    setWantsCode(false);
    const others = queries.filter(({ refId }) => refId !== query.refId) as MesosQuery[];
    change(showOther(next, query, left.current, others, app));
  };

  const loading = data?.state === LoadingState.Loading;
  return (
    <>
      <EditorHeader>
        <RadioButtonGroup<Shown> size="sm" options={SHOWN} value={shown} onChange={changeShown} />
        <FlexItem grow={1} />
        {app !== CoreApp.Explore && app !== CoreApp.Correlations && (
          <Button
            size="sm"
            variant={stale ? 'primary' : 'secondary'}
            icon={loading ? 'spinner' : undefined}
            disabled={loading}
            onClick={onRunQuery}
          >
            Run queries
          </Button>
        )}
        {shown === 'metrics' && (
          <QueryEditorModeToggle mode={wantsCode ? QueryEditorMode.Code : mode} onChange={changeMode} />
        )}
      </EditorHeader>
      <Space v={0.5} />
      <EditorRows>
        {shown === 'events' && (
          <EventsEditor query={query} resources={datasource.resources} app={app} onChange={change} />
        )}
        {shown === 'metrics' && mode === QueryEditorMode.Builder && (
          <>
            <MetricsEditor query={query} resources={datasource.resources} onChange={change} />
            <CompiledQuery {...compilation} />
          </>
        )}
        {shown === 'metrics' && mode === QueryEditorMode.Code && (
          <Suspense fallback={null}>
            <PromqlEditor query={query} resources={datasource.resources} onChange={change} onRunQuery={onRunQuery} />
          </Suspense>
        )}
        {shown === 'metrics' && <QueryOptions query={query} app={app} onChange={change} onRunQuery={onRunQuery} />}
      </EditorRows>
    </>
  );
}
