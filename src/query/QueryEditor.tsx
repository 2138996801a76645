// The editor of one query: header, builder or code, options. Laid out like
// Grafana's own Prometheus editor.
import { CoreApp, LoadingState, type PanelData } from '@grafana/data';
import { QueryEditorMode } from '@grafana/plugin-ui';
import { Button, ConfirmModal, RadioButtonGroup, Space } from '@grafana/ui';
import { isEqual } from 'lodash';
import React, { lazy, Suspense, useRef, useState } from 'react';

import type { EditorProps } from '../editorSource';
import { t, Trans } from '../i18n';
import { adviceFor } from './advice/advice';
import { AdviceLines } from './advice/AdviceLines';
import { AdhocFilters } from './AdhocFilters';
import { CompiledQuery } from './CompiledQuery';
import { queryTypeOf, withDefaults } from './defaults';
import { errorOf, isAtField } from './fault';
import { EVENTS_FIELDS, EventsEditor } from './events/EventsEditor';
import { labelsOf } from './legend';
import { Header } from './Header';
import { LogsEditor } from './logs/LogsEditor';
import { METRICS_FIELDS, MetricsEditor } from './metrics/MetricsEditor';
import { PatternsButton } from './patterns/PatternsButton';
import { QueryOptions } from './QueryOptions';
import { RuleNotice } from './rule/RuleNotice';
import { choicesOf, show as showOther, shownBy, type Left, type Shown } from './shown';
import { useStoreShown, withLostKeys } from './stored';
import { TablesEditor } from './tables/TablesEditor';
import { TopologyEditor } from './topology/TopologyEditor';
import { Rows } from './Rows';
import type { MesosQuery } from './types';
import { useChanges } from './useChanges';
import { useMode } from './useMode';
import { useResources } from './useResources';

// A chunk of its own: Monaco is loaded when PromQL is written.
const PromqlEditor = lazy(() => import('./promql/PromqlEditor'));

const modes = () => [
  { label: t('query.mode.builder', 'Builder'), value: QueryEditorMode.Builder },
  { label: t('query.mode.code', 'Code'), value: QueryEditorMode.Code },
];

