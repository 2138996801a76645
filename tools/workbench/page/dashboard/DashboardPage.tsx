// A dashboard of the plugin, drawn with the page's data source: its grid, its
// variables, one time range and refresh for all panels.
import React, { useEffect, useMemo, useState } from 'react';
import { css } from '@emotion/css';

import { type DataSourceApi, type GrafanaTheme2, rangeUtil } from '@grafana/data';
import { toDataQueryError } from '@grafana/runtime';
import { Alert, Combobox, LoadingPlaceholder, useStyles2 } from '@grafana/ui';

import type { AnyPlugin } from '../grafana/plugin.ts';
import type { PageState } from '../state.ts';
import { rangeOf, textOfMoments, TimeBar } from '../TimeBar.tsx';
import { useWidth } from '../useSize.ts';
import { useAnnotations } from './annotations.ts';
import { DashboardPanel } from './DashboardPanel.tsx';
import { loadDashboards } from './load.ts';
import { annotationsOf, type Dashboard, grid, type GridPosition, panelsOf, variablesOf } from './model.ts';
import { Selectors } from './Selectors.tsx';
import { scopedVarsOf, useOffers } from './variables.ts';

interface Props {
  plugin: AnyPlugin;
  datasource: DataSourceApi;
  state: PageState;
  onChange: (part: Partial<PageState>) => void;
}

export function DashboardPage({ plugin, ...rest }: Props) {
  const [dashboards, setDashboards] = useState<Dashboard[]>();
  const [chosen, setChosen] = useState(0);
  const [failure, setFailure] = useState<string>();
  useEffect(() => {
    loadDashboards(plugin.meta).then(setDashboards, (error: unknown) =>
      setFailure(toDataQueryError(error).message ?? String(error))
    );
  }, [plugin]);
  if (failure) {
    return (
      <div data-testid="error">
        <Alert title="The plugin's dashboards could not be read">{failure}</Alert>
      </div>
    );
  }
  if (!dashboards) {
    return <LoadingPlaceholder text="Loading dashboards" />;
  }
  if (dashboards.length === 0) {
    return <Alert severity="info" title="The plugin brings no dashboards." />;
  }
  const choice = dashboards.length > 1 && (
    <div data-testid="dashboard-choice">
      <Combobox
        options={dashboards.map(({ title }, value) => ({ label: title, value }))}
        value={chosen}
        onChange={(option) => setChosen(option?.value ?? chosen)}
        width="auto"
        minWidth={20}
      />
    </div>
  );
  return <Shown key={chosen} dashboard={dashboards[chosen]} choice={choice} {...rest} />;
}

interface ShownProps extends Omit<Props, 'plugin'> {
  dashboard: Dashboard;
  choice: React.ReactNode;
}

function Shown({ dashboard, choice, datasource, state, onChange }: ShownProps) {
  const styles = useStyles2(getStyles);
  const [ref, width] = useWidth<HTMLDivElement>();
  const [refreshes, setRefreshes] = useState(0);
  const panels = useMemo(() => panelsOf(dashboard), [dashboard]);
  const variables = useMemo(() => variablesOf(dashboard), [dashboard]);
  const { raw } = rangeOf(state);
  const offers = useOffers(datasource, variables, raw);
  // The same object until a value changes: each panel runs its queries again then.
  const values = JSON.stringify(scopedVarsOf(variables, offers, state.variables));
  const scopedVars = useMemo(() => JSON.parse(values), [values]);

  const annotations = useMemo(() => annotationsOf(dashboard), [dashboard]);
  const refreshMs = state.refresh ? rangeUtil.intervalToMs(state.refresh) : 0;
  const annotated = useAnnotations({ datasource, annotations, raw, variables: scopedVars, refreshes }, refreshMs);

  const column = (width - (grid.columns - 1) * grid.gap) / grid.columns;
  const span = (cells: number, size: number) => cells * size + (cells - 1) * grid.gap;
  const place = ({ x, y, w, h }: GridPosition) => ({
    left: x * (column + grid.gap),
    top: y * (grid.row + grid.gap),
    width: span(w, column),
    height: span(h, grid.row),
  });
  const bottom = Math.max(...panels.map(({ gridPos: { y, h } }) => y + h));
  return (
    <div>
      <div className={styles.toolbar}>
        {choice || <h2 className={styles.title}>{dashboard.title}</h2>}
        <Selectors
          variables={variables}
          offers={offers}
          chosen={state.variables}
          onChange={(variables) => onChange({ variables })}
        />
        <div className={styles.grow} />
        <TimeBar state={state} onChange={onChange} loading={false} onRun={() => setRefreshes((count) => count + 1)} />
      </div>
      {annotated.errors.length > 0 && (
        <div data-testid="error">
          {annotated.errors.map((error) => (
            <Alert key={error} title="An annotation could not be queried">
              {error}
            </Alert>
          ))}
        </div>
      )}
      <div ref={ref} className={styles.grid} style={{ height: bottom * (grid.row + grid.gap) }}>
        {width > 0 &&
          panels.map((panel) => (
            <div key={panel.id} className={styles.cell} style={place(panel.gridPos)}>
              {panel.type === 'row' ? (
                <h3 className={styles.row}>{panel.title}</h3>
              ) : (
                <DashboardPanel
                  panel={panel}
                  datasource={datasource}
                  raw={raw}
                  variables={scopedVars}
                  refreshMs={refreshMs}
                  refreshes={refreshes}
                  width={span(panel.gridPos.w, column)}
                  height={span(panel.gridPos.h, grid.row)}
                  marks={annotated.marks}
                  onZoom={(from, to) => onChange(textOfMoments(from, to))}
                />
              )}
            </div>
          ))}
      </div>
    </div>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  toolbar: css({
    display: 'flex',
    flexWrap: 'wrap',
    alignItems: 'center',
    gap: theme.spacing(1, 2),
    marginBottom: theme.spacing(1),
  }),
  title: css({ fontSize: theme.typography.h4.fontSize, margin: 0 }),
  grow: css({ flexGrow: 1 }),
  grid: css({ position: 'relative' }),
  cell: css({ position: 'absolute' }),
  row: css({
    fontSize: theme.typography.h6.fontSize,
    lineHeight: `${grid.row}px`,
    margin: 0,
    color: theme.colors.text.primary,
  }),
});
