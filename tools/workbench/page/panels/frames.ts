// Prepares frames for drawing, as Grafana does between query and panel: colors,
// display processors, names; and the defaults of its time series panel.
import {
  applyFieldOverrides,
  type DataFrame,
  type Field,
  FieldColorModeId,
  type FieldConfigSource,
  FieldType,
  getFieldDisplayName,
  getFieldSeriesColor,
  type GrafanaTheme2,
} from '@grafana/data';
import {
  AxisPlacement,
  GraphDrawStyle,
  type GraphFieldConfig,
  GraphGradientMode,
  LineInterpolation,
  VisibilityMode,
} from '@grafana/schema';

import { noFieldConfig, registryOf } from './fieldConfig.ts';

// Gaps are not bridged (spanNulls false); a single point is drawn as a point.
const line: GraphFieldConfig = {
  drawStyle: GraphDrawStyle.Line,
  lineInterpolation: LineInterpolation.Linear,
  lineWidth: 1,
  fillOpacity: 10,
  gradientMode: GraphGradientMode.None,
  showPoints: VisibilityMode.Auto,
  pointSize: 5,
  spanNulls: false,
  axisPlacement: AxisPlacement.Auto,
};

/**
 * Returns the frames with the field options of the panel's configuration. As in Grafana, the data source's options take
 * precedence over the panel's defaults, and the panel's overrides over both.
 */
export function prepare(frames: DataFrame[], theme: GrafanaTheme2, config = noFieldConfig): DataFrame[] {
  const { defaults, overrides } = config;
  const fieldConfig: FieldConfigSource = {
    defaults: {
      color: { mode: FieldColorModeId.PaletteClassic },
      ...defaults,
      custom: { ...line, ...defaults.custom },
    },
    overrides,
  };
  return applyFieldOverrides({
    data: frames,
    fieldConfig,
    fieldConfigRegistry: registryOf(fieldConfig),
    replaceVariables: (value) => value,
    theme,
    timeZone: 'browser',
  });
}

/** Whether a graph can draw it: a time field with rows, and a number. */
export function isSeries(frame: DataFrame): boolean {
  const has = (type: FieldType) => frame.fields.some((field) => field.type === type);
  return frame.length > 0 && has(FieldType.time) && has(FieldType.number);
}

/**
 * The frame with a null wherever its points are further apart than the interval
 * its time field names, so that no line is drawn there. Grafana's panel does the
 * same before it joins frames; the component of @grafana/ui does it for the first
 * frame only.
 */
export function breakGaps(frame: DataFrame): DataFrame {
  const time = frame.fields.find((field) => field.type === FieldType.time);
  const interval = time?.config.interval;
  if (!time || !interval) {
    return frame;
  }
  const times: number[] = time.values;
  const isGap = (i: number) => i > 0 && times[i] - times[i - 1] > interval;
  const filled = <T>(values: T[], missing: (i: number) => T) =>
    values.flatMap((value, i) => (isGap(i) ? [missing(i), value] : [value]));
  const fields = frame.fields.map((field) =>
    field === time
      ? {
          ...field,
          values: filled(times, (i) => times[i - 1] + interval),
          state: { ...field.state, nullThresholdApplied: true },
        }
      : { ...field, values: filled<unknown>(field.values, () => null) }
  );
  return { ...frame, fields, length: fields[0].values.length };
}

/** One curve of a graph. */
export interface Curve {
  name: string;
  color: string;
  field: Field<number | null>;
  times: number[];
}

/** The curves in frames that `prepare` made, in the order they are drawn. */
export function curvesOf(frames: DataFrame[], theme: GrafanaTheme2): Curve[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find((field) => field.type === FieldType.time);
    return frame.fields
      .filter((field) => time && field.type === FieldType.number)
      .map((field) => ({
        name: getFieldDisplayName(field, frame, frames),
        color: getFieldSeriesColor(field, theme).color,
        field,
        times: time!.values,
      }));
  });
}

/** The last point that has a value, or undefined. */
export function lastOf(curve: Curve): { time: number; value: number } | undefined {
  for (let i = curve.times.length - 1; i >= 0; i--) {
    const value = curve.field.values[i];
    if (value !== null && value !== undefined && !Number.isNaN(value)) {
      return { time: curve.times[i], value };
    }
  }
  return undefined;
}
