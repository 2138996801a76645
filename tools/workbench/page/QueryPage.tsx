// Query rows, time range and results: the part of Explore and of the panel editor
// that concerns a data source.
import React from 'react';
import { css } from '@emotion/css';

import { type CoreApp, type DataSourceApi, type GrafanaTheme2, LoadingState, rangeUtil } from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import { Button, PanelContainer, RadioButtonGroup, useStyles2 } from '@grafana/ui';

import type { AnyPlugin } from './grafana/plugin.ts';
import { Inspector } from './Inspector.tsx';
import { Messages } from './Messages.tsx';
import { Panel } from './panels/Panel.tsx';
import { QueryRow } from './QueryRow.tsx';
import { useRun } from './run.ts';
import type { PageState, PanelType } from './state.ts';
import { rangeOf, textOfMoments, TimeBar } from './TimeBar.tsx';
import { useWidth } from './useSize.ts';

const panelTypes: Array<{ label: string; value: PanelType; description?: string }> = [
  { label: 'Graph', value: 'graph' },
  { label: 'Stat', value: 'stat' },
  { label: 'Table', value: 'table' },
  { label: 'Other', value: 'other', description: 'Any other panel: its frames as a table' },
];

interface Props {
  plugin: AnyPlugin;
  datasource: DataSourceApi;
  state: PageState;
  onChange: (part: Partial<PageState>) => void;
}

/** The next free name of a query: A, B, ... */
function nextRefId(queries: DataQuery[]): string {
  const used = new Set(queries.map((query) => query.refId));
  const names = Array.from({ length: 26 }, (_, i) => String.fromCharCode(65 + i));
  return names.find((name) => !used.has(name)) ?? `Q${queries.length + 1}`;
}

export function QueryPage({ plugin, datasource, state, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const [ref, width] = useWidth<HTMLDivElement>();
  const app = state.app as CoreApp;
  const fresh = (): DataQuery => ({ ...datasource.getDefaultQuery?.(app), refId: 'A' });
  const queries = state.queries.length > 0 ? state.queries : [fresh()];
  const range = rangeOf(state);
  const { data, run } = useRun(
    { datasource, queries, raw: range.raw, points: width, app },
    state.refresh ? rangeUtil.intervalToMs(state.refresh) : 0
  );

  const setQueries = (changed: DataQuery[]) => onChange({ queries: changed });
  const loading = data.state === LoadingState.Loading;

  return (
    <div ref={ref}>
      <div className={styles.toolbar}>
        <RadioButtonGroup options={panelTypes} value={state.panel} onChange={(panel) => onChange({ panel })} />
        <div className={styles.grow} />
        <TimeBar state={state} onChange={onChange} loading={loading} text="Run queries" onRun={run} />
      </div>
      <Messages data={data} />
      <Panel type={state.panel} data={data} width={width} onZoom={(from, to) => onChange(textOfMoments(from, to))} />
      <PanelContainer className={styles.queries}>
        {queries.map((query, i) => (
          <QueryRow
            app={app}
            key={query.refId}
            plugin={plugin}
            datasource={datasource}
            query={query}
            queries={queries}
            data={data}
            range={range}
            onChange={(changed) => setQueries(queries.map((one, at) => (at === i ? changed : one)))}
            onRunQuery={run}
            onRemove={
              queries.length > 1
                ? () => {
                    setQueries(queries.filter((_, at) => at !== i));
                    run();
                  }
                : undefined
            }
          />
        ))}
        <Button
          icon="plus"
          variant="secondary"
          onClick={() => {
            setQueries([...queries, { ...fresh(), refId: nextRefId(queries) }]);
            run();
          }}
        >
          Add query
        </Button>
      </PanelContainer>
      <Inspector data={data} />
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  toolbar: css({ display: 'flex', alignItems: 'center', gap: theme.spacing(1), marginBottom: theme.spacing(1) }),
  grow: css({ flexGrow: 1 }),
  queries: css({ padding: theme.spacing(1), marginBottom: theme.spacing(1) }),
});
