// A time series graph with a legend that is also its content in the DOM: rows
// with what each curve shows last, taken from the frames the graph was given.
import React, { useState } from 'react';
import { css } from '@emotion/css';

import {
  compareArrayValues,
  compareDataFrameStructures,
  type DataFrame,
  dateTimeFormat,
  formattedValueToString,
  type GrafanaTheme2,
  type TimeRange,
} from '@grafana/data';
import { LegendDisplayMode, TooltipDisplayMode } from '@grafana/schema';
import { SeriesIcon, TimeSeries, TooltipPlugin, useStyles2, useTheme2, ZoomPlugin } from '@grafana/ui';

import { type Curve, curvesOf, lastOf } from './frames.ts';

const height = 280;

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
  timeRange: TimeRange;
  onZoom: (from: number, to: number) => void;
}

/** A number that changes when the curves do, not when only their points do: the same curves keep tooltip and axes. */
function useStructureRevision(frames: DataFrame[]): number {
  const [last, setLast] = useState({ frames, revision: 1 });
  if (last.frames !== frames) {
    const same = compareArrayValues(last.frames, frames, compareDataFrameStructures);
    setLast({ frames, revision: last.revision + (same ? 0 : 1) });
  }
  return last.revision;
}

export function Graph({ frames, width, timeRange, onZoom }: Props) {
  const theme = useTheme2();
  const structureRev = useStructureRevision(frames);
  return (
    <div data-testid="graph">
      <TimeSeries
        frames={frames}
        structureRev={structureRev}
        width={width}
        height={height}
        timeRange={timeRange}
        timeZone="browser"
        legend={{ showLegend: false, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [] }}
      >
        {(config, aligned) => (
          <>
            <ZoomPlugin config={config} onZoom={({ from, to }) => onZoom(from, to)} />
            <TooltipPlugin
              config={config}
              data={aligned}
              frames={frames}
              mode={TooltipDisplayMode.Multi}
              timeZone="browser"
            />
          </>
        )}
      </TimeSeries>
      <Legend curves={curvesOf(frames, theme)} />
    </div>
  );
}

function Legend({ curves }: { curves: Curve[] }) {
  const styles = useStyles2(getStyles);
  return (
    <div className={styles.scroll}>
      <table className={styles.legend} data-testid="legend">
        <thead>
          <tr>
            <th>Name</th>
            <th>Last *</th>
            <th>At</th>
          </tr>
        </thead>
        <tbody>
          {curves.map((curve, i) => (
            <LegendRow key={i} curve={curve} />
          ))}
        </tbody>
      </table>
    </div>
  );
}

function LegendRow({ curve }: { curve: Curve }) {
  const last = lastOf(curve);
  const shown = last && curve.field.display ? formattedValueToString(curve.field.display(last.value)) : last?.value;
  return (
    <tr
      data-testid="legend-row"
      data-name={curve.name}
      data-value={last?.value}
      data-time={last?.time}
      data-unit={curve.field.config.unit}
    >
      <td>
        <SeriesIcon color={curve.color} /> {curve.name}
      </td>
      <td>{shown ?? '-'}</td>
      <td>{last ? dateTimeFormat(last.time, { format: 'HH:mm:ss' }) : '-'}</td>
    </tr>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  scroll: css({ maxHeight: 170, overflow: 'auto' }),
  legend: css({
    width: '100%',
    fontSize: theme.typography.bodySmall.fontSize,
    'th, td': { padding: theme.spacing(0.25, 1), borderBottom: `1px solid ${theme.colors.border.weak}` },
    th: { color: theme.colors.primary.text, fontWeight: theme.typography.fontWeightMedium },
    'th:not(:first-child), td:not(:first-child)': { textAlign: 'right', width: 120, whiteSpace: 'nowrap' },
  }),
});
