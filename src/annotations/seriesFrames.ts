// Makes events of series, as Grafana's Prometheus data source does: a time at
// which a series is above 0 is an event, and such times one step apart are one
// event that lasts.
import {
  FieldType,
  getFieldDisplayName,
  renderLegendFormat,
  textUtil,
  type AnnotationEvent,
  type DataFrame,
  type Field,
  type Labels,
} from '@grafana/data';

import type { MesosAnnotation } from './types';

/** Returns the events of all series, in the order of the series. */
export function eventsOfSeries(annotation: MesosAnnotation, frames: DataFrame[]): AnnotationEvent[] {
  return frames.flatMap((frame) => {
    const time = frame.fields.find(({ type }) => type === FieldType.time);
    const values = frame.fields.filter(({ type }) => type === FieldType.number);
    return time ? values.flatMap((value) => eventsOfField(annotation, time, value, frame)) : [];
  });
}

function eventsOfField(annotation: MesosAnnotation, time: Field, value: Field, frame: DataFrame): AnnotationEvent[] {
  const { titleFormat, textFormat, tagKeys = '', useValueForTime } = annotation;
  const labels = value.labels ?? {};
  const keys = tagKeys.split(',').map((key) => key.trim());
  const shown = {
    title: titleFormat ? rendered(titleFormat, labels) : textUtil.escapeHtml(getFieldDisplayName(value, frame)),
    text: textFormat ? rendered(textFormat, labels) : '',
    tags: keys.filter((key) => labels[key]).map((key) => labels[key]),
  };
  // The backend gives the step with the times.
  return regions(timesOf(time, value, useValueForTime), time.config.interval ?? 0).map(([from, to]) => ({
    time: from,
    ...(to > from && { timeEnd: to, isRegion: true }),
    ...shown,
  }));
}

function timesOf(time: Field, value: Field, useValueForTime = false): number[] {
  const values: Array<number | null> = value.values;
  if (useValueForTime) {
    const times = values.filter((at): at is number => Number.isFinite(at)).map(Math.floor);
    return [...new Set(times)].sort((a, b) => a - b);
  }
  return time.values.filter((_, i) => (values[i] ?? 0) > 0);
}

/** Returns begin and end of what is at most one step apart. */
function regions(times: number[], step: number): Array<[from: number, to: number]> {
  const all: Array<[number, number]> = [];
  for (const time of times) {
    const last = all.at(-1);
    if (last && time - last[1] <= step) {
      last[1] = time;
    } else {
      all.push([time, time]);
    }
  }
  return all;
}

/** Returns a text with the values of labels. Grafana shows it as HTML, so what users of the cluster choose is escaped. */
function rendered(format: string, labels: Labels): string {
  const escaped = Object.entries(labels).map(([label, value]) => [label, textUtil.escapeHtml(value)]);
  return renderLegendFormat(format, Object.fromEntries(escaped));
}
