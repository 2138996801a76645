// The query editor in the workbench: by keyboard, for screen readers, at several widths, and what it keeps.
import { expect, type Page } from '@playwright/test';

import { beyondEdge, faultsOf } from './axe.ts';
import { test } from './fixtures.ts';

/** A query with every part of the builder. */
const builder = {
  refId: 'A',
  queryType: 'metrics',
  version: 1,
  entity: 'agent',
  resource: 'cpus',
  measure: 'allocated',
  groupBy: ['agent'],
  filters: [{ label: 'agent', operator: '=~', value: '.+' }],
  top: 5,
};

const PAGES: Record<string, { queries: object[]; panel?: string }> = {
  builder: { queries: [builder] },
  'builder of a series': { queries: [{ refId: 'A', queryType: 'metrics', version: 1, metric: 'mesos_up' }] },
  'room for tasks': {
    queries: [
      { ...builder, resource: 'tasks', measure: 'fits', shape: { cpus: 1, memory: '1GiB' }, filters: undefined },
    ],
  },
  'filters of a dashboard': {
    queries: [{ ...builder, adhocFilters: [{ key: 'agent', operator: '=~', value: '.+' }] }],
  },
  table: {
    panel: 'table',
    queries: [{ refId: 'A', queryType: 'table', version: 1, table: 'agents', orderBy: [{ column: 'agent' }] }],
  },
  events: { panel: 'table', queries: [{ refId: 'A', queryType: 'events', version: 1, format: 'count' }] },
  logs: { panel: 'table', queries: [{ refId: 'A', queryType: 'logs', version: 1, file: 'stdout' }] },
  topology: { panel: 'table', queries: [{ refId: 'A', queryType: 'topology', version: 1, groupBy: ['agent'] }] },
};

const editor = (page: Page) => page.getByTestId('query-editor');

for (const [name, state] of Object.entries(PAGES)) {
  test(`every control of the editor has a name and can be read: ${name}`, { tag: '@smoke' }, async ({ open }) => {
    const page = await open({ refresh: '', ...state });
    await expect(editor(page).getByRole('combobox').first()).toBeVisible();
    const options = page.getByText('Options', { exact: true });
    if (await options.isVisible()) {
      await options.click();
    }
    expect(await faultsOf(page)).toEqual([]);
    await page.getByRole('button', { name: 'Light theme' }).click();
    await expect(page.getByRole('button', { name: 'Dark theme' })).toBeVisible();
    expect(await faultsOf(page)).toEqual([]);
  });

  test(`the editor fits into 520 to 1,920 px: ${name}`, async ({ open }) => {
    const page = await open({ refresh: '', ...state });
    await expect(editor(page).getByRole('combobox').first()).toBeVisible();
    for (const width of [520, 900, 1400, 1920]) {
      await page.setViewportSize({ width, height: 1000 });
      await expect.poll(() => beyondEdge(editor(page)), `${width} px`).toEqual([]);
    }
  });
}

test('a label is found by a part of it, with the keyboard alone', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({ refresh: '', queries: [{ ...builder, filters: undefined }] });
  await page.getByRole('button', { name: 'Add filter' }).focus();
  await page.keyboard.press('Enter');
  const label = page.getByRole('combobox', { name: 'Label of the filter' });
  await expect(label).toBeFocused();
  // Grafana's menus lose letters that come without a pause.
  await page.keyboard.type('rack', { delay: 50 });
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(label).toHaveValue('attr_rack');

  await page.getByRole('combobox', { name: 'Group by' }).focus();
  await page.keyboard.type('rack', { delay: 50 });
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('compiled-promql')).toContainText('by (agent, attr_rack)');
});

test('a value is found before its list arrives, with the keyboard alone', async ({ open, page }) => {
  // Slower than anybody types.
  await page.route('**/label-values?**', async (route) => {
    const response = await route.fetch();
    await expect.poll(() => pressed).toBe(true);
    await route.fulfill({ response });
  });
  let pressed = false;
  await open({ refresh: '', queries: [{ ...builder, filters: [{ label: 'agent', operator: '=', value: 'x' }] }] });
  await page.getByRole('combobox', { name: 'Values of agent' }).focus();
  await page.keyboard.type('agent', { delay: 50 });
  await page.keyboard.press('ArrowDown');
  await page.keyboard.press('Enter');
  pressed = true;
  await expect(page.getByTestId('compiled-promql')).toContainText(/agent=~"\(\?:x\|[^"]*agent[^"]+"/);
});

test(
  'Escape brings back what a field held, and a wrong value is marked where it is',
  { tag: '@smoke' },
  async ({ open }) => {
    const page = await open({ refresh: '', queries: [builder] });
    const top = page.getByRole('textbox', { name: 'Top' });
    await top.fill('7');
    await page.keyboard.press('Escape');
    await expect(top).toHaveValue('5');
    await page.keyboard.press('Tab');
    await expect(page.getByTestId('compiled-promql')).toContainText('topk(5');

    await top.fill('500');
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('query-editor').getByRole('alert').filter({ hasText: '500' }).first()).toBeVisible();
    await expect(top).toHaveAttribute('aria-invalid', 'true');
  }
);

test('an own expression is replaced by the builder after a confirmation', async ({ open }) => {
  const page = await open({ refresh: '', queries: [{ refId: 'A', queryType: 'promql', expr: 'count(mesos_up)' }] });
  await page.getByRole('radio', { name: 'Builder' }).click({ force: true });
  const dialog = page.getByRole('dialog');
  await expect(dialog).toContainText('Replace the expression?');
  await page.keyboard.press('Escape');
  await expect(dialog).toHaveCount(0);
  await expect(page.locator('.monaco-editor').first()).toContainText('count(mesos_up)');
});

