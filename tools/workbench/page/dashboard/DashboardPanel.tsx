// One panel of a dashboard: its queries, its frame as Grafana's, its drawing.
import React, { useEffect, useMemo } from 'react';

import { CoreApp, type DataSourceApi, type RawTimeRange, type ScopedVars } from '@grafana/data';
import { IconButton, PanelChrome } from '@grafana/ui';

import { noticesOf } from '../Messages.tsx';
import { Drawing } from '../panels/Drawing.tsx';
import type { Mark } from '../panels/marks.ts';
import { useRun } from '../run.ts';
import { type Panel, typeOf } from './model.ts';
import { useTransformed } from './transform.ts';

interface Props {
  panel: Panel;
  datasource: DataSourceApi;
  raw: RawTimeRange;
  variables: ScopedVars;
  refreshMs: number;
  /** The queries run again when this number changes. */
  refreshes: number;
  width: number;
  height: number;
  /** Events of the dashboard's annotations. */
  marks: Mark[];
  onZoom: (from: number, to: number) => void;
}

export function DashboardPanel({
  panel,
  datasource,
  raw,
  variables,
  refreshMs,
  refreshes,
  width,
  height,
  marks,
  onZoom,
}: Props) {
  const { data, run } = useRun(
    {
      datasource,
      queries: panel.targets ?? [],
      raw,
      points: Math.floor(panel.maxDataPoints ?? width),
      name: `panel ${panel.id}`,
      app: CoreApp.Dashboard,
      variables,
    },
    refreshMs
  );
  useEffect(() => {
    if (refreshes > 0) {
      run();
    }
  }, [refreshes, run]);
  const transformed = useTransformed(data, panel.transformations);
  const options = useMemo(
    () => ({ ...panel.options, fieldConfig: panel.fieldConfig }),
    [panel.options, panel.fieldConfig]
  );
  const errors = (data.errors ?? []).map((error) => error.message ?? error.data?.message ?? 'No cause was given.');
  const notices = noticesOf(data);
  return (
    <div data-testid="dashboard-panel" data-title={panel.title} data-type={panel.type} data-state={data.state}>
      <PanelChrome
        title={panel.title}
        description={panel.description}
        width={width}
        height={height}
        padding="none"
        loadingState={data.state}
        statusMessage={errors.join('\n') || undefined}
        titleItems={
          notices.length > 0 && (
            <IconButton
              name={notices.some(({ severity }) => severity === 'warning') ? 'exclamation-triangle' : 'info-circle'}
              tooltip={notices.map(({ text }) => text).join('\n')}
            />
          )
        }
      >
        {(innerWidth, innerHeight) => (
          <div style={{ padding: gap }}>
            {errors.length > 0 && <div data-testid="error">{errors.join('\n')}</div>}
            <Drawing
              type={typeOf(panel)}
              data={transformed}
              width={innerWidth - 2 * gap}
              height={innerHeight - 2 * gap}
              options={options}
              marks={marks}
              onZoom={onZoom}
            />
          </div>
        )}
      </PanelChrome>
    </div>
  );
}

/** Between a panel's frame and its drawing, in pixels. */
const gap = 8;
