import { CoreApp, dateTime, FieldType, LoadingState, toDataFrame, type PanelData, type TimeRange } from '@grafana/data';

import type { MesosQuery } from '../types';
import { adviceFor, answerOf } from './advice';
import { type Answer, doesNot } from './panels';

const NOW = new Date('2026-03-01T12:00:00Z');

beforeAll(() => {
  jest.useFakeTimers({ now: NOW });
});
afterAll(() => {
  jest.useRealTimers();
});

function rangeOf(from: string, to: string, end = NOW.valueOf()): TimeRange {
  return { from: dateTime(end - 3_600_000), to: dateTime(end), raw: { from, to } };
}

const TIME = { name: 'time', type: FieldType.time, values: [1, 2] };
const NUMBER = { name: 'value', type: FieldType.number, values: [1, 2] };
const TEXT = { name: 'agent', type: FieldType.string, values: ['a', 'b'] };

function answered(panelPluginId: string | undefined, frames: object[][], range = rangeOf('now-1h', 'now')): PanelData {
  return {
    state: LoadingState.Done,
    timeRange: range,
    series: frames.map((fields) => toDataFrame({ refId: 'A', fields })),
    request: { panelPluginId, range } as PanelData['request'],
  };
}

const base: MesosQuery = { refId: 'A', queryType: 'metrics', version: 1, entity: 'agent', range: true, instant: false };
const QUERIES: Record<Answer, MesosQuery> = {
  series: base,
  numbers: { ...base, range: false, instant: true },
  rows: { refId: 'A', queryType: 'table', table: 'tasks' },
  annotations: { refId: 'A', queryType: 'events' },
  timeline: { refId: 'A', queryType: 'events', format: 'timeline' },
  lines: { refId: 'A', queryType: 'logs', taskId: 'web.1' },
  graph: { refId: 'A', queryType: 'topology' },
};

it.each(Object.entries(QUERIES))('knows the answer of a query: %s', (answer, query) => {
  expect(answerOf(query)).toBe(answer);
});

it.each<[MesosQuery, Answer]>([
  [{ ...base, format: 'table' }, 'rows'],
  [{ ...base, range: true, instant: true }, 'series'],
  [{ refId: 'A', queryType: 'sql', sql: 'SELECT 1' }, 'rows'],
  [{ refId: 'A', queryType: 'sql', sql: 'SELECT 1', format: 'numeric' }, 'numbers'],
  [{ refId: 'A', queryType: 'sql', sql: 'SELECT 1', format: 'time_series' }, 'series'],
  [{ refId: 'A', queryType: 'events', format: 'count' }, 'numbers'],
  [{ refId: 'A', queryType: 'events', format: 'table' }, 'rows'],
  [{ refId: 'A', expr: 'mesos_up', instant: true }, 'numbers'],
])('knows the answer of %j', (query, answer) => {
  expect(answerOf(query)).toBe(answer);
});

const PANELS = ['timeseries', 'state-timeline', 'stat', 'gauge', 'piechart', 'barchart', 'table', 'logs', 'nodeGraph'];

// Every answer in every panel: what is not drawn is said, with the panel that does, or a click that mends it.
it.each(PANELS.flatMap((panel) => Object.keys(QUERIES).map((answer) => [panel, answer as Answer] as const)))(
  '%s, %s',
  (panel, answer) => {
    const [line] = adviceFor(QUERIES[answer], { app: CoreApp.PanelEditor, data: answered(panel, [[NUMBER, TEXT]]) });
    const not = doesNot(panel, answer);
    if (not) {
      expect(line.text).toContain(not);
      expect(line.fix !== undefined || line.text.includes('choose the visualization')).toBe(true);
    } else {
      expect(line?.text ?? '').not.toContain('choose the visualization');
    }
  }
);

it.each<[string, Answer, string]>([
  ['timeseries', 'rows', 'Time series is not made for rows: choose the visualization Table, and run the query again.'],
  ['timeseries', 'numbers', 'Time series needs values over time, and these are single ones'],
  ['stat', 'lines', 'Stat does not show lines of a log: choose the visualization Logs'],
  ['table', 'annotations', 'Table has no place for annotations'],
  ['timeseries', 'graph', 'Time series does not draw nodes: choose the visualization Node graph'],
])('%s, %s: %s', (panel, answer, text) => {
  const [line] = adviceFor(QUERIES[answer], { app: CoreApp.PanelEditor, data: answered(panel, [[NUMBER, TEXT]]) });
  expect(line.text).toContain(text);
});

