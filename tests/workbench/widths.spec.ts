// Menus with many and long values, at the widths of a narrow panel, half a screen and a small one.
import { expect } from '@playwright/test';

import { beyondEdge, useTheme } from './axe.ts';
import { test } from './fixtures.ts';
import { picture } from './pictures.ts';

const builder = { refId: 'A', queryType: 'metrics', version: 1, entity: 'task', resource: 'cpus', measure: 'used' };

const ofQuery = (query: object, panel?: string) => ({ ...(panel && { panel }), queries: [{ ...builder, ...query }] });

const LONG = Array.from({ length: 12 }, (_, i) => `a-long-name-of-a-framework-${i}.with.a.domain.example.com`);
const LONGEST = 'x'.repeat(150);

/** Queries with many and long values in every menu that holds some. */
const WIDE: Record<string, Record<string, unknown>> = {
  builder: ofQuery({
    filters: [
      { label: 'framework', operator: '=', value: LONG },
      { label: 'attr_a_very_long_name_of_an_attribute_of_agents', operator: '=~', value: LONGEST },
      { label: 'agent', operator: '=', value: ['a', 'b'] },
    ],
    groupBy: ['framework', 'agent', 'attr_a_very_long_name_of_an_attribute_of_agents', 'principal', 'role', 'task_id'],
  }),
  'filters of a dashboard': ofQuery({
    adhocFilters: [
      { key: 'framework', operator: '=|', values: LONG },
      { key: 'agent', operator: '=~', value: LONGEST },
    ],
  }),
  table: ofQuery(
    {
      queryType: 'table',
      table: 'tasks',
      columns: [
        'name',
        'framework',
        'agent',
        'state',
        'cpus',
        'memory_bytes',
        'disk_bytes',
        'started',
        'staged',
        'task_id',
      ],
      filters: [{ label: 'framework', operator: '=', value: LONG }],
      orderBy: [{ column: LONGEST }, { column: 'name' }],
    },
    'table'
  ),
  events: ofQuery(
    {
      queryType: 'events',
      format: 'count',
      kinds: ['agent', 'framework', 'task', 'collection', 'leader', 'maintenance'],
      filters: [{ label: 'framework', operator: '=', value: LONG }],
      groupBy: ['framework', 'agent', 'kind', 'role', 'reason', 'state'],
    },
    'table'
  ),
  logs: ofQuery({ queryType: 'logs', taskId: LONGEST, frameworkId: 'f', file: `${LONGEST}.log` }, 'table'),
  topology: ofQuery(
    { queryType: 'topology', groupBy: ['role', 'framework', 'agent', 'attr_rack_with_a_long_name'] },
    'table'
  ),
};

for (const [name, parameters] of Object.entries(WIDE)) {
  test(`many and long values fit into the page: ${name}`, async ({ open }) => {
    for (const [lang, theme] of [
      ['en-US', 'light'],
      ['zh-Hans', 'dark'],
    ] as const) {
      const page = await open({ refresh: '', lang, ...parameters });
      await useTheme(page, theme);
      const editor = page.getByTestId('query-editor');
      for (const width of [520, 900, 1280]) {
        await page.setViewportSize({ width, height: 1000 });
        await expect(editor.getByRole('combobox').first()).toBeVisible();
        await expect.poll(() => beyondEdge(editor), `${lang}, ${width} px`).toEqual([]);
        await picture(page, `wide-${name.replaceAll(' ', '-')}-${lang}-${width}`);
      }
    }
  });
}

test('a panel’s editor of 220 px has all controls within its width', async ({ open }) => {
  const filters = [{ label: 'framework', operator: '=', value: 'a' }];
  for (const query of [
    { filters },
    { queryType: 'table', table: 'tasks', columns: ['name'], orderBy: [{ column: 'name' }] },
    { queryType: 'events', format: 'count', filters },
    { queryType: 'logs', taskId: 'x' },
    { queryType: 'topology', groupBy: ['role', 'framework'], filters },
  ]) {
    const page = await open({ refresh: '', ...ofQuery(query, 'table') });
    await page.setViewportSize({ width: 900, height: 1000 });
    const editor = page.getByTestId('query-editor');
    await expect(editor.getByRole('combobox').first()).toBeVisible();
    await editor.evaluate((element) => {
      element.style.width = '220px';
    });
    const name = query.queryType ?? 'metrics';
    await expect.poll(() => beyondEdge(editor), name).toEqual([]);
    await picture(page, `narrow-${name}`);
  }
});

test('the workbench’s own header and tabs fit into the page', async ({ open }) => {
  for (const tab of ['query', 'dashboard', 'editors', 'settings']) {
    const page = await open({ refresh: '', tab });
    await page.setViewportSize({ width: 1280, height: 1000 });
    const beyond = () =>
      page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
    if (tab === 'dashboard') {
      await expect(page.getByRole('button', { name: /^Auto refresh/ })).toBeVisible();
    }
    await expect.poll(beyond, `${tab}: wider than the page`).toBe(0);
    for (const width of [520, 1280]) {
      await page.setViewportSize({ width, height: 1000 });
      for (const part of [page.locator('header').first(), page.getByRole('tablist').first()]) {
        await expect.poll(() => beyondEdge(part), `${tab}, ${width} px`).toEqual([]);
      }
    }
  }
});

test('the values of a filter are read where there is no room for them', async ({ open }) => {
  const page = await open({ refresh: '', ...WIDE.builder });
  await page.setViewportSize({ width: 900, height: 1000 });
  const values = page.getByRole('combobox', { name: 'Values of framework' });
  await expect(page.locator('[title]').filter({ has: values }).last()).toHaveAttribute('title', LONG.join(', '));
  await values.click();
  await expect.poll(() => beyondEdge(page.getByTestId('query-editor'))).toEqual([]);
  await expect(page.getByRole('button', { name: `Remove ${LONG[11]}` })).toBeVisible();
});
