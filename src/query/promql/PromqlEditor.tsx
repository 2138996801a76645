// The code mode: an expression with completion, what is wrong with it, hints, and what it does in words.
import { css } from '@emotion/css';
import { FieldType, store, type GrafanaTheme2, type PanelData } from '@grafana/data';
import { EditorRow, EditorSwitch } from '@grafana/plugin-ui';
import { getTemplateSrv } from '@grafana/runtime';
import { Button, Icon, useStyles2 } from '@grafana/ui';
import React, { lazy, Suspense, useEffect, useId, useMemo, useRef, useState } from 'react';

import { t } from '../../i18n';
import { isCancelled, type MesosResources } from '../../resources';
import { BrowserButton } from '../browser/BrowserButton';
import { CodeBox, type Writer } from '../CodeBox';
import { Problems } from '../Problems';
import { variableOptions } from '../metrics/variables';
import { QUERY_VERSION } from '../defaults';
import { interpolateQuery } from '../interpolate';
import { type Checked } from '../problem';
import type { MesosQuery } from '../types';
import { useCatalogue } from '../useCatalogue';
import { useCheck } from '../useCheck';
import { hintsFor } from './hints';
import { actionAt, placeOf, written as writtenAt } from './place';
import { attach, LANGUAGE_ID, registerLanguage } from './language';
import { check, faultsOf } from './problems';
import { useSettled } from './useSettled';

// A chunk of its own: most people never open it.
const Explained = lazy(() => import('./Explained'));

const EXPLAIN_KEY = 'community-mesos-datasource.explain';

interface Props {
  query: MesosQuery;
  data?: PanelData;
  resources: MesosResources;
  /** Is called with each text that was checked, before it is stored, and whether nothing is wrong with it. */
  onChecked?: (text: string, right: boolean) => void;
  onChange: (query: MesosQuery) => void;
  onRunQuery: () => void;
}

export default function PromqlEditor({ query, data, resources, onChecked, onChange, onRunQuery }: Props) {
  const styles = useStyles2(getStyles);
  const id = useId();
  const expr = query.expr ?? '';
  // What is written since the expression was stored.
  const [written, setWritten] = useState({ since: expr, text: expr });
  const draft = written.since === expr ? written.text : expr;
  const { problems, warnings } = useCheck(draft, (text, requestId) => checked(text, resources, requestId), onChecked);
  const settled = useSettled(draft);
  const { catalogue } = useCatalogue(resources);
  const names = useNames(resources);
  const series = useMemo(() => seriesOf(data, query.refId), [data, query.refId]);
  const hints = useMemo(
    // The number of series is that of the expression that ran.
    () => hintsFor(settled, { catalogue, names, series: settled === expr ? series : undefined }),
    [settled, catalogue, names, series, expr]
  );
  const [explains, setExplains] = useState(() => store.getBool(EXPLAIN_KEY, false));

  // Monaco keeps what it is given first.
  const current = useRef(resources);
  useEffect(() => {
    current.current = resources;
  });

  const writer = useRef<Writer>(undefined);
  const place = () => {
    const { text, from, to } = writer.current?.read() ?? { text: draft, from: draft.length, to: draft.length };
    return { text, ...placeOf(text, from, to, catalogue?.signatures) };
  };
  const write = (series: string) => {
    const { text, ...at } = place();
    writer.current?.replace(at.from, at.to, writtenAt(text, at, series));
  };
  const change = (text: string) => onChange({ ...query, expr: text });
  return (
    <>
      <CodeBox
        language={LANGUAGE_ID}
        name={t('query.promql.name', 'PromQL expression')}
        placeholder={t('query.promql.placeholder', 'Write PromQL: a series, a function, or Ctrl+Space')}
        code={expr}
        leastLines={2}
        problems={problems}
        onBeforeEditorMount={registerLanguage}
        attach={(monaco, model) =>
          attach(monaco, model, {
            get resources() {
              return current.current;
            },
            variables: () => variableOptions().map(({ value }) => value),
            valueOf,
          })
        }
        writer={writer}
        onDraft={(text) => setWritten({ since: expr, text })}
        onCommit={change}
        onRun={onRunQuery}
      />
      <EditorRow>
        <div className={styles.below}>
          <div className={styles.messages} aria-live="polite">
            <Problems text={draft} problems={problems} warnings={warnings} />
            {hints.map(({ text, fix }) => (
              <div key={text} className={styles.hint} data-testid="promql-hint">
                <Icon name="info-circle" /> {text}
                {fix && (
                  <Button
                    size="sm"
                    variant="secondary"
                    fill="text"
                    onClick={() => {
                      change(fix.expr);
                      onRunQuery();
                    }}
                  >
                    {fix.label}
                  </Button>
                )}
              </div>
            ))}
          </div>
          <div className={styles.controls}>
            <BrowserButton
              size="sm"
              fill="text"
              resources={resources}
              action={() => actionAt(place())}
              onChoose={write}
            />
            <label className={styles.switch} htmlFor={`${id}-explain`}>
              {t('query.promql.explain', 'Explain')}
              <EditorSwitch
                id={`${id}-explain`}
                value={explains}
                onChange={(event) => {
                  setExplains(event.currentTarget.checked);
                  store.set(EXPLAIN_KEY, event.currentTarget.checked);
                }}
              />
            </label>
          </div>
        </div>
      </EditorRow>
      {explains && (
        <Suspense fallback={null}>
          <Explained expr={settled} catalogue={catalogue} />
        </Suspense>
      )}
    </>
  );
}

