// The editor in the form of a rule: what the rule would read, for every type of query
// that answers numbers, and what cannot work.
import { expect, type Page } from '@playwright/test';

import { faultsOf } from './axe.ts';
import { test } from './fixtures.ts';

const instant = { refId: 'A', version: 1, range: false, instant: true };

const NUMBERS: Record<string, object> = {
  'a measure': { ...instant, queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' },
  'room for tasks': {
    ...{ ...instant, queryType: 'metrics', entity: 'agent', resource: 'tasks', measure: 'fits' },
    shape: { cpus: 0.1, memory: '32MiB' },
  },
  'a series': { ...instant, queryType: 'metrics', metric: 'mesos_up' },
  PromQL: { ...instant, queryType: 'promql', expr: 'sum by (agent) (mesos_agent_cpus_capacity)' },
  SQL: {
    ...instant,
    queryType: 'sql',
    format: 'numeric',
    sql: 'SELECT state, count(*) AS n FROM tasks GROUP BY state',
  },
};

const editor = (page: Page) => page.getByTestId('query-editor');

for (const [name, query] of Object.entries(NUMBERS)) {
  test(`a rule says how many numbers it reads: ${name}`, async ({ open }) => {
    const page = await open({ refresh: '', app: 'unified-alerting', queries: [query] });
    await expect(editor(page).getByText(/^Numbers that a rule reads now: [1-9]\d*$/)).toBeVisible();
    expect(await faultsOf(page)).toEqual([]);
  });
}

const WRONG: Record<string, [query: object, text: RegExp]> = {
  'a variable': [
    { ...NUMBERS['a measure'], filters: [{ label: 'framework', operator: '=', value: '$framework' }] },
    /\$framework.*rules have no variables/,
  ],
  'two columns of numbers': [
    { ...NUMBERS.SQL, sql: 'SELECT state, count(*) AS n, sum(cpus) AS cpus FROM tasks GROUP BY state' },
    /one column of numbers, and there are n and cpus/,
  ],
  'a log': [{ refId: 'A', queryType: 'logs', version: 1, taskId: 'x' }, /Logs, node graphs and lists are no numbers/],
  'a node graph': [{ refId: 'A', queryType: 'topology', version: 1 }, /Logs, node graphs and lists are no numbers/],
  rows: [{ refId: 'A', queryType: 'table', version: 1, table: 'tasks' }, /Rows of a table are no numbers/],
  'events of before the log of them began': [
    { ...instant, queryType: 'events', format: 'count', kinds: ['task'] },
    /the number of events is not known: the time range begins at .* Shorten the time range, or wait/,
  ],
  nothing: [{ ...NUMBERS.PromQL, expr: 'mesos_up == 7' }, /no number now/],
};

for (const [name, [query, text]] of Object.entries(WRONG)) {
  test(`a rule says before it is saved what cannot work: ${name}`, async ({ open }) => {
    const page = await open({ refresh: '', app: 'unified-alerting', queries: [query] });
    const notice = editor(page).getByTestId('rule-notice');
    await expect(notice).toContainText(text);
    await expect(notice.getByRole('alert').or(notice.getByRole('status')).first()).toBeVisible();
    expect(await faultsOf(page)).toEqual([]);
  });
}

test('what a panel asks becomes what a rule reads, by keyboard', async ({ open }) => {
  const page = await open({
    refresh: '',
    app: 'unified-alerting',
    queries: [{ ...NUMBERS['a measure'], range: true, instant: false }],
  });
  const notice = editor(page).getByTestId('rule-notice');
  await expect(notice).toContainText('The rule reads a range');
  await notice.getByRole('button', { name: 'Read the current value' }).focus();
  await page.keyboard.press('Enter');
  await expect(notice).toHaveText(/^Numbers that a rule reads now: \d+$/);
  await expect(editor(page).getByText('Type: Instant')).toBeVisible();
});
