// Query rows, time, and what comes back: the part of Explore and of the panel
// editor that a data source has to do with.
import React from 'react';
import { css } from '@emotion/css';

import {
  CoreApp,
  dateMath,
  dateTime,
  type DataSourceApi,
  type GrafanaTheme2,
  LoadingState,
  type RawTimeRange,
  rangeUtil,
  type TimeRange,
} from '@grafana/data';
import type { DataQuery } from '@grafana/schema';
import { Button, PanelContainer, RadioButtonGroup, RefreshPicker, TimeRangePicker, useStyles2 } from '@grafana/ui';

import type { AnyPlugin } from './grafana/plugin.ts';
import { Inspector } from './Inspector.tsx';
import { Messages } from './Messages.tsx';
import { Panel } from './panels/Panel.tsx';
import { QueryRow } from './QueryRow.tsx';
import { useRun } from './run.ts';
import type { PageState, PanelType } from './state.ts';
import { useWidth } from './useSize.ts';

const panelTypes: Array<{ label: string; value: PanelType; description?: string }> = [
  { label: 'Graph', value: 'graph' },
  { label: 'Stat', value: 'stat' },
  { label: 'Table', value: 'table' },
  { label: 'Other', value: 'other', description: 'Any other panel: its frames as a table' },
];

const intervals = ['5s', '15s', '1m', '5m'];

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

/** A bound of the range as Grafana's pickers want it: a moment, or a text such as now-1h. */
function bound(text: string) {
  return /^\d+$/.test(text) ? dateTime(Number(text)) : text;
}

function textOf(range: TimeRange): Pick<PageState, 'from' | 'to'> {
  const text = (value: RawTimeRange['from']) => (typeof value === 'string' ? value : String(value.valueOf()));
  return { from: text(range.raw.from), to: text(range.raw.to) };
}

export function QueryPage({ plugin, datasource, state, onChange }: Props) {
  const styles = useStyles2(getStyles);
  const [ref, width] = useWidth<HTMLDivElement>();
  const fresh = (): DataQuery => ({ ...datasource.getDefaultQuery?.(CoreApp.Explore), refId: 'A' });
  const queries = state.queries.length > 0 ? state.queries : [fresh()];
  const raw: RawTimeRange = { from: bound(state.from), to: bound(state.to) };
  const range = { ...rangeUtil.convertRawToRange(raw), raw };
  const { data, run } = useRun(
    datasource,
    queries,
    raw,
    width,
    state.refresh ? rangeUtil.intervalToMs(state.refresh) : 0
  );

  const setQueries = (changed: DataQuery[]) => onChange({ queries: changed });
  const shift = (factor: number) => {
    const span = range.to.valueOf() - range.from.valueOf();
    const from = range.from.valueOf() + span * factor;
    onChange({ from: String(Math.round(from)), to: String(Math.round(from + span)) });
  };
  const zoom = (from: number, to: number) => onChange({ from: String(Math.round(from)), to: String(Math.round(to)) });
  const zoomOut = () => {
    const span = range.to.valueOf() - range.from.valueOf();
    const to = Math.min(range.to.valueOf() + span / 2, dateMath.parse('now')!.valueOf());
    zoom(to - 2 * span, to);
  };
  const loading = data.state === LoadingState.Loading;

  return (
    <div ref={ref}>
      <div className={styles.toolbar}>
        <RadioButtonGroup options={panelTypes} value={state.panel} onChange={(panel) => onChange({ panel })} />
        <div className={styles.grow} />
        <TimeRangePicker
          value={range}
          timeZone="browser"
          onChange={(changed) => onChange(textOf(changed))}
          onChangeTimeZone={() => undefined}
          onMoveBackward={() => shift(-0.5)}
          onMoveForward={() => shift(0.5)}
          onZoom={zoomOut}
          isOnCanvas
        />
        <RefreshPicker
          text="Run queries"
          intervals={intervals}
          value={state.refresh}
          isLoading={loading}
          onRefresh={run}
          onIntervalChanged={(refresh) => onChange({ refresh })}
          isOnCanvas
          primary
        />
      </div>
      <Messages data={data} />
      <Panel type={state.panel} data={data} width={width} onZoom={zoom} />
      <PanelContainer className={styles.queries}>
        {queries.map((query, i) => (
          <QueryRow
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
