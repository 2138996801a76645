// Big numbers: the last value of each field, with its history behind it.
import React from 'react';
import { css } from '@emotion/css';

import { type DataFrame, type FieldDisplay, getFieldDisplayValues, ReducerID, VizOrientation } from '@grafana/data';
import { BigValue, BigValueColorMode, BigValueGraphMode, BigValueTextMode, useTheme2, VizRepeater } from '@grafana/ui';

const height = 320;

interface Props {
  /** Made by `prepare`. */
  frames: DataFrame[];
  width: number;
}

export function Stat({ frames, width }: Props) {
  const theme = useTheme2();
  const values = () =>
    getFieldDisplayValues({
      data: frames,
      fieldConfig: { defaults: {}, overrides: [] },
      reduceOptions: { calcs: [ReducerID.lastNotNull], values: false },
      replaceVariables: (value) => value,
      sparkline: true,
      theme,
      timeZone: 'browser',
    });
  return (
    <div data-testid="stat" className={css({ position: 'relative', height })}>
      <VizRepeater<FieldDisplay>
        source={frames}
        getValues={values}
        width={width}
        height={height}
        orientation={VizOrientation.Auto}
        renderCounter={0}
        autoGrid
        renderValue={({ value, width, height, count }) => (
          <div data-testid="stat-value" data-name={value.display.title} data-value={value.display.numeric}>
            <BigValue
              theme={theme}
              width={width}
              height={height}
              value={value.display}
              sparkline={value.sparkline}
              count={count}
              colorMode={BigValueColorMode.Value}
              graphMode={BigValueGraphMode.Area}
              textMode={BigValueTextMode.Auto}
            />
          </div>
        )}
      />
    </div>
  );
}
