// The code editor in the workbench: what it completes, says, underlines, fixes and explains.
import { expect, type Page } from '@playwright/test';

import { faultsOf, useTheme } from './axe.ts';
import { test } from './fixtures.ts';
import { picture } from './pictures.ts';

const code = (expr: string, more: object = {}) => ({
  refId: 'A',
  queryType: 'promql',
  version: 1,
  expr,
  range: true,
  ...more,
});
const editor = (page: Page) => page.getByTestId('query-editor');
const box = (page: Page) => page.locator('.monaco-editor').first();
const text = async (page: Page) =>
  (await box(page).locator('.view-lines').innerText()).replace(/\u00a0/g, ' ').replace(/\u200b/g, '');
const suggestions = (page: Page) => page.locator('.suggest-widget.visible .monaco-list-row');

/** Puts the cursor at the end of the text. */
async function goToEnd(page: Page) {
  await box(page).locator('.view-lines').click();
  await page.keyboard.press('Control+End');
}

test('aggregations, keywords, labels and values are completed by keyboard', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('mesos_up')] });
  await goToEnd(page);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('topk', { delay: 40 });
  await expect(suggestions(page).filter({ hasText: 'topk' }).first()).toBeVisible();
  await picture(page, 'complete-aggregation', false);
  await page.keyboard.press('Enter');
  await page.keyboard.type('3, mesos_up{', { delay: 40 });
  await expect(suggestions(page).filter({ hasText: 'poll' }).first()).toBeVisible();
  await page.keyboard.type('pol', { delay: 40 });
  await expect(suggestions(page)).toHaveCount(1);
  await page.keyboard.press('Enter');
  // The values come by themselves.
  await expect(suggestions(page).filter({ hasText: 'snapshot' }).first()).toBeVisible();
  await page.keyboard.type('snap', { delay: 40 });
  await expect(suggestions(page)).toHaveCount(1);
  await page.keyboard.press('Enter');
  await expect.poll(() => text(page)).toBe('topk(3, mesos_up{poll="snapshot"})');
  await page.keyboard.press('Control+End');
  await page.keyboard.type(' un', { delay: 40 });
  await expect(suggestions(page).filter({ hasText: 'unless' }).first()).toBeVisible();
});

test('Tab leaves the box, and Shift+Enter runs the query of the row it is pressed in', async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('mesos_up')] });
  await goToEnd(page);
  await page.keyboard.press('Tab');
  await expect(page.getByRole('button', { name: 'Metrics browser' })).toBeFocused();
  await page.keyboard.press('Shift+Tab');
  await expect(box(page).locator('textarea')).toBeFocused();
  await page.keyboard.press('Control+A');
  await page.keyboard.type('vector(42)');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+Enter');
  await expect(page.getByTestId('legend-row').first()).toHaveAttribute('data-value', '42');
});

for (const { where, expr, keys, action, result } of [
  { where: 'an empty box', expr: '', keys: [], action: 'Insert at cursor', result: 'mesos_cluster_agents' },
  {
    where: 'a place for a series',
    expr: 'sum by (state) ()',
    keys: ['End', 'ArrowLeft'],
    action: 'Insert at cursor',
    result: 'sum by (state) (mesos_cluster_agents)',
  },
  {
    where: 'a name',
    expr: 'sum(rate(mesos_up{poll="state"}[5m]))',
    keys: ['Home', ...Array<string>(12).fill('ArrowRight')],
    action: 'Replace mesos_up',
    result: 'sum(rate(mesos_cluster_agents{poll="state"}[5m]))',
  },
  {
    where: 'a text',
    expr: 'mesos_up{poll="state"}',
    keys: ['End', 'ArrowLeft', 'ArrowLeft', 'ArrowLeft'],
    action: 'Replace expression',
    result: 'mesos_cluster_agents',
  },
  {
    where: 'a list of groups',
    expr: 'sum by (',
    keys: ['End'],
    action: 'Replace expression',
    result: 'mesos_cluster_agents',
  },
]) {
  test(`the metrics browser says what it does with a series, and one undo takes it back: ${where}`, async ({
    open,
  }) => {
    const page = await open({ refresh: '', queries: [code(expr)] });
    await box(page).locator('.view-lines').click();
    for (const key of keys) {
      await page.keyboard.press(key);
    }
    await page.getByRole('button', { name: 'Metrics browser' }).click();
    const dialog = page.getByRole('dialog');
    await expect(dialog.getByRole('combobox').first()).toBeFocused();
    await page.keyboard.type('mesos_cluster_agents');
    const found = dialog.getByRole('option', { name: /^mesos_cluster_agents\b/ });
    while ((await found.getAttribute('aria-selected')) !== 'true') {
      await page.keyboard.press('ArrowDown');
    }
    await expect(dialog.getByText(`A click or Enter: ${action}`)).toBeVisible();
    await expect(found).toContainText(action);
    await picture(page, `browser-${where.replaceAll(' ', '-')}`, false);
    await page.keyboard.press('Enter');
    await expect(dialog).toHaveCount(0);
    await expect.poll(() => text(page)).toBe(result);
    await page.keyboard.press('Control+z');
    await expect.poll(() => text(page)).toBe(expr);
  });
}

