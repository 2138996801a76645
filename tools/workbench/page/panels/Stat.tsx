// Big numbers: the last value of each field, with its history behind it.
import React from 'react';
import { css } from '@emotion/css';

import {
  type DataFrame,
  type FieldDisplay,
  getDisplayValueAlignmentFactors,
  getFieldDisplayValues,
  ReducerID,
  type TimeRange,
  VizOrientation,
} from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, BigValueTextMode, useTheme2, VizRepeater } from '@grafana/ui';

import { noFieldConfig } from './fieldConfig.ts';
import type { PanelOptions } from './options.ts';

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
  height?: number;
  options: PanelOptions;
  timeRange: TimeRange;
}

export function Stat({ frames, width, height = 320, options, timeRange }: Props) {
  const theme = useTheme2();
  const graphMode = options.graphMode ?? BigValueGraphMode.Area;
  const values = () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig: options.fieldConfig ?? noFieldConfig,
      reduceOptions: options.reduceOptions ?? { calcs: [ReducerID.lastNotNull], values: false },
      replaceVariables: (value) => value,
      sparkline: graphMode !== BigValueGraphMode.None,
      theme,
      timeZone: 'browser',
    });
  return (
    <div data-testid="stat" className={css({ position: 'relative', height })}>
      <VizRepeater<FieldDisplay, ReturnType<typeof getDisplayValueAlignmentFactors>>
        source={frames}
        getValues={values}
        getAlignmentFactors={getDisplayValueAlignmentFactors}
        width={width}
        height={height}
        orientation={VizOrientation.Auto}
        renderCounter={0}
        autoGrid
        renderValue={({ value, width, height, count, alignmentFactors }) => (
          <div data-testid="stat-value" data-name={value.display.title} data-value={value.display.numeric}>
            <BigValue
              theme={theme}
              width={width}
              height={height}
              value={value.display}
              sparkline={value.sparkline && { ...value.sparkline, timeRange }}
              count={count}
              alignmentFactors={alignmentFactors}
              colorMode={options.colorMode ?? BigValueColorMode.Value}
              graphMode={graphMode}
              textMode={options.textMode ?? BigValueTextMode.Auto}
            />
          </div>
        )}
      />
    </div>
  );
}
