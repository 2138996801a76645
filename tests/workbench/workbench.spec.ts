// The plugin in the workbench: editor, graph, PromQL, errors, settings.
import { expect } from '@playwright/test';

import { cpusByFramework } from '../../tools/simulator/expected.ts';
import { legendOf, test } from './fixtures.ts';

/** The rows a graph of CPUs per framework must have now. */
async function expectedRows(master: string) {
  return Object.entries(await cpusByFramework(master))
    .map(([name, value]) => ({ name, value: expect.closeTo(value, 6), unit: 'suffix: CPUs' }))
    .sort((a, b) => a.name.localeCompare(b.name));
}

test(
  'opens with the editor, and the graph shows CPU allocated per framework as the master has it',
  { tag: '@smoke' },
  async ({ open, replay }) => {
    const page = await open();
    await expect(page.getByTestId('query-editor').getByRole('combobox').first()).toHaveValue('Framework');
    await expect(page.getByTestId('compiled-promql')).toContainText('mesos_framework_cpus_allocated');
    const expected = await expectedRows(replay.masters[0]);
    expect(expected.length).toBeGreaterThan(0);
    await expect.poll(() => legendOf(page), { timeout: 30_000 }).toEqual(expected);
    await expect(page.getByTestId('graph').locator('canvas')).toBeVisible();
    await expect(page.getByTestId('error')).toHaveCount(0);
  }
);

test('the builder offers measures and label values from the backend', { tag: '@smoke' }, async ({ open }) => {
  const page = await open();
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByTestId('filter-label').getByRole('combobox').click();
  await page.getByRole('option', { name: 'framework', exact: true }).click();
  await page.getByTestId('filter-values').getByRole('combobox').click();
  const options = page.getByRole('option');
  await expect(options.first()).toBeVisible();
  const chosen = (await options.first().innerText()).trim();
  await options.first().click();
  await page.keyboard.press('Escape');
  await expect.poll(async () => (await legendOf(page)).map((row) => row.name)).toEqual([chosen]);
});

test(
  'switching to code keeps the query as PromQL, and an own expression runs',
  { tag: '@smoke' },
  async ({ open, replay }) => {
    const page = await open();
    await expect(page.getByTestId('legend-row').first()).toBeVisible();
    await expect(page.getByTestId('compiled-promql')).toBeVisible();
    await page.getByRole('radio', { name: 'Code' }).check({ force: true });
    const editor = page.locator('.monaco-editor').first();
    await expect(editor).toContainText('mesos_framework_cpus_allocated');
    await editor.click();
    await page.keyboard.press('ControlOrMeta+A');
    await page.keyboard.insertText('count(mesos_agent_cpus_capacity)');
    await page.keyboard.press('Shift+Enter');
    const { slaves } = (await (await fetch(`${replay.masters[0]}/state`)).json()) as { slaves: unknown[] };
    await expect.poll(async () => (await legendOf(page)).map((row) => row.value)).toEqual([slaves.length]);
  }
);

test('wrong PromQL shows what is wrong', async ({ open }) => {
  const page = await open({ queries: [{ refId: 'A', queryType: 'promql', expr: 'sum by (framework (' }] });
  await expect(page.getByTestId('error')).toContainText(/parse error|unexpected/);
  await expect(page.getByTestId('error')).toContainText('Query A');
});

test('a master that cannot be reached is named in the panel', async ({ open }) => {
  const page = await open({ ds: 'nobody' });
  await expect(page.getByTestId('error')).toContainText('127.0.0.1:1');
});

test('stat and table show the same numbers; other panel types are shown as a table with a notice', async ({ open }) => {
  const page = await open();
  await expect(page.getByTestId('legend-row').first()).toBeVisible();
  const rows = await legendOf(page);
  await page.getByRole('radio', { name: 'Stat' }).check({ force: true });
  const values = page.getByTestId('stat-value');
  await expect(values).toHaveCount(rows.length);
  const stats = await values.evaluateAll((all) =>
    all.map((one) => [one.getAttribute('data-name'), Number(one.getAttribute('data-value'))])
  );
  expect(stats.sort()).toEqual(rows.map((row) => [row.name, row.value]).sort());
  await page.getByRole('radio', { name: 'Table', exact: true }).check({ force: true });
  await expect(page.getByTestId('table').getByRole('row').first()).toBeVisible();
  await expect(page.getByTestId('as-table')).toHaveCount(0);
  await page.getByRole('radio', { name: 'Other' }).check({ force: true });
  await expect(page.getByTestId('as-table')).toContainText('Shown as a table');
});

test('the inspector shows the executed query and the frames', async ({ open }) => {
  const page = await open();
  await expect(page.getByTestId('legend-row').first()).toBeVisible();
  await page.getByRole('button', { name: 'Inspector' }).click();
  await expect(page.getByTestId('inspector-executed')).toContainText('A: sum by (framework)');
  await page.getByRole('radio', { name: 'Frames (JSON)' }).check({ force: true });
  await expect(page.getByTestId('inspector-frames')).toContainText('"timeseries-multi"');
});

test(
  'Save & test shows what was found, and the cause when nothing was',
  { tag: '@smoke' },
  async ({ open, replay }) => {
    const page = await open({ tab: 'settings' });
    const masters = page.getByRole('textbox', { name: 'Master 1' });
    await expect(masters).toHaveValue(replay.masters[0]);
    await page.getByTestId('save-and-test').click();
    await expect(page.getByTestId('test-result')).toHaveAttribute('data-status', 'success');
    await expect(page.getByTestId('test-result')).toContainText(/agents/i);

    await masters.fill('http://127.0.0.1:1');
    await page.getByTestId('save-and-test').click();
    await expect(page.getByTestId('test-result')).toHaveAttribute('data-status', 'error');
    await expect(page.getByTestId('test-result')).toContainText('127.0.0.1:1');

    await masters.fill(replay.masters[0]);
    await page.getByTestId('save-and-test').click();
    await expect(page.getByTestId('test-result')).toHaveAttribute('data-status', 'success');
  }
);
