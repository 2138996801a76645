// Frames drawn as a panel. Panel types that the workbench lacks are shown as a
// table with a notice.
import React, { useMemo } from 'react';
import { css } from '@emotion/css';

import { type GrafanaTheme2, LoadingState, type PanelData } from '@grafana/data';
import { useStyles2, useTheme2 } from '@grafana/ui';

import type { PanelType } from '../state.ts';
import { breakGaps, isSeries, prepare } from './frames.ts';
import { Frames } from './Frames.tsx';
import { Graph } from './Graph.tsx';
import { type Mark, marksOf } from './marks.ts';
import type { PanelOptions } from './options.ts';
import { Stat } from './Stat.tsx';

interface Props {
  type: PanelType;
  data: PanelData;
  width: number;
  /** Of the whole drawing, legend included; absent: as much as each panel takes. */
  height?: number;
  options?: PanelOptions;
  /** Events of the dashboard's annotations. */
  marks?: Mark[];
  onZoom: (from: number, to: number) => void;
}

const noteHeight = 22;

/** Why frames are shown as a table although another panel was chosen. */
const asTable = {
  other: 'Shown as a table: the workbench draws graph, stat and table only. Try other panels in a Grafana.',
  graph: 'Shown as a table: these frames have no time field, or no number.',
};

export function Drawing({ type, data, width, height, options = {}, marks, onZoom }: Props) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const { fieldConfig } = options;
  const frames = useMemo(
    () =>
      prepare(
        data.series.filter((frame) => frame.fields.length > 0),
        theme,
        fieldConfig
      ),
    [data.series, theme, fieldConfig]
  );
  const allMarks = useMemo(() => [...(marks ?? []), ...marksOf(data.annotations ?? [])], [marks, data.annotations]);
  const series = useMemo(() => frames.filter(isSeries).map(breakGaps), [frames]);

  if (frames.length === 0) {
    const waiting = data.state === LoadingState.NotStarted || (data.state === LoadingState.Loading && !data.request);
    return (
      <div className={styles.empty} style={{ height: height ?? 320 }} data-testid={waiting ? 'waiting' : 'no-data'}>
        {waiting ? '' : 'No data'}
      </div>
    );
  }
  if (type === 'stat') {
    return <Stat frames={frames} width={width} height={height} options={options} timeRange={data.timeRange} />;
  }
  if (type === 'graph' && series.length > 0) {
    return (
      <Graph
        frames={series}
        width={width}
        height={height}
        legend={options.legend}
        timeRange={data.timeRange}
        marks={allMarks}
        onZoom={onZoom}
      />
    );
  }
  const note = type === 'table' ? undefined : asTable[type];
  return (
    <>
      {note && (
        <p className={styles.note} style={{ height: height && noteHeight }} data-testid="as-table">
          {note}
        </p>
      )}
      <Frames
        frames={frames}
        width={width}
        height={height && height - (note ? noteHeight : 0)}
        sortBy={options.sortBy}
      />
    </>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  note: css({ color: theme.colors.text.secondary, fontStyle: 'italic', margin: 0, overflow: 'hidden' }),
  empty: css({ display: 'grid', placeItems: 'center', color: theme.colors.text.secondary }),
});
