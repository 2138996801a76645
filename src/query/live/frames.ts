// What a live panel shows: the answer of its query, continued by the messages of its channel (pkg/query/live.go).
import { dataFrameFromJSON, DataFrameType, type DataFrame, type DataFrameJSON, type Field } from '@grafana/data';

/** A message of a channel. Between `from` and `to` (Unix milliseconds) its frames have all points that there are. */
export interface LiveMessage {
  from: number;
  to: number;
  frames: DataFrameJSON[];
  /** Of logs: the frames have lines to add, each once by its id; there are no `from` and `to`. */
  append?: boolean;
  /** The frames are the whole answer, and replace all that is shown. */
  whole?: boolean;
  /** The whole answer is too long for a message: ask again. */
  again?: boolean;
  /** Why the query failed; there are no frames then. */
  error?: string;
}

/**
 * Returns the frames of a panel after a message for one of its queries. Series over time keep their points before
 * `message.from` that are not before `oldest`, unless the message is the whole answer; other frames are replaced. Frames
 * of other queries stay as they are.
 */
export function continued(before: DataFrame[], refId: string, message: LiveMessage, oldest: number): DataFrame[] {
  if (message.error) {
    return before;
  }
  if (message.append) {
    return appended(before, refId, message);
  }
  const fresh = message.frames.map((json) => ({ ...dataFrameFromJSON(json), refId }));
  const own = before.filter((frame) => frame.refId === refId);
  const series = new Map<string, DataFrame>();
  for (const frame of message.whole ? [] : own.filter(isSeries)) {
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

/** The most lines that a panel keeps while its log is followed, unless its query asked for more. */
const MOST_LINES = 1000;

/** Returns the frames of a panel of logs with the lines of a message. A line replaces the one that has its id. */
function appended(before: DataFrame[], refId: string, message: LiveMessage): DataFrame[] {
  return before.map((frame) => {
    if (frame.refId !== refId || frame.meta?.type !== DataFrameType.LogLines) {
      return frame;
    }
    const all = [frame, ...message.frames.map((json) => dataFrameFromJSON(json))];
    const rows = new Map<string, { of: DataFrame; row: number }>();
    for (const of of all) {
      const ids: string[] = of.fields.find(({ name }) => name === 'id')?.values ?? [];
      ids.forEach((id, row) => rows.set(id, { of, row }));
    }
    const kept = [...rows.values()].slice(-Math.max(MOST_LINES, frame.length));
    const fields = frame.fields.map((field, i) => {
      const value = ({ of, row }: { of: DataFrame; row: number }) => of.fields[i].values[row];
      // Of times, what is beyond milliseconds: it keeps lines in their order.
      const nanos = all.some(({ fields }) => fields[i].nanos)
        ? kept.map(({ of, row }) => of.fields[i].nanos?.[row] ?? 0)
        : undefined;
      return { ...field, values: kept.map(value), nanos, state: undefined };
    });
    return { ...frame, fields, length: kept.length };
  });
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
    {
      ...before,
      fields: after.fields.map((field, i) => ({ ...before.fields[i], config: configOf(before.fields[i], field) })),
    },
    after.fields.map((field, i) => [...before.fields[i].values, ...field.values])
  );
}

/** Returns the config of a field that is continued. Messages have some of the links only. */
function configOf(before: Field, { config }: Field): Field['config'] {
  const { links = config.links } = before.config;
  return links ? { ...config, links } : config;
}

function withValues(frame: DataFrame, values: unknown[][]): DataFrame {
  // Without the state, which caches what was computed of the values before.
  const fields = frame.fields.map((field, i) => ({ ...field, values: values[i], state: undefined }));
  return { ...frame, fields, length: values[0].length };
}