test('the word under the pointer is explained', async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('rate(mesos_up[5m])')] });
  await box(page).getByText('mesos_up', { exact: true }).hover();
  const hover = page.locator('.monaco-hover').filter({ visible: true });
  await expect(hover).toContainText('gauge, bool');
  await expect(hover).toContainText('poll');
  await picture(page, 'hover', false);
});

test('an error is underlined where it is, also after a variable, and told in words', async ({ open }) => {
  const page = await open({
    refresh: '',
    queries: [code('sum(rate(mesos_up[$__rate_interval]))\n  + summ(mesos_up)')],
  });
  const problem = editor(page).getByTestId('code-problem');
  await expect(problem).toContainText('Line 2, column 5: unknown function with name "summ"');
  await expect(box(page).locator('.squiggly-error')).toHaveCount(1);
  await picture(page, 'error');
  await goToEnd(page);
  await page.keyboard.press('Control+A');
  await page.keyboard.type('mesos_up');
  await expect(problem).toHaveCount(0);
  await expect(box(page).locator('.squiggly-error')).toHaveCount(0);
});

test('an error in SQL is underlined where it is, before it runs', async ({ open }) => {
  const sql = 'SELECT name,\n  nam\nFROM tasks';
  const page = await open({
    refresh: '',
    panel: 'table',
    queries: [{ refId: 'A', queryType: 'sql', version: 1, sql }],
  });
  await expect(editor(page).getByTestId('code-problem')).toContainText(
    'Line 2, column 3: Unknown column "nam". Did you mean "name"?'
  );
  await expect(box(page).locator('.squiggly-error')).toHaveCount(1);
  await picture(page, 'error-sql');
});

test('a column is completed before those whose names go on from its', async ({ open }) => {
  const page = await open({
    refresh: '',
    panel: 'table',
    queries: [{ refId: 'A', queryType: 'sql', version: 1, sql: 'SELECT  FROM tasks' }],
  });
  await box(page).locator('.view-lines').click();
  await page.keyboard.press('Home');
  for (let i = 0; i < 'SELECT '.length; i++) {
    await page.keyboard.press('ArrowRight');
  }
  await page.keyboard.type('fra', { delay: 40 });
  await expect(suggestions(page).first()).toContainText(/^framework(?!_)/);
  await picture(page, 'complete-sql', false);
});

test('a counter without rate is fixed by a click', async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('mesos_cluster_tasks_ended_total')] });
  const hint = editor(page).getByTestId('promql-hint');
  await expect(hint).toContainText('is a counter');
  await picture(page, 'hint');
  await hint.getByRole('button', { name: 'Add rate' }).click();
  await expect.poll(() => text(page)).toBe('rate(mesos_cluster_tasks_ended_total[$__rate_interval])');
  await expect(hint).toHaveCount(0);
});

for (const theme of ['dark', 'light']) {
  test(`an expression is explained in words, and the switch stays (${theme})`, async ({ open }) => {
    const expr =
      'topk(3, sum by (agent) (mesos_agent_cpus_allocated{agent=~".+"})) / on (agent) mesos_agent_cpus_capacity > 0.1';
    const page = await open({ refresh: '', queries: [code(expr)] });
    await page.evaluate((value) => localStorage.setItem('workbench.theme', value), theme);
    await page.reload();
    // By key: the page moves while its answer arrives.
    await editor(page).getByLabel('Explain').press('Space');
    const steps = editor(page).getByRole('list', { name: 'What the expression does' });
    await expect(steps).toContainText('The 3 largest series of ②, at each moment.');
    await expect(steps).toContainText('Series are paired by agent.');
    await steps.scrollIntoViewIfNeeded();
    await picture(page, `explain-${theme}`);
    expect(await faultsOf(page)).toEqual([]);
    await page.reload();
    await expect(steps).toBeVisible();
  });
}

test('the box is as high as its lines, up to a bound', async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('mesos_up')] });
  const height = async () => (await box(page).boundingBox())?.height ?? 0;
  await goToEnd(page);
  const one = await height();
  // The keyboard's Enter would choose a completion.
  await page.keyboard.insertText(' or mesos_up\n'.repeat(5));
  await expect.poll(height).toBeGreaterThan(one + 2 * 18);
  const long = await open({ refresh: '', queries: [code(Array(60).fill('mesos_up').join(' or\n'))] });
  await expect(box(long)).toBeVisible();
  await expect.poll(height).toBeGreaterThan(300);
  expect(await height()).toBeLessThan(400);
});

