import {
  createDataFrame,
  type DataFrame,
  dataFrameToJSON,
  DataFrameType,
  type DataQueryRequest,
  type DataQueryResponse,
  dateTime,
  FieldType,
  LiveChannelConnectionState,
  type LiveChannelEvent,
  LiveChannelEventType,
  LoadingState,
} from '@grafana/data';
import { of, Subject } from 'rxjs';

import type { MesosQuery } from '../types';
import { follow, type LiveSource } from './follow';
import { continued, type LiveMessage } from './frames';

const SECOND = 1000;
const NOON = Date.UTC(2026, 10, 21, 12);

const channel = { path: 'live/abc', data: { query: { expr: 'x' } } };

/** Points are [seconds after noon, value]. */
function series(agent: string, points: Array<[number, number]>, custom?: object): DataFrame {
  return createDataFrame({
    refId: 'A',
    meta: { type: DataFrameType.TimeSeriesMulti, custom },
    fields: [
      {
        name: 'Time',
        type: FieldType.time,
        values: points.map(([at]) => NOON + at * SECOND),
        config: { interval: 10_000 },
      },
      { name: 'Value', type: FieldType.number, values: points.map(([, value]) => value), labels: { agent } },
    ],
  });
}

function message(from: number, to: number, ...frames: DataFrame[]): LiveMessage {
  return { from: NOON + from * SECOND, to: NOON + to * SECOND, frames: frames.map((frame) => dataFrameToJSON(frame)) };
}

const drawn = (frames: DataFrame[]) =>
  Object.fromEntries(
    frames.map(({ fields: [time, value] }) => [
      value?.labels?.agent,
      time?.values.map((at, i) => [(at - NOON) / SECOND, value.values[i]]),
    ])
  );

describe('frames', () => {
  const before = [
    series(
      'a',
      [
        [0, 1],
        [10, 2],
        [20, 3],
      ],
      { live: channel }
    ),
    series('b', [
      [0, 5],
      [20, 6],
    ]),
  ];

  it('replace their end and go on', () => {
    const after = continued(
      before,
      'A',
      message(
        20,
        40,
        series('a', [
          [20, 4],
          [30, 5],
        ])
      ),
      NOON
    );
    expect(drawn(after)).toEqual({
      a: [
        [0, 1],
        [10, 2],
        [20, 4],
        [30, 5],
      ],
      b: [[0, 5]],
    });
    expect(after[0].meta?.custom?.live).toEqual(channel);
    expect(drawn(before).a).toHaveLength(3); // nothing is changed in place
  });

  it('lose what is older than the range, and come and go', () => {
    const after = continued(before, 'A', message(30, 40, series('c', [[30, 7]])), NOON + 15 * SECOND);
    expect(drawn(after)).toEqual({ a: [[20, 3]], b: [[20, 6]], c: [[30, 7]] });
    const last = continued(after, 'A', message(40, 50), NOON + 100 * SECOND);
    expect(last).toHaveLength(1);
    expect(last[0].fields).toEqual([]); // no value without a point
    expect(last[0].meta?.custom?.live).toEqual(channel);
  });

  it('that are no series over time are replaced, those of other queries stay', () => {
    const table = (value: number) =>
      createDataFrame({
        refId: 'A',
        meta: { type: DataFrameType.NumericWide },
        fields: [{ name: 'Value', values: [value] }],
      });
    const other = { ...series('o', [[0, 1]]), refId: 'B' };
    const after = continued([table(1), other], 'A', message(0, 10, table(2)), NOON);
    expect(after.map(({ refId, fields }) => [refId, fields.at(-1)?.values])).toEqual([
      ['B', [1]],
      ['A', [2]],
    ]);
  });

  it('stay as they are where the query fails', () => {
    expect(continued(before, 'A', { ...message(0, 10), error: 'too many series' }, NOON)).toBe(before);
  });
});

