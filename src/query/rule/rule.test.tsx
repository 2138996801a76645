import { CoreApp, dateTime, rangeUtil } from '@grafana/data';
import { render, screen, waitFor } from '@testing-library/react';
import userEvent from '@testing-library/user-event';
import React, { useState } from 'react';

import type { MesosDatasource } from '../../datasource';
import { MesosResources, type Trial } from '../../resources';
import { giveElementsASize } from '../../testing/layout';
import { fakeBackend } from '../../testing/resources';
import { fakeTemplates } from '../../testing/templates';
import { defaultQuery } from '../defaults';
import QueryEditor from '../QueryEditor';
import type { MesosQuery } from '../types';
import { beforeNow } from './useTrial';

jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => fakeTemplates(),
}));
jest.mock('@grafana/ui', () => ({
  ...jest.requireActual('@grafana/ui'),
  CodeEditor: jest.requireActual<typeof import('../../testing/code')>('../../testing/code').FieldForCode,
}));

beforeAll(giveElementsASize);

const numbers = (count: number, range = false): Trial => ({ numbers: count, ...(range && { range }) });

function setUp(
  query: Partial<MesosQuery>,
  rule: (query: MesosQuery) => Trial = () => numbers(3),
  app = CoreApp.UnifiedAlerting,
  compile?: (query: unknown) => unknown
) {
  const backend = fakeBackend({ rule: (asked) => rule(asked as MesosQuery), compile });
  const datasource = { resources: new MesosResources(backend) } as unknown as MesosDatasource;
  const onChange = jest.fn();
  function Host() {
    const [current, setCurrent] = useState<MesosQuery>({ refId: 'A', ...query });
    const [seconds, setSeconds] = useState(600);
    const change = (next: MesosQuery) => {
      onChange(next);
      setCurrent(next);
    };
    // As the form makes it, at each rendering.
    const range = rangeUtil.relativeToTimeRange({ from: seconds, to: 0 });
    return (
      <>
        <QueryEditor {...{ app, datasource, range }} query={current} onChange={change} onRunQuery={jest.fn()} />
        <button onClick={() => setSeconds(60)}>1m</button>
      </>
    );
  }
  render(<Host />);
  return { backend, onChange, user: userEvent.setup() };
}

const instant = { ...defaultQuery(CoreApp.UnifiedAlerting) };
const sql = { queryType: 'sql' as const, version: 1, sql: 'SELECT 1 AS n', range: false, instant: true };

it('a rule’s editor says how many numbers the rule reads now', async () => {
  const { backend } = setUp(instant);
  // The first test loads the editor, and the rule is tried some time after the query is shown: a second may be too short.
  expect(await screen.findByText('Numbers that a rule reads now: 3', {}, { timeout: 5000 })).toBeInTheDocument();
  expect(backend.calls.filter(({ path }) => path === 'rule')).toEqual([
    expect.objectContaining({
      input: {
        query: expect.objectContaining({ entity: 'framework', instant: true }),
        relativeTimeRange: { from: 600, to: 0 },
      },
    }),
  ]);
});

it.each<[string, Partial<MesosQuery>, string]>([
  ['PromQL', { queryType: 'promql', expr: 'a', range: false, instant: true }, 'expr'],
  ['SQL', { ...sql, sql: 'a', format: 'numeric' }, 'sql'],
])('the number is that of the code that is written, before the box is left: %s', async (_, query, key) => {
  const { onChange, user } = setUp(query, (asked) => numbers((asked[key as 'expr'] ?? '').length));
  expect(await screen.findByText('Numbers that a rule reads now: 1')).toBeInTheDocument();
  await user.type(await screen.findByTestId('code', {}, { timeout: 5000 }), 'bc');
  expect(await screen.findByText('Numbers that a rule reads now: 3', {}, { timeout: 5000 })).toBeInTheDocument();
  expect(onChange).not.toHaveBeenCalled();

  await user.tab();
  expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ [key]: 'abc' }));
  expect(screen.getByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
});

