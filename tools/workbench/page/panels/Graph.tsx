// A time series graph. Its legend also represents it in the DOM: rows with the
// last value of each curve, taken from the graph's frames.
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
import { LegendDisplayMode, TooltipDisplayMode, type VizLegendOptions } from '@grafana/schema';
import { SeriesIcon, TimeSeries, TooltipPlugin, useStyles2, useTheme2, ZoomPlugin } from '@grafana/ui';

import { type Curve, curvesOf, lastOf } from './frames.ts';
import type { Mark } from './marks.ts';
import { Marks } from './Marks.tsx';

/** The height of the curves where none is given. */
const usualHeight = 280;

/** Of the lines a short legend takes. */
const shortLegend = { row: 22, rows: 2 };

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
  /** Of curves and legend; absent: the legend comes below, as long as it gets. */
  height?: number;
  /** How it is placed. Names are beside one another unless it is a table, as in Grafana. */
  legend?: Partial<VizLegendOptions>;
  timeRange: TimeRange;
  marks: Mark[];
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

export function Graph({ frames, width, height, legend, timeRange, marks, onZoom }: Props) {
  const theme = useTheme2();
  const styles = useStyles2(getStyles);
  const structureRev = useStructureRevision(frames);
  const curves = curvesOf(frames, theme);
  const short = legend?.displayMode === LegendDisplayMode.List;
  return (
    <div data-testid="graph">
      <TimeSeries
        frames={frames}
        structureRev={structureRev}
        width={width}
        height={height === undefined ? usualHeight : height - shortLegend.row * shortLegend.rows}
        timeRange={timeRange}
        timeZone="browser"
        legend={{ showLegend: false, displayMode: LegendDisplayMode.List, placement: 'bottom', calcs: [] }}
      >
        {(config, aligned) => (
          <>
            <ZoomPlugin config={config} onZoom={({ from, to }) => onZoom(from, to)} />
            <Marks config={config} marks={marks} />
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
      {short ? (
        <div className={styles.names}>
          {curves.map((curve, i) => (
            <Named key={i} curve={curve} />
          ))}
        </div>
      ) : (
        <Legend curves={curves} />
      )}
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

/** A curve's name, and its last value for programs that read the page. */
function Named({ curve }: { curve: Curve }) {
  return (
    <span data-testid="legend-row" {...dataOf(curve)}>
      <SeriesIcon color={curve.color} /> {curve.name}
    </span>
  );
}

function dataOf(curve: Curve) {
  const last = lastOf(curve);
  return {
    'data-name': curve.name,
    'data-value': last?.value,
    'data-time': last?.time,
    'data-unit': curve.field.config.unit,
  };
}

function LegendRow({ curve }: { curve: Curve }) {
  const last = lastOf(curve);
  const shown = last && curve.field.display ? formattedValueToString(curve.field.display(last.value)) : last?.value;
  return (
    <tr data-testid="legend-row" {...dataOf(curve)}>
      <td>
        <SeriesIcon color={curve.color} /> {curve.name}
      </td>
      <td>{shown ?? '-'}</td>
      <td>{last ? dateTimeFormat(last.time, { format: 'HH:mm:ss' }) : '-'}</td>
    </tr>
  );
}

const getStyles = (theme: GrafanaTheme2) => ({
  names: css({
    display: 'flex',
    flexWrap: 'wrap',
    columnGap: theme.spacing(1.5),
    height: shortLegend.row * shortLegend.rows,
    overflow: 'hidden auto',
    fontSize: theme.typography.bodySmall.fontSize,
    lineHeight: `${shortLegend.row}px`,
    whiteSpace: 'nowrap',
  }),
  scroll: css({ maxHeight: 170, overflow: 'auto' }),
  legend: css({
    width: '100%',
    fontSize: theme.typography.bodySmall.fontSize,
    'th, td': { padding: theme.spacing(0.25, 1), borderBottom: `1px solid ${theme.colors.border.weak}` },
    th: { color: theme.colors.primary.text, fontWeight: theme.typography.fontWeightMedium },
    'th:not(:first-child), td:not(:first-child)': { textAlign: 'right', width: 120, whiteSpace: 'nowrap' },
  }),
});