test('what is typed after Custom was chosen as legend is the legend', async ({ open }) => {
  const page = await open({ refresh: '', queries: [code('mesos_up')] });
  await editor(page)
    .getByRole('button', { name: /^Options/ })
    .click();
  await editor(page).getByRole('combobox', { name: 'Legend', exact: true }).click();
  await page.getByRole('option', { name: /^Custom/ }).click();
  await expect(editor(page).getByRole('combobox', { name: 'Legend format' })).toBeFocused();
  await page.keyboard.type('by poll');
  await page.keyboard.press('Enter');
  await expect(editor(page).getByRole('combobox', { name: 'Legend format' })).toHaveValue('by poll');
});

for (const theme of ['dark', 'light'] as const) {
  test(`the legend's format completes the labels that the result has (${theme})`, async ({ open }) => {
    const expr = 'sum by (agent, agent_id) (mesos_agent_cpus_allocated)';
    const page = await open({ queries: [code(expr, { legendFormat: 'on ' })] });
    await page.setViewportSize({ width: 1400, height: 1300 });
    await useTheme(page, theme);
    await expect(page.getByTestId('legend-row').first()).toBeVisible();
    await editor(page)
      .getByRole('button', { name: /^Options/ })
      .click();
    const format = editor(page).getByRole('combobox', { name: 'Legend format' });
    await format.focus();
    await page.keyboard.press('End');
    await page.keyboard.type('{{');
    const labels = editor(page).getByRole('listbox', { name: 'Labels of the result' });
    await expect(labels.getByRole('option')).toHaveText(['agent', 'agent_id']);
    // Nothing lies over the last one, and nothing hides it.
    const isSeen = (one: Element) => {
      const { x, y, width, height } = one.getBoundingClientRect();
      return one.contains(document.elementFromPoint(x + width / 2, y + height / 2));
    };
    await expect.poll(() => labels.getByRole('option').last().evaluate(isSeen)).toBe(true);
    await picture(page, `legend-${theme}`, false);
    expect(await faultsOf(page)).toEqual([]);
    await page.keyboard.type('_id');
    await expect(labels.getByRole('option')).toHaveText(['agent_id']);
    await page.keyboard.press('Enter');
    await expect(format).toHaveValue('on {{agent_id}}');
    await expect(labels).toHaveCount(0);
    await page.keyboard.press('Enter');
    await expect(page.getByTestId('legend-row').first()).toHaveAttribute('data-name', /^on (?!\{)/);
  });
}

test('two rows of code complete, underline and keep their own text', async ({ open }) => {
  const page = await open({
    refresh: '',
    queries: [code('mesos_up'), code('mesos_cluster_agents', { refId: 'B' })],
  });
  const row = (refId: string) => page.getByTestId(`query-${refId}`);
  const boxOf = (refId: string) => row(refId).locator('.monaco-editor').first();
  const textOf = async (refId: string) =>
    (await boxOf(refId).locator('.view-lines').innerText()).replace(/\u00a0/g, ' ').replace(/\u200b/g, '');
  const write = async (refId: string, text: string) => {
    await boxOf(refId).locator('.view-lines').click();
    await page.keyboard.press('Control+A');
    await page.keyboard.type(text, { delay: 40 });
  };

  // A draft of the first row stays while the second one is written.
  await write('A', 'summ(mesos_up)');
  await write('B', 'mesos_cluster_agents{');
  await expect(suggestions(page).filter({ hasText: 'state' }).first()).toBeVisible();
  await expect(suggestions(page).filter({ hasText: 'poll' })).toHaveCount(0); // a label of the first row's series
  await page.keyboard.press('Escape');
  await expect(row('A').getByTestId('code-problem')).toContainText('unknown function with name "summ"');
  await expect(boxOf('A').locator('.squiggly-error')).toHaveCount(1);
  expect(await textOf('A')).toBe('summ(mesos_up)');

  await write('B', 'vector(7)');
  await page.keyboard.press('Escape');
  await expect(row('B').getByTestId('code-problem')).toHaveCount(0);
  await expect(boxOf('B').locator('.squiggly-error')).toHaveCount(0);
  await expect(row('A').getByTestId('code-problem')).toContainText('summ');
  await picture(page, 'two-rows');

  // Shift+Enter runs the row it is pressed in, and does not store the other's draft over it.
  await write('A', 'vector(42)');
  await page.keyboard.press('Escape');
  await page.keyboard.press('Shift+Enter');
  const values = () =>
    page.getByTestId('legend-row').evaluateAll((rows) => rows.map((one) => one.getAttribute('data-value')).sort());
  await expect.poll(values).toEqual(['42', '7']);
  expect([await textOf('A'), await textOf('B')]).toEqual(['vector(42)', 'vector(7)']);
});

for (const theme of ['dark', 'light'] as const) {
  test(`hints can be read (${theme})`, async ({ open }) => {
    const page = await open({ refresh: '', queries: [code('rate(mesos_up[5m])')] });
    await useTheme(page, theme);
    await expect(editor(page).getByTestId('promql-hint')).toContainText('is a gauge');
    await expect(box(page)).toContainText('mesos_up');
    await picture(page, `hint-${theme}`);
    expect(await faultsOf(page)).toEqual([]);
  });
}