describe('a click mends', () => {
  const fixOf = (query: MesosQuery, panel: string, fields = [[NUMBER, TEXT]] as object[][]) =>
    adviceFor(query, { app: CoreApp.PanelEditor, data: answered(panel, fields) })[0]?.fix?.query;

  it.each<[string, MesosQuery, string, object[][], object]>([
    ['an instant', QUERIES.numbers, 'timeseries', [[NUMBER]], { range: true, instant: false, format: 'time_series' }],
    [
      'a table of series',
      { ...base, format: 'table' },
      'timeseries',
      [[TIME, NUMBER, TEXT]],
      { format: 'time_series' },
    ],
    ['annotations as a table', QUERIES.annotations, 'table', [], { format: 'table' }],
    ['annotations as numbers', QUERIES.annotations, 'stat', [], { format: 'count' }],
    ['a timeline as a count', QUERIES.timeline, 'gauge', [[TIME, TEXT]], { format: 'count' }],
    ['annotations alone', QUERIES.annotations, 'timeseries', [], { format: 'table' }],
    [
      'several series in a table',
      base,
      'table',
      [
        [TIME, NUMBER],
        [TIME, NUMBER],
      ],
      { format: 'table', instant: true, range: false },
    ],
    ['one series in a table', base, 'table', [[TIME, NUMBER]], { format: 'table', instant: true, range: false }],
    [
      'PromQL in a table',
      { refId: 'A', queryType: 'promql', expr: 'mesos_up' },
      'table',
      [[TIME, NUMBER]],
      { expr: 'mesos_up', format: 'table', instant: true, range: false },
    ],
    ['numbers in a table', QUERIES.numbers, 'table', [[NUMBER, NUMBER]], { format: 'table', instant: true }],
    [
      'SQL with a time',
      { refId: 'A', queryType: 'sql', sql: 'SELECT' },
      'timeseries',
      [[TIME, NUMBER, TEXT]],
      { format: 'time_series' },
    ],
  ])('%s', (_, query, panel, frames, changed) => {
    expect(fixOf(query, panel, frames)).toMatchObject(changed);
  });

  it('nothing where no change of the query makes an answer that the panel draws', () => {
    expect(fixOf(QUERIES.rows, 'timeseries')).toBeUndefined();
    expect(fixOf({ refId: 'A', queryType: 'sql', sql: 'SELECT 1' }, 'timeseries')).toBeUndefined();
  });
});

it.each<[string, MesosQuery, PanelData | undefined, CoreApp?]>([
  ['the panel is not known', QUERIES.rows, answered(undefined, [[NUMBER, TEXT]])],
  ['the panel is of a plugin', QUERIES.rows, answered('other-panel', [[NUMBER, TEXT]])],
  ['the panel has a name of JavaScript', QUERIES.rows, answered('constructor', [[NUMBER, TEXT]])],
  ['there is no answer yet', QUERIES.rows, undefined],
  ['the answer is empty', QUERIES.rows, answered('timeseries', [])],
  ['the rows are a series', { refId: 'A', queryType: 'sql', sql: 'SELECT' }, answered('timeseries', [[TIME, NUMBER]])],
  ['the rows are states', { refId: 'A', queryType: 'sql', sql: 'SELECT' }, answered('state-timeline', [[TIME, TEXT]])],
  ['Explore chooses the panel', QUERIES.rows, answered('timeseries', [[NUMBER, TEXT]]), CoreApp.Explore],
  ['the query is hidden', { ...QUERIES.rows, hide: true }, answered('timeseries', [[NUMBER, TEXT]])],
  ['a table has the latest values', { ...base, format: 'table', instant: true }, answered('table', [[TEXT, NUMBER]])],
  ['a table has one number', QUERIES.numbers, answered('table', [[NUMBER]])],
  ['a table has rows over time', { ...base, format: 'table' }, answered('table', [[TIME, TEXT, NUMBER]])],
  ['annotations are over a graph', QUERIES.annotations, answered('timeseries', [[TIME, NUMBER]])],
])('nothing is said where %s', (_, query, data, app = CoreApp.PanelEditor) => {
  expect(adviceFor(query, { app, data })).toEqual([]);
});

it.each<[MesosQuery, string]>([
  [{ refId: 'A', queryType: 'metrics', metric: '' }, 'Choose a series'],
  [{ refId: 'A', queryType: 'table' }, 'Choose a table'],
  [{ refId: 'A', queryType: 'sql', sql: ' ' }, 'Write a SELECT'],
])('what is to be chosen is said: %j', (query, text) => {
  for (const app of [CoreApp.Explore, CoreApp.PanelEditor]) {
    expect(adviceFor(query, { app })[0].text).toContain(text);
  }
});

describe('a forecast', () => {
  const forecast = { ...base, forecast: '1d' };
  const DAY = 86_400_000;
  it.each<[string, TimeRange, boolean]>([
    ['now-6h to now', rangeOf('now-6h', 'now'), true],
    ['a range of the past', rangeOf('a', 'b', NOW.valueOf() - DAY), true],
    ['now-1d to now+1d', rangeOf('now-1d', 'now+1d', NOW.valueOf() + DAY), false],
    ['a day to its end', rangeOf('now/d', 'now/d', NOW.valueOf() + DAY / 2), false],
    ['a moment that is later', rangeOf('a', 'b', NOW.valueOf() + DAY), false],
  ])('is said not to be seen over %s', (_, range, said) => {
    const lines = adviceFor(forecast, { app: CoreApp.PanelEditor, range });
    expect(lines.some(({ text }) => text.includes('from now-1d to now+1d'))).toBe(said);
  });

  it('is a number where the query is instant, and a rule draws none', () => {
    const range = rangeOf('now-6h', 'now');
    expect(adviceFor({ ...forecast, range: false, instant: true }, { range })).toEqual([]);
    expect(adviceFor(forecast, { app: CoreApp.UnifiedAlerting, range })).toEqual([]);
    // What is no duration is said at its field.
    expect(adviceFor({ ...forecast, forecast: 'abc' }, { range })).toEqual([]);
  });
});

it('a live query says where nothing is added', () => {
  const live = { ...base, live: true };
  expect(adviceFor(live, { range: rangeOf('now-1h', 'now') })).toEqual([]);
  expect(adviceFor(live, { range: rangeOf('now-2h', 'now-1h') })[0].text).toContain('does not end now');
});
