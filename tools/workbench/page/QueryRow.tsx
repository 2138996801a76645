// One query: Grafana's row header around the plugin's own editor.
import React, { useState } from 'react';
import { css } from '@emotion/css';

import type { CoreApp, DataSourceApi, GrafanaTheme2, PanelData, TimeRange } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import { ErrorBoundaryAlert, IconButton, useStyles2 } from '@grafana/ui';

import type { AnyPlugin } from './grafana/plugin.ts';

interface Props {
  app: CoreApp;
  plugin: AnyPlugin;
  datasource: DataSourceApi;
  query: DataQuery;
  queries: DataQuery[];
  data: PanelData;
  range: TimeRange;
  onChange: (query: DataQuery) => void;
  onRunQuery: () => void;
  onRemove?: () => void;
}

export function QueryRow(props: Props) {
  const { app, plugin, datasource, query, queries, data, range, onChange, onRunQuery, onRemove } = props;
  const styles = useStyles2(getStyles);
  const [open, setOpen] = useState(true);
  const [help, setHelp] = useState(false);
  const { QueryEditor, QueryEditorHelp } = plugin.components;
  // An editor gets its own query's part of the answer.
  const mine = (list: PanelData['errors']) => list?.filter((error) => !error.refId || error.refId === query.refId);
  const own: PanelData = {
    ...data,
    series: data.series.filter((frame) => frame.refId === query.refId),
    errors: mine(data.errors),
    error: mine(data.errors)?.[0],
  };
  return (
    <section className={styles.row} data-testid={`query-${query.refId}`}>
      <div className={styles.head}>
        <IconButton
          name={open ? 'angle-down' : 'angle-right'}
          aria-label="Collapse query"
          onClick={() => setOpen(!open)}
        />
        <span className={styles.refId}>{query.refId}</span>
        <span className={styles.source}>({datasource.name})</span>
        {!open && <span className={styles.source}>{datasource.getQueryDisplayText?.(query)}</span>}
        <div className={styles.grow} />
        {QueryEditorHelp && <IconButton name="question-circle" tooltip="Help" onClick={() => setHelp(!help)} />}
        <IconButton
          name={query.hide ? 'eye-slash' : 'eye'}
          tooltip={query.hide ? 'Show response' : 'Hide response'}
          onClick={() => {
            onChange({ ...query, hide: !query.hide });
            onRunQuery();
          }}
        />
        {onRemove && <IconButton name="trash-alt" tooltip="Remove query" onClick={onRemove} />}
      </div>
      {help && QueryEditorHelp && (
        <div className={styles.body}>
          <QueryEditorHelp
            datasource={datasource}
            query={query}
            onClickExample={(example: DataQuery) => {
              onChange({ ...example, refId: query.refId });
              onRunQuery();
            }}
          />
        </div>
      )}
      {open && (
        <div className={styles.body} data-testid="query-editor">
          <ErrorBoundaryAlert title="The query editor threw an error">
            {QueryEditor ? (
              <QueryEditor
                app={app}
                datasource={datasource}
                query={query}
                queries={queries}
                data={own}
                range={range}
                history={[]}
                onChange={onChange}
                onRunQuery={onRunQuery}
              />
            ) : (
              'The plugin has no query editor.'
            )}
          </ErrorBoundaryAlert>
        </div>
      )}
    </section>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  row: css({ marginBottom: theme.spacing(1) }),
  head: css({
    display: 'flex',
    alignItems: 'center',
    gap: theme.spacing(1),
    padding: theme.spacing(0.5, 1),
    background: theme.colors.background.secondary,
    borderRadius: theme.shape.radius.default,
  }),
  refId: css({ color: theme.colors.text.link, fontWeight: theme.typography.fontWeightMedium }),
  source: css({ color: theme.colors.text.secondary, fontStyle: 'italic' }),
  grow: css({ flexGrow: 1 }),
  body: css({ padding: theme.spacing(1, 1, 0, 1) }),
});
