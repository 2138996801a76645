// The editors of a variable and of an annotation: for screen readers, in both themes, and at several widths.
import { expect, type Page } from '@playwright/test';

import { beyondEdge, faultsOf, useTheme } from './axe.ts';
import { picture } from './pictures.ts';
import { test } from './fixtures.ts';

const EDITORS: Array<[part: string, kind: string]> = [
  ['variable-editor', 'Entities'],
  ['variable-editor', 'Label values'],
  ['variable-editor', 'PromQL'],
  ['variable-editor', 'SQL'],
  ['annotation-editor', 'Events'],
  ['annotation-editor', 'PromQL'],
];

const editor = (page: Page, part: string) => page.getByTestId(part);

for (const [part, kind] of EDITORS) {
  test(`every control has a name, can be read and fits: ${part}, ${kind}`, async ({ open }) => {
    const page = await open({ tab: 'editors', refresh: '' });
    for (const theme of ['light', 'dark'] as const) {
      await useTheme(page, theme);
      await editor(page, part).getByRole('radio', { name: kind, exact: true }).check({ force: true });
      await expect(
        editor(page, part).getByRole('textbox').or(editor(page, part).getByRole('combobox')).first()
      ).toBeVisible();
      expect(await faultsOf(page, `[data-testid="${part}"]`), theme).toEqual([]);
      await picture(page, `${part}-${kind.replace(' ', '-')}-${theme}`);
    }
    for (const width of [520, 900, 1400]) {
      await page.setViewportSize({ width, height: 1000 });
      await expect.poll(() => beyondEdge(editor(page, part)), `${width} px`).toEqual([]);
    }
  });
}

const builder = { refId: 'A', queryType: 'metrics', version: 1, entity: 'task', resource: 'cpus', measure: 'used' };

test('a message of a field stands below the row, and moves no other field', { tag: '@smoke' }, async ({ open }) => {
  const page = await open({ refresh: '', queries: [builder] });
  const boxOf = async (name: string) =>
    (await page.getByRole('combobox', { name }).or(page.getByRole('textbox', { name })).boundingBox())!;
  const place = async (name: string) => {
    const [one, entity] = [await boxOf(name), await boxOf('Entity')]; // the page may scroll
    return { x: one.x - entity.x, y: one.y - entity.y };
  };
  const names = ['Group by', 'Aggregate', 'Top', 'Forecast'];
  await expect(page.getByTestId('compiled-promql')).toBeVisible();
  for (const width of [1280, 900, 520]) {
    await page.setViewportSize({ width, height: 1000 });
    const before = await Promise.all(names.map(place));
    const top = page.getByRole('textbox', { name: 'Top' });
    await top.fill('1,5');
    await top.press('Enter');
    const said = page.getByRole('alert').filter({ hasText: '"1,5" is not a whole number' });
    await expect(said).toBeVisible();
    expect(await Promise.all(names.map(place)), `${width} px`).toEqual(before);
    await picture(page, `message-${width}`);
    await top.fill('');
    await top.press('Enter');
    await expect(said).toHaveCount(0);
  }
});

test('what the backend refuses is said once', async ({ open }) => {
  const filters = [{ label: 'framework', operator: '=~', value: '(' }];
  const page = await open({ refresh: '', queries: [{ ...builder, filters }] });
  const said = page.getByTestId('query-editor').getByText('is not a valid regular expression');
  await expect(said).toHaveCount(1);
  await picture(page, 'refused-once');
  await page.getByRole('button', { name: 'Remove filter' }).click();
  await expect(said).toHaveCount(0);
  await expect(page.getByTestId('compiled-promql')).toBeVisible();
});

test('a line of a header that wraps follows the one before, and hints have the width of the page', async ({ open }) => {
  const page = await open({
    refresh: '',
    queries: [{ refId: 'A', queryType: 'promql', version: 1, expr: 'mesos_cluster_tasks_ended_total', range: true }],
  });
  await page.setViewportSize({ width: 520, height: 1000 });
  const hint = page.getByTestId('promql-hint');
  await expect(hint).toBeVisible();
  expect((await hint.boundingBox())!.width).toBeGreaterThan(400);
  const bottomOf = async (name: string) => {
    const { y, height } = (await page.getByRole('radio', { name, exact: true }).locator('..').boundingBox())!;
    return y + height;
  };
  const code = (await page.getByRole('radio', { name: 'Code', exact: true }).locator('..').boundingBox())!;
  const above = Math.max(
    await bottomOf('Topology'),
    ...(await page
      .getByRole('button', { name: 'Kick start your query' })
      .boundingBox()
      .then((box) => (box && box.y + box.height <= code.y ? [box.y + box.height] : [])))
  );
  expect(code.y - above).toBeLessThan(12);
  await picture(page, 'header-520');
});