export default function QueryEditor({
  app,
  data,
  datasource,
  query: stored,
  queries = [],
  range,
  onChange,
  onRunQuery,
}: EditorProps) {
  const query = withDefaults(stored, app);
  const ofRule = app === CoreApp.UnifiedAlerting;
  const store = (changed: MesosQuery, before = stored) =>
    onChange(ofRule ? withLostKeys({ ...stored, ...before }, changed) : changed);
  const resources = useResources(datasource, range);
  const shown = shownBy(query);
  const left = useRef<Left>({});
  // Response on screen when the query was edited, so stale until replaced.
  const [outdated, setOutdated] = useState<PanelData>();
  const stale = outdated !== undefined && outdated === data;
  const { change, pending } = useChanges(stored, query, (changed, before) => {
    if (!isEqual(changed, stored)) {
      setOutdated(data);
    }
    store(changed, before);
  });
  useStoreShown(stored, query, (shown) => {
    if (pending()) {
      return; // it is of what is shown
    }
    store(shown);
    // The form of a rule runs queries when Preview is pressed.
    if (!ofRule) {
      onRunQuery();
    }
  });

  const { mode, chosen, compilation, question, change: changeMode, forget } = useMode(query, datasource, data, change);

  const others = queries.filter(({ refId }) => refId !== query.refId) as MesosQuery[];
  const changeShown = (next: Shown) => {
    left.current = { ...left.current, [shown]: query };
    forget();
    change(showOther(next, query, left.current, others, app));
  };

  // The builder of tables makes rows, which no rule reads.
  const hasModes = shown === 'metrics' || (shown === 'tables' && !(ofRule && chosen === QueryEditorMode.Code));
  const fillWith = (filled: MesosQuery) => {
    left.current = { ...left.current, [shown]: query };
    forget();
    change(filled);
    if (!ofRule) {
      onRunQuery();
    }
  };

  // Code is stored when its box is left. What a rule reads is told of the text that is written.
  const codeKey = queryTypeOf(query) === 'sql' ? 'sql' : 'expr';
  const [written, setWritten] = useState<{ since?: string; text: string; right: boolean }>();
  const newest = written && written.since === query[codeKey] ? written : undefined;
  const tried = newest?.right ? { ...query, [codeKey]: newest.text } : query;
  const onChecked = ofRule
    ? (text: string, right: boolean) => setWritten({ since: query[codeKey], text, right })
    : undefined;

  const error = stale ? undefined : errorOf(data, query.refId);
  const loading = data?.state === LoadingState.Loading;
  return (
    <>
      <Header
        left={
          <>
            <RadioButtonGroup<Shown> size="sm" options={choicesOf(app)} value={shown} onChange={changeShown} />
            <PatternsButton query={query} others={others} app={app} onUse={fillWith} />
          </>
        }
        right={
          <>
            {app !== CoreApp.Explore && app !== CoreApp.Correlations && (
              <Button
                size="sm"
                variant={stale ? 'primary' : 'secondary'}
                icon={loading ? 'spinner' : undefined}
                disabled={loading}
                onClick={onRunQuery}
              >
                <Trans i18nKey="query.editor.run">Run queries</Trans>
              </Button>
            )}
            {hasModes && (
              <RadioButtonGroup<QueryEditorMode> size="sm" options={modes()} value={chosen} onChange={changeMode} />
            )}
          </>
        }
      />
      <Space v={0.5} />
      {question && (
        <ConfirmModal
          isOpen
          title={question.title}
          body={question.body}
          confirmText={question.yes}
          dismissText={question.no}
          confirmButtonVariant="primary"
          onConfirm={question.onYes}
          onDismiss={question.onNo}
        />
      )}
      <Rows>
        <AdhocFilters query={query} resources={resources} onChange={change} />
        {shown === 'events' && (
          <EventsEditor query={query} resources={resources} app={app} error={error} onChange={change} />
        )}
        {shown === 'tables' && (
          <TablesEditor
            query={query}
            resources={resources}
            app={app}
            mode={mode}
            compilation={compilation}
            onChecked={onChecked}
            onChange={change}
            onRunQuery={onRunQuery}
          />
        )}
        {shown === 'logs' && <LogsEditor query={query} resources={resources} error={error} onChange={change} />}
        {shown === 'topology' && <TopologyEditor query={query} resources={resources} error={error} onChange={change} />}
        {shown === 'metrics' && mode === QueryEditorMode.Builder && (
          <>
            <MetricsEditor query={query} resources={resources} error={compilation.error} onChange={change} />
            <CompiledQuery {...compilation} said={isAtField(compilation.error, METRICS_FIELDS)} />
          </>
        )}
        {shown === 'metrics' && mode === QueryEditorMode.Code && (
          <Suspense fallback={null}>
            <PromqlEditor
              query={query}
              data={data}
              resources={resources}
              onChecked={onChecked}
              onChange={change}
              onRunQuery={onRunQuery}
            />
          </Suspense>
        )}
        {shown === 'metrics' && (
          <QueryOptions
            query={query}
            app={app}
            labels={labelsOf(data?.series, query.refId)}
            stepIsSaid={isAtField(compilation.error, ['interval'])}
            onChange={change}
            onRunQuery={onRunQuery}
          />
        )}
        <AdviceLines
          advice={adviceFor(query, { app, range, data: stale ? undefined : data })}
          onFix={(fixed) => {
            change(fixed);
            if (!ofRule) {
              onRunQuery();
            }
          }}
        />
        {ofRule && (
          <RuleNotice
            query={tried}
            said={
              newest?.right === false ||
              compilation.error !== undefined ||
              (shown === 'events' && isAtField(error, EVENTS_FIELDS))
            }
            resources={resources}
            range={range}
            onChange={change}
          />
        )}
      </Rows>
    </>
  );
}