describe('a live panel', () => {
  const request = {
    requestId: 'Q1',
    intervalMs: 10_000,
    targets: [{ refId: 'A', live: true }],
    range: { from: dateTime(NOON), to: dateTime(NOON + 60 * SECOND), raw: { from: '2026-11-21T12:00:00Z', to: 'now' } },
  } as unknown as DataQueryRequest<MesosQuery>;

  const status = (state: LiveChannelConnectionState): LiveChannelEvent<LiveMessage> => ({
    type: LiveChannelEventType.Status,
    id: 'x',
    timestamp: 0,
    state,
  });
  const told = (it: LiveMessage): LiveChannelEvent<LiveMessage> => ({
    type: LiveChannelEventType.Message,
    message: it,
  });

  function watch(changed: Partial<DataQueryRequest<MesosQuery>> = {}, custom: object | undefined = { live: channel }) {
    const events = new Subject<LiveChannelEvent<LiveMessage>>();
    const answer = jest.fn(() =>
      of<DataQueryResponse>({
        data: [
          series(
            'a',
            [
              [0, 1],
              [10, 2],
            ],
            custom
          ),
        ],
      })
    );
    const stream = jest.fn(() => events);
    const packets: DataQueryResponse[] = [];
    const source: LiveSource = { uid: 'mesos', answer, stream };
    const subscription = follow({ ...request, ...changed }, source).subscribe((packet) => packets.push(packet));
    return { events, answer, stream, packets, subscription };
  }

  it('shows history first, then the stream, in one packet that replaces itself', () => {
    const { events, answer, stream, packets, subscription } = watch();
    expect(stream).toHaveBeenCalledWith(expect.objectContaining({ scope: 'ds', stream: 'mesos', ...channel }));
    events.next(status(LiveChannelConnectionState.Connected));
    events.next(
      told(
        message(
          10,
          20,
          series('a', [
            [10, 2],
            [20, 3],
          ])
        )
      )
    );
    expect(packets.map(({ data }) => drawn(data).a)).toEqual([
      [
        [0, 1],
        [10, 2],
      ],
      [
        [0, 1],
        [10, 2],
        [20, 3],
      ],
    ]);
    expect(new Set(packets.map(({ key }) => key))).toEqual(new Set(['live-Q1']));
    expect(packets.map(({ state }) => state)).toEqual([LoadingState.Streaming, LoadingState.Streaming]);
    expect(answer).toHaveBeenCalledTimes(1);
    subscription.unsubscribe();
    expect(events.observed).toBe(false);
  });

  it('asks for history again when it was disconnected, or a message is missing', () => {
    const { events, answer, packets } = watch();
    events.next(status(LiveChannelConnectionState.Connected));
    events.next(status(LiveChannelConnectionState.Disconnected));
    expect(answer).toHaveBeenCalledTimes(1);
    events.next(status(LiveChannelConnectionState.Connected));
    expect(answer).toHaveBeenCalledTimes(2);
    events.next(told(message(10, 20, series('a', [[20, 3]]))));
    events.next(told(message(15, 30, series('a', [[30, 3]]))));
    expect(answer).toHaveBeenCalledTimes(2);
    events.next(told(message(31, 40, series('a', [[40, 3]]))));
    expect(answer).toHaveBeenCalledTimes(3);
    expect(packets).toHaveLength(5);
  });

  it('says what fails, and keeps what it shows', () => {
    const { events, packets } = watch();
    events.next(told({ ...message(10, 20), error: 'too many series' }));
    expect(packets[1].errors).toEqual([{ refId: 'A', message: 'too many series' }]);
    expect(drawn(packets[1].data).a).toHaveLength(2);
    events.next(told(message(10, 30, series('a', [[20, 3]]))));
    expect(packets[2].errors).toBeUndefined();
  });

  it('is an answer like others where nothing is live, the range is past, or the backend names no channel', () => {
    expect(watch({ targets: [{ refId: 'A' } as MesosQuery] }).stream).not.toHaveBeenCalled();
    const past = { ...request.range, raw: { from: 'now-2h', to: dateTime(NOON) } };
    expect(watch({ range: past }).stream).not.toHaveBeenCalled();
    const { stream, packets } = watch({}, {});
    expect(stream).not.toHaveBeenCalled();
    expect(packets).toHaveLength(1);
    expect(packets[0].state).toBeUndefined();
  });
});