test('filters of a dashboard are shown, become filters of the query, and are removed', async ({ open }) => {
  const adhocFilters = [
    { key: 'agent', operator: '=~', value: '.+' },
    { key: 'framework', operator: '=', value: 'x' },
  ];
  const page = await open({ refresh: '', queries: [{ ...builder, filters: undefined, adhocFilters }] });
  await page.getByRole('button', { name: 'Make them filters of the query' }).click();
  await expect(page.getByTestId('compiled-promql')).toContainText('agent=~".+"');
  await page.getByRole('button', { name: 'Remove filter framework = x' }).click();
  await expect(page.getByText('Filters from a dashboard')).toHaveCount(0);
});

test('the metrics browser is searched and used by keyboard, and has no serious fault in dark and light', async ({
  open,
}) => {
  const page = await open({ refresh: '', queries: [builder] });
  await page.getByRole('button', { name: 'Light theme' }).click();
  for (const theme of ['light', 'dark']) {
    await page.getByRole('button', { name: 'Metrics browser' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('option').first()).toBeVisible();
    expect(await faultsOf(page, '[role="dialog"]'), theme).toEqual([]);
    await page.keyboard.press('Escape');
    await expect(dialog).toHaveCount(0);
    await expect(page.getByRole('button', { name: 'Metrics browser' })).toBeFocused();
    if (theme === 'light') {
      await page.getByRole('button', { name: 'Dark theme' }).click();
    }
  }

  await page.keyboard.press('Enter');
  const search = page.getByRole('combobox', { name: 'Search in names and help' });
  await expect(search).toBeFocused();
  await page.keyboard.type('agents state');
  const dialog = page.getByRole('dialog');
  await expect(dialog.getByRole('status')).toContainText(/^\d+ of \d+ metrics$/);
  const found = dialog.getByRole('option', { name: /^mesos_cluster_agents\b/ });
  await expect(found).toContainText(/[1-9]$/); // series now
  while ((await found.getAttribute('aria-selected')) !== 'true') {
    await page.keyboard.press('ArrowDown');
  }
  await page.keyboard.press('Enter');
  await expect(dialog).toHaveCount(0);
  await expect(page.getByTestId('compiled-promql')).toContainText(/^mesos_cluster_agents/);
});

test('the metrics browser is as wide as the page has room for', async ({ open }) => {
  const page = await open({ refresh: '', queries: [builder] });
  await page.getByRole('button', { name: 'Metrics browser' }).click();
  for (const width of [520, 900, 1920]) {
    await page.setViewportSize({ width, height: 900 });
    const list = page.getByRole('dialog').getByRole('listbox');
    await expect.poll(async () => ((await list.boundingBox())?.width ?? 0) <= width - 20, `${width} px`).toBe(true);
    expect(await list.evaluate((one) => one.scrollWidth - one.clientWidth)).toBe(0);
  }
});

test('a pattern fills the editor, also of another kind, and asks before it replaces what was written', async ({
  open,
}) => {
  const page = await open({ refresh: '', panel: 'table' });
  const kickStart = page.getByRole('button', { name: 'Kick start your query' });
  await kickStart.click();
  await expect(page.getByRole('dialog').getByRole('button', { name: 'Who fails' })).toBeVisible();
  expect(await faultsOf(page, '[role="dialog"]')).toEqual([]);
  await page.getByRole('button', { name: 'Agents: used beside allocated' }).click();
  await expect(page.getByTestId('compiled-sql')).toContainText('cpus_allocated');
  await expect(page.getByTestId('table').getByRole('row')).toHaveCount(4); // a header, and three agents

  const limit = page.getByRole('textbox', { name: 'Limit' });
  await limit.fill('2');
  await page.keyboard.press('Enter');
  await expect(page.getByTestId('compiled-sql')).toContainText('LIMIT 2');
  await kickStart.click();
  await page.getByRole('button', { name: 'Room for tasks of a shape' }).click();
  await page.getByRole('button', { name: 'Keep it' }).click();
  await expect(page.getByTestId('compiled-sql')).toContainText('LIMIT 2');
  await kickStart.click();
  await page.getByRole('button', { name: 'Room for tasks of a shape' }).click();
  await page.getByRole('button', { name: 'Replace it' }).click();
  await expect(page.getByRole('textbox', { name: 'CPUs of a task' })).toHaveValue('0.5');
});

test('a filter that the answer refuses is marked where it is', async ({ open }) => {
  const filters = [{ label: 'framework', operator: '=~', value: '(' }];
  const page = await open({
    refresh: '',
    panel: 'table',
    queries: [{ refId: 'A', queryType: 'events', version: 1, format: 'table', filters }],
  });
  await expect(editor(page).getByRole('alert').filter({ hasText: '"("' })).toBeVisible();
});

test('values of a filter on events and on a table are of what passes the others', async ({ open }) => {
  const table = { refId: 'A', queryType: 'table', version: 1, table: 'tasks' };
  const one = { label: 'framework', operator: '=', value: 'marathon' };
  const page = await open({
    refresh: '',
    panel: 'table',
    queries: [{ ...table, filters: [one, { label: 'name', operator: '=', value: 'x' }] }],
  });
  await page.getByRole('combobox', { name: 'Values of name' }).click();
  await expect(page.getByRole('option', { name: /^web/ }).first()).toBeVisible();
  await expect(page.getByRole('option', { name: /^burner/ })).toHaveCount(0); // a task of chronos
});
