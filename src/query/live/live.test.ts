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
import { type Observable, of, Subject, throwError } from 'rxjs';

import type { MesosQuery } from '../types';
import { follow, followed, type LiveSource } from './follow';
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

  it('keep the links that they have: messages have some of them only', () => {
    const linked = (frame: DataFrame, ...titles: string[]) => {
      frame.fields[1].config = { unit: 'short', links: titles.map((title) => ({ title, url: 'http://m1' })) };
      return frame;
    };
    const shown = [linked(series('a', [[0, 1]]), 'Logs', 'Task', 'Agent')];
    const after = continued(
      shown,
      'A',
      message(10, 20, linked(series('a', [[10, 2]]), 'Logs'), linked(series('new', [[10, 2]]), 'Logs')),
      NOON
    );
    const titles = after.map(({ fields }) => fields[1].config.links?.map(({ title }) => title));
    expect(titles).toEqual([['Logs', 'Task', 'Agent'], ['Logs']]);
    expect(after[0].fields[1].config.unit).toBe('short');
  });

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

  it('are replaced by a message that is the whole answer', () => {
    const whole = { ...message(20, 40, series('c', [[15, 4]])), whole: true };
    const after = continued(before, 'A', whole, NOON);
    expect(drawn(after)).toEqual({ c: [[15, 4]] });
    expect(after[0].meta?.custom?.live).toEqual(channel);
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

  it('is asked for again where its whole answer is too long for a message', () => {
    const { events, answer } = watch();
    events.next(told({ ...message(0, 10), again: true }));
    expect(answer).toHaveBeenCalledTimes(2);
  });

  it('has the channel of its range: one that moves on, or one whose begin stays', () => {
    const fixed = { path: 'live/fixed', data: { fromMs: NOON } };
    const path = (from: unknown) => {
      const range = { ...request.range, raw: { from, to: 'now' } } as typeof request.range;
      const { stream, subscription } = watch({ range }, { live: { ...channel, fixed } });
      subscription.unsubscribe();
      return (stream.mock.calls as unknown as Array<[{ path: string }]>)[0][0].path;
    };
    expect(path('now-1h')).toBe(channel.path);
    expect(path('now-1h/h')).toBe(fixed.path);
    expect(path('now/d')).toBe(fixed.path);
    expect(path(dateTime(NOON))).toBe(fixed.path);
    expect(path('2026-11-21T12:00:00Z')).toBe(fixed.path);
  });

  it('over today is asked for again on the next day, in the time zone of the dashboard', () => {
    jest.useFakeTimers({ now: NOON });
    try {
      const range = { ...request.range, raw: { from: 'now/d', to: 'now' } };
      // Its midnight is 11:00 UTC.
      const { events, answer } = watch({ range, timezone: 'Pacific/Auckland' }, { live: channel });
      const [[asked]] = answer.mock.calls as unknown as Array<[DataQueryRequest<MesosQuery>]>;
      events.next(told(message(0, 10)));
      expect(answer).toHaveBeenCalledTimes(1);
      jest.setSystemTime(NOON - 3600 * SECOND + 24 * 3600 * SECOND);
      events.next(told(message(0, 20)));
      expect(answer).toHaveBeenCalledTimes(2);
      expect(asked.range.from.toISOString()).toBe('2026-11-21T11:00:00.000Z');
    } finally {
      jest.useRealTimers();
    }
  });

  it('says what fails, and keeps what it shows', () => {
    const { events, packets } = watch();
    events.next(told({ ...message(10, 20), error: 'too many series' }));
    expect(packets[1].errors).toEqual([{ refId: 'A', message: 'too many series' }]);
    expect(drawn(packets[1].data).a).toHaveLength(2);
    events.next(told(message(10, 30, series('a', [[20, 3]]))));
    expect(packets[2].errors).toBeUndefined();
  });

  describe('that cannot be answered', () => {
    beforeEach(() => jest.useFakeTimers());
    afterEach(() => jest.useRealTimers());

    const good = of<DataQueryResponse>({
      data: [series('a', [[0, 1]], { live: { ...channel, to: NOON + 10 * SECOND } })],
    });
    const error = { message: '502: starting' };
    const bad = of<DataQueryResponse>({ data: [], error, state: LoadingState.Error });

    /** Watches a panel whose query is answered by these, one after the other. */
    function answered(answers: Array<Observable<DataQueryResponse>>, changed: Partial<typeof request> = {}) {
      const channels: Array<Subject<LiveChannelEvent<LiveMessage>>> = [];
      let asked = 0;
      const answer = jest.fn(() => answers[Math.min(asked++, answers.length - 1)]);
      const stream = jest.fn(() => {
        channels.push(new Subject());
        return channels.at(-1)!;
      });
      const packets: DataQueryResponse[] = [];
      const complete = jest.fn();
      const subscription = follow({ ...request, ...changed }, { uid: 'mesos', answer, stream }).subscribe({
        next: (packet) => packets.push(packet),
        complete,
      });
      return { answer, stream, channels, packets, complete, subscription };
    }

    it.each([
      ['fails', bad],
      ['throws', throwError(() => new Error(error.message))],
    ])('after a break goes on later, where its query %s at first', (_, failed) => {
      const { answer, stream, channels, packets, complete } = answered([good, failed, failed, good]);
      channels[0].next(status(LiveChannelConnectionState.Connected));
      channels[0].next(status(LiveChannelConnectionState.Disconnected));
      channels[0].next(status(LiveChannelConnectionState.Connected));
      expect(packets.at(-1)).toMatchObject({ error, state: LoadingState.Error });
      expect(drawn(packets.at(-1)!.data)).toEqual({ a: [[0, 1]] }); // what is shown stays
      expect(answer).toHaveBeenCalledTimes(2);
      jest.advanceTimersByTime(5 * SECOND);
      expect(answer).toHaveBeenCalledTimes(3);
      jest.advanceTimersByTime(9 * SECOND);
      expect(answer).toHaveBeenCalledTimes(3); // pauses grow
      jest.advanceTimersByTime(SECOND);
      expect(answer).toHaveBeenCalledTimes(4);
      expect(stream).toHaveBeenCalledTimes(2);
      expect(packets.at(-1)?.error).toBeUndefined();
      channels[1].next(told(message(0, 20, series('a', [[20, 3]]))));
      expect(drawn(packets.at(-1)!.data)).toEqual({ a: [[20, 3]] });
      expect(complete).not.toHaveBeenCalled();
    });

    it('when it is opened is live later, and is not asked for after nobody watches', () => {
      const { answer, stream, packets, subscription } = answered([bad]);
      expect(packets).toHaveLength(1);
      expect(packets[0].error).toEqual(error);
      jest.advanceTimersByTime(5 * SECOND);
      expect(answer).toHaveBeenCalledTimes(2);
      expect(stream).not.toHaveBeenCalled();
      subscription.unsubscribe();
      jest.advanceTimersByTime(1000 * SECOND);
      expect(answer).toHaveBeenCalledTimes(2);
    });

    it('in one of its queries goes on with the others meanwhile', () => {
      const part = of<DataQueryResponse>({
        data: [series('a', [[0, 1]], { live: channel })],
        errors: [{ refId: 'B', message: 'too busy' }],
      });
      const targets = ['A', 'B'].map((refId) => ({ refId, live: true }) as MesosQuery);
      const { answer, channels, packets } = answered([part], { targets });
      channels[0].next(told(message(10, 20, series('a', [[20, 3]]))));
      expect(packets.at(-1)?.errors).toEqual([{ refId: 'B', message: 'too busy' }]);
      expect(drawn(packets.at(-1)!.data).a).toHaveLength(2);
      expect(answer).toHaveBeenCalledTimes(1);
      jest.advanceTimersByTime(5 * SECOND);
      expect(answer).toHaveBeenCalledTimes(2);
    });

    it('or whose channel fails or ends is asked for again', () => {
      const { answer, channels, packets } = answered([good]);
      channels[0].error(new Error('not found'));
      expect(packets.at(-1)?.errors).toEqual([{ refId: 'A', message: 'not found' }]);
      jest.advanceTimersByTime(5 * SECOND);
      expect(answer).toHaveBeenCalledTimes(2);
      channels[1].complete();
      jest.advanceTimersByTime(10 * SECOND);
      expect(answer).toHaveBeenCalledTimes(3);
    });

    it('between its answer and the first message is asked for again', () => {
      const { answer, channels } = answered([good]);
      channels[0].next(told(message(10, 20, series('a', [[20, 3]]))));
      expect(answer).toHaveBeenCalledTimes(1);
      const late = answered([good]);
      late.channels[0].next(told(message(11, 20, series('a', [[20, 3]]))));
      expect(late.answer).toHaveBeenCalledTimes(2);
    });
  });

  it('misses nothing while its query fails', () => {
    const { events, answer } = watch();
    events.next(told(message(0, 10)));
    events.next(told({ ...message(0, 20), error: 'too busy' }));
    events.next(told(message(15, 30))); // the one from 0 to 25 did not come
    expect(answer).toHaveBeenCalledTimes(2);
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

describe('lines of logs', () => {
  function lines(...texts: string[]): DataFrame {
    return createDataFrame({
      refId: 'A',
      meta: { type: DataFrameType.LogLines, custom: { live: { path: 'tail/abc', data: {}, append: true } } },
      fields: [
        { name: 'timestamp', type: FieldType.time, values: texts.map(() => NOON), nanos: texts.map((_, i) => i) },
        { name: 'body', type: FieldType.string, values: texts },
        { name: 'id', type: FieldType.string, values: texts.map((text) => `id of ${text.replace(/!$/, '')}`) },
      ],
    });
  }
  const added = (...texts: string[]) =>
    ({ append: true, frames: [dataFrameToJSON(lines(...texts))] }) as unknown as LiveMessage;
  const bodies = ([frame]: DataFrame[]) => frame.fields[1].values;

  it('are added, each once by its id', () => {
    let frames: DataFrame[] = [lines('one', 'two')];
    frames = continued(frames, 'A', added('two', 'three'), 0);
    expect(bodies(frames)).toEqual(['one', 'two', 'three']);
    frames = continued(frames, 'A', added('three!', 'four'), 0);
    expect(bodies(frames)).toEqual(['one', 'two', 'three!', 'four']);
    expect(frames[0].length).toBe(4);
    expect(frames[0].fields[0].nanos).toEqual([0, 0, 0, 1]);
    expect(frames[0].meta?.custom?.live.path).toBe('tail/abc');
  });

  it('are kept up to a bound, the oldest go', () => {
    const many = Array.from({ length: 1000 }, (_, i) => `line ${i}`);
    const frames = continued([lines(...many)], 'A', added('last'), 0);
    expect(frames[0].length).toBe(1000);
    expect(bodies(frames).slice(-1)).toEqual(['last']);
    expect(bodies(frames)[0]).toBe('line 1');
  });

  it('stay where reading fails, and those of other queries do', () => {
    const frames = [lines('one')];
    expect(continued(frames, 'A', { ...added(), error: 'gone' }, 0)).toBe(frames);
    expect(bodies(continued(frames, 'B', added('two'), 0))).toEqual(['one']);
  });
});

it('follows logs where somebody pressed Live in Explore', () => {
  const targets: MesosQuery[] = [
    { refId: 'A', queryType: 'logs', taskId: 't1' },
    { refId: 'B', queryType: 'promql', expr: 'x' },
  ];
  const request = { targets, liveStreaming: true } as unknown as DataQueryRequest<MesosQuery>;
  expect(followed(request).targets).toEqual([{ ...targets[0], live: true }, targets[1]]);
  expect(followed({ ...request, liveStreaming: false }).targets).toBe(targets);
});
