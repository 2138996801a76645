// What comes back, drawn. What the workbench cannot draw is a table, and says so.
import React, { useMemo } from 'react';
import { css } from '@emotion/css';

import { type GrafanaTheme2, LoadingState, type PanelData } from '@grafana/data';
import { LoadingBar, PanelContainer, useStyles2, useTheme2 } from '@grafana/ui';

import type { PanelType } from '../state.ts';
import { breakGaps, isSeries, prepare } from './frames.ts';
import { Frames } from './Frames.tsx';
import { Graph } from './Graph.tsx';
import { Stat } from './Stat.tsx';

interface Props {
  type: PanelType;
  data: PanelData;
  width: number;
  onZoom: (from: number, to: number) => void;
}

/** Why frames are shown as a table although another panel was chosen. */
const asTable = {
  other: 'Shown as a table: the workbench draws graph, stat and table only. Try other panels in a Grafana.',
  graph: 'Shown as a table: these frames have no time field, or no number.',
};

export function Panel({ type, data, width, onZoom }: Props) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const frames = useMemo(
    () =>
      prepare(
        data.series.filter((frame) => frame.fields.length > 0),
        theme
      ),
    [data.series, theme]
  );
  const inner = width - 2 * parseInt(theme.spacing(1), 10) - 2;
  const series = useMemo(() => frames.filter(isSeries).map(breakGaps), [frames]);
  const loading = data.state === LoadingState.Loading;

  let content;
  let note: string | undefined;
  if (frames.length === 0) {
    content = (
      <div className={styles.empty} data-testid="no-data">
        {data.state === LoadingState.NotStarted || (loading && !data.request) ? '' : 'No data'}
      </div>
    );
  } else if (type === 'stat') {
    content = <Stat frames={frames} width={inner} />;
  } else if (type === 'graph' && series.length > 0) {
    content = <Graph frames={series} width={inner} timeRange={data.timeRange} onZoom={onZoom} />;
  } else {
    note = type === 'other' || type === 'graph' ? asTable[type] : undefined;
    content = <Frames frames={frames} width={inner} />;
  }
  return (
    <PanelContainer className={styles.panel} data-testid="panel" data-state={data.state}>
      <div className={styles.bar}>{loading && <LoadingBar width={inner} ariaLabel="Loading" />}</div>
      {note && (
        <p className={styles.note} data-testid="as-table">
          {note}
        </p>
      )}
      {content}
    </PanelContainer>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  panel: css({ padding: theme.spacing(1), marginBottom: theme.spacing(1) }),
  bar: css({ height: 1 }),
  note: css({ color: theme.colors.text.secondary, fontStyle: 'italic' }),
  empty: css({ height: 320, display: 'grid', placeItems: 'center', color: theme.colors.text.secondary }),
});