it('code that is wrong is told of once, and not as a rule that fails', async () => {
  const wrong = { status: 400, data: { error: 'expr: line 1, column 2: unexpected end of input' } };
  const { user } = setUp(
    { queryType: 'promql', expr: 'a', range: false, instant: true },
    ({ expr }) => (expr === 'a' ? numbers(3) : { error: wrong.data.error, numbers: 0 }),
    CoreApp.UnifiedAlerting,
    (query) => {
      if ((query as MesosQuery).expr !== 'a') {
        throw wrong;
      }
      return { promql: 'a' };
    }
  );
  expect(await screen.findByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
  await user.type(screen.getByTestId('code'), '(');
  expect(await screen.findByText(/unexpected end of input/, {}, { timeout: 5000 })).toBeInTheDocument();
  await user.tab();
  expect(screen.getAllByText(/unexpected end of input/)).toHaveLength(1);
  expect(screen.queryByText(/^Numbers that a rule reads now/)).not.toBeInTheDocument();
});

it('another time range in the form is what the rule is tried with', async () => {
  const { backend, user } = setUp(instant);
  const tried = () => backend.calls.filter(({ path }) => path === 'rule');
  await waitFor(() => expect(tried()).toHaveLength(1));
  await user.click(screen.getByRole('button', { name: '1m' }));
  await waitFor(() => expect(tried()).toHaveLength(2));
  expect(tried()[1].input).toMatchObject({ relativeTimeRange: { from: 60, to: 0 } });
});

it.each<[string, Partial<MesosQuery>, Trial, RegExp]>([
  [
    'two columns of numbers',
    { ...sql, format: 'numeric' },
    { error: 'numeric needs one column', numbers: 0 },
    /needs one/,
  ],
  [
    'a variable',
    { ...instant, filters: [] },
    { error: '$x is a variable: rules have none', numbers: 0 },
    /\$x is a variable/,
  ],
  ['nothing', instant, numbers(0), /no number now/],
])('says before saving what is wrong with %s', async (_, query, trial, text) => {
  setUp(query, () => trial);
  expect(await screen.findByText(text)).toBeInTheDocument();
});

it.each<[string, Partial<MesosQuery>, RegExp]>([
  ['lines of a log', { queryType: 'logs', taskId: 't' }, /Logs, node graphs and lists are no numbers/],
  ['a node graph', { queryType: 'topology' }, /Logs, node graphs and lists are no numbers/],
  ['rows', { queryType: 'table', table: 'tasks' }, /Rows of a table are no numbers/],
])('says that a rule cannot read %s, and does not try it', async (_, query, text) => {
  const { backend } = setUp(query);
  expect(await screen.findByText(text)).toBeInTheDocument();
  expect(backend.calls.filter(({ path }) => path === 'rule')).toEqual([]);
});

it.each<[string, Partial<MesosQuery>, string, Partial<MesosQuery>]>([
  [
    'a panel’s range',
    { ...instant, range: true, instant: false },
    'Read the current value',
    { range: false, instant: true },
  ],
  [
    'events',
    { queryType: 'events', format: 'table', limit: 5 },
    'Count them',
    { format: 'count', limit: undefined, instant: true },
  ],
  ['some of the series', { ...instant, top: 5 }, 'Read all series', { top: undefined, instant: true }],
  ['SQL of a table', { ...sql, format: 'table' }, 'Read it as Number', { format: 'numeric', instant: true }],
  [
    'SQL of a panel',
    { queryType: 'sql', sql: 'SELECT 1 AS n' },
    'Read it as Number',
    { format: 'numeric', instant: true },
  ],
])('makes of %s what a rule reads, by a click', async (_, query, button, changed) => {
  const { onChange, user } = setUp(query);
  await user.click(await screen.findByRole('button', { name: button }));
  expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining(changed));
  expect(await screen.findByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
  expect(screen.queryByRole('button', { name: button })).not.toBeInTheDocument();
});

it('makes of a panel with Top what a rule reads, by two clicks', async () => {
  const { onChange, user } = setUp({ ...instant, top: -5, range: true, instant: false });
  expect(await screen.findByText(/^Top keeps 5, chosen anew in each evaluation/)).toBeInTheDocument();
  await user.click(screen.getByRole('button', { name: 'Read the current value' }));
  await user.click(screen.getByRole('button', { name: 'Read all series' }));
  expect(onChange).toHaveBeenLastCalledWith(expect.objectContaining({ top: undefined, instant: true }));
  expect(screen.queryByRole('button', { name: /^Read/ })).not.toBeInTheDocument();
});

it.each<[string, Partial<MesosQuery>, RegExp]>([
  ['topk', { queryType: 'promql', expr: 'topk(5, mesos_agent_cpus)', instant: true }, /^topk chooses them anew/],
  ['topk by', { queryType: 'promql', expr: 'topk by (a) (5, mesos_up)', instant: true }, /^topk chooses them anew/],
  ['LIMIT', { ...sql, sql: 'SELECT a, n FROM t ORDER BY n LIMIT 5', format: 'numeric' }, /^LIMIT chooses them anew/],
])('says that a rule with %s reads a part of the series', async (_, query, text) => {
  setUp(query);
  expect(await screen.findByText(text)).toBeInTheDocument();
  expect(await screen.findByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
});

it.each<[string, Partial<MesosQuery>]>([
  ['a text', { queryType: 'promql', expr: 'count(mesos_up{cluster="topk(5"})', instant: true }],
  ['a text of SQL', { ...sql, sql: "SELECT count(*) AS n FROM tasks WHERE name = 'limit 5'", format: 'numeric' }],
  ['no Top', instant],
])('says nothing of a part where it is %s', async (_, query) => {
  setUp(query);
  expect(await screen.findByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
  expect(screen.queryByText('The rule reads a part of the series')).not.toBeInTheDocument();
});

it('says what SQL over time needs', async () => {
  setUp({ ...sql, format: 'time_series' }, () => numbers(2, true));
  expect(await screen.findByText(/An alert rule needs a Reduce, which/)).toBeInTheDocument();
  expect(await screen.findByText('Series that a rule reads now: 2')).toBeInTheDocument();
});

it('offers a rule no builder of rows', async () => {
  setUp({ ...sql, format: 'numeric' });
  expect(await screen.findByText('Numbers that a rule reads now: 3')).toBeInTheDocument();
  expect(screen.queryByLabelText('Builder')).not.toBeInTheDocument();
});

it('is not in panels', async () => {
  const { backend } = setUp({ ...instant, instant: false, range: true }, undefined, CoreApp.PanelEditor);
  await waitFor(() => expect(backend.calls.some(({ path }) => path === 'compile')).toBe(true));
  expect(screen.queryByTestId('rule-notice')).not.toBeInTheDocument();
});

it.each([
  [0, 0],
  [2000, 0], // the page was slow
  [60_000, 60],
])('a range that ends %d ms before it is drawn ends %d s before now', (since, to) => {
  const end = Date.now() - since;
  const range = { from: dateTime(end - 600_000), to: dateTime(end) };
  expect(beforeNow({ ...range, raw: range })).toEqual({ from: 600 + to, to });
});
