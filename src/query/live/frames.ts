// What a live panel shows: the answer of its query, continued by the messages of its channel (pkg/query/live.go).
import { dataFrameFromJSON, DataFrameType, type DataFrame, type DataFrameJSON, type Field } from '@grafana/data';

/** A message of a channel. Between `from` and `to` (Unix milliseconds) its frames have all points that there are. */
export interface LiveMessage {
  from: number;
  to: number;
  frames: DataFrameJSON[];
  /** Why the query failed; there are no frames then. */
  error?: string;
}

/**
 * Returns the frames of a panel after a message for one of its queries. Series over time keep their points before
 * `message.from` that are not before `oldest`; other frames are replaced. Frames of other queries stay as they are.
 */
export function continued(before: DataFrame[], refId: string, message: LiveMessage, oldest: number): DataFrame[] {
  if (message.error) {
    return before;
  }
  const fresh = message.frames.map((json) => ({ ...dataFrameFromJSON(json), refId }));
  const own = before.filter((frame) => frame.refId === refId);
  const series = new Map<string, DataFrame>();
  for (const frame of own.filter(isSeries)) {
    series.set(nameOf(frame), between(frame, oldest, message.from));
  }
  for (const frame of fresh.filter(isSeries)) {
    const known = series.get(nameOf(frame));
    series.set(nameOf(frame), known ? joined(known, frame) : frame);
  }
  const after = [
    ...[...series.values()].filter((frame) => frame.length > 0),
    ...fresh.filter((frame) => !isSeries(frame) && frame.fields.length > 0),
  ];
  if (after.length === 0) {
    after.push({ ...(fresh[0] ?? own[0]), fields: [], length: 0 });
  }
  after[0] = { ...after[0], meta: { ...after[0].meta, ...own[0]?.meta, notices: fresh[0]?.meta?.notices } };
  return before.filter((frame) => frame.refId !== refId).concat(after);
}

function isSeries(frame: DataFrame): boolean {
  return frame.meta?.type === DataFrameType.TimeSeriesMulti && frame.fields.length === 2;
}

/** What tells a series from the others of its query. */
function nameOf(frame: DataFrame): string {
  const [, value] = frame.fields;
  return JSON.stringify([value.name, Object.entries(value.labels ?? {}).sort(([a], [b]) => (a < b ? -1 : 1))]);
}

/** Returns a series with its points from `oldest` to before `end`. */
function between(frame: DataFrame, oldest: number, end: number): DataFrame {
  const times: number[] = frame.fields[0].values;
  const from = times.findIndex((time) => time >= oldest);
  const to = times.findIndex((time) => time >= end);
  const part = (field: Field) => (from < 0 ? [] : field.values.slice(from, to < 0 ? undefined : Math.max(from, to)));
  return withValues(frame, frame.fields.map(part));
}

function joined(before: DataFrame, after: DataFrame): DataFrame {
  return withValues(
    { ...before, fields: after.fields.map((field, i) => ({ ...before.fields[i], config: field.config })) },
    after.fields.map((field, i) => [...before.fields[i].values, ...field.values])
  );
}

function withValues(frame: DataFrame, values: unknown[][]): DataFrame {
  // Without the state, which caches what was computed of the values before.
  const fields = frame.fields.map((field, i) => ({ ...field, values: values[i], state: undefined }));
  return { ...frame, fields, length: values[0].length };
}