/** Returns what is wrong with an expression, as far as it can be known where the backend does not answer. */
async function checked(expr: string, resources: MesosResources, requestId: string): Promise<Checked> {
  const templates = getTemplateSrv();
  try {
    return await check(expr, {
      interpolate: (text) => interpolateQuery({ refId: 'A', expr: text }, templates).expr ?? text,
      compile: (text) =>
        resources.compile({ refId: 'A', queryType: 'promql', version: QUERY_VERSION, expr: text }, requestId),
    });
  } catch (err) {
    if (isCancelled(err)) {
      throw err;
    }
    return { problems: faultsOf(expr, t('query.promql.not-complete', 'Not valid PromQL')), warnings: [] };
  }
}

/** Returns the names of all series that there are. */
function useNames(resources: MesosResources): string[] | undefined {
  const [names, setNames] = useState<string[]>();
  useEffect(() => {
    let wanted = true;
    resources.labelValues('__name__').then(
      ({ values, total }) => wanted && setNames(total === values.length ? values : undefined),
      () => wanted && setNames(undefined)
    );
    return () => {
      wanted = false;
    };
  }, [resources]);
  return names;
}

/** Returns how many series a query's answer has. */
function seriesOf(data: PanelData | undefined, refId: string): number {
  return (data?.series ?? [])
    .filter((frame) => frame.refId === refId)
    .reduce((sum, { fields }) => sum + fields.filter(({ type }) => type === FieldType.number).length, 0);
}

function valueOf(written: string): string | undefined {
  const value = getTemplateSrv().replace(written, {}, 'csv');
  return value === written ? undefined : value;
}

const getStyles = (theme: GrafanaTheme2) => ({
  // Where there is no room for both, hints have the whole width.
  below: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'flex-start',
    justifyContent: 'flex-end',
    gap: theme.spacing(0.5, 2),
    width: '100%',
  }),
  messages: css({
    display: 'flex',
    flex: '1 1 360px',
    flexDirection: 'column',
    gap: theme.spacing(0.5),
    minWidth: 0,
    overflowWrap: 'anywhere',
    '&:empty': { display: 'none' },
  }),
  controls: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(2) }),
  hint: css({ color: theme.colors.text.secondary }),
  switch: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), whiteSpace: 'nowrap' }),
});
