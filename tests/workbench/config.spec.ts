// The settings page in the workbench, with the real backend: what is wrong is said as the backend sees it, by keyboard, for
// screen readers, in both themes and at several widths.
import { expect, type Page } from '@playwright/test';

import { beyondEdge, faultsOf } from './axe.ts';
import { test } from './fixtures.ts';
import { picture } from './pictures.ts';

const form = (page: Page) => page.getByTestId('config-editor');

async function unfoldAll(page: Page) {
  const folded = page.getByRole('button', { name: /^Expand section/ });
  while ((await folded.count()) > 0) {
    await folded.first().click();
  }
}

test(
  'a value is checked as the backend checks it when its field is left, and not before',
  { tag: '@smoke' },
  async ({ open }) => {
    const page = await open({ tab: 'settings' });
    await page.getByRole('button', { name: 'Expand section Agents' }).click();
    const hosts = page.getByRole('textbox', { name: /^Agent hosts/ });
    await hosts.fill('([bad');
    await expect(hosts).toHaveAttribute('aria-invalid', 'false');
    await page.keyboard.press('Tab');
    await expect(form(page).getByRole('alert')).toContainText('"([bad" is not a regular expression');
    await expect(hosts).toHaveAttribute('aria-invalid', 'true');
    await expect(page.getByRole('textbox', { name: /^Agent user/ })).toBeFocused();

    const checked = page.waitForResponse('**/resources/check');
    await hosts.fill(String.raw`(?i)\pL+-(?P<number>\d+)`); // Go's, and not JavaScript's
    await page.keyboard.press('Tab');
    await checked;
    await expect(hosts).toHaveAttribute('aria-invalid', 'false');
    await expect(form(page).getByRole('alert')).toHaveCount(0);

    await page.getByRole('button', { name: 'Expand section History' }).click();
    await page.getByRole('textbox', { name: /^Memory limit/ }).fill('1M');
    await page.keyboard.press('Tab');
    await expect(form(page).getByRole('alert')).toContainText('"1M" is not a valid size');
  }
);

test('a section is unfolded with the keyboard', async ({ open }) => {
  const page = await open({ tab: 'settings' });
  await page.getByRole('button', { name: 'Expand section Logs' }).focus();
  await page.keyboard.press('Enter');
  await expect(page.getByRole('combobox', { name: /^Logs of tasks/ })).toHaveValue('Nobody');
  await expect(page.getByRole('button', { name: 'Collapse section Logs' })).toBeFocused();
});

for (const theme of ['dark', 'light']) {
  test(`the settings page and the report have nothing that axe calls serious: ${theme}`, async ({ open, replay }) => {
    const page = await open({ tab: 'settings' });
    await page.evaluate((value) => localStorage.setItem('workbench.theme', value), theme);
    await page.reload();
    await expect(page.getByRole('textbox', { name: 'Master 1' })).toHaveValue(replay.masters[0]);
    const background = await page.evaluate(() => getComputedStyle(document.body).backgroundColor);
    expect(Number(/\d+/.exec(background)?.[0]) > 128).toBe(theme === 'light');
    await page.getByTestId('save-and-test').click();
    const report = page.getByRole('region', { name: 'What Save & test found' });
    await expect(report.getByRole('row', { name: /^\/state 10s/ })).toBeVisible();
    await expect(report.getByText('1.12.0')).toBeVisible();
    await picture(page, `config-${theme}`);
    await unfoldAll(page);
    await page.getByRole('button', { name: 'Add header' }).click();
    await page.getByRole('textbox', { name: /^Agent hosts/ }).fill('([bad');
    await page.keyboard.press('Tab');
    await expect(form(page).getByRole('alert')).toBeVisible();
    await picture(page, `config-${theme}-unfolded`);
    expect(await faultsOf(page, '[data-testid="config-editor"]')).toEqual([]);
  });
}

for (const width of [520, 900, 1400, 1920]) {
  test(`the settings page fits into ${width} px`, async ({ open }) => {
    const page = await open({ tab: 'settings' });
    await page.setViewportSize({ width, height: 1000 });
    await page.getByTestId('save-and-test').click();
    await expect(page.getByRole('region', { name: 'What Save & test found' })).toBeVisible();
    await unfoldAll(page);
    await page.getByRole('button', { name: 'Add header' }).click();
    await picture(page, `config-${width}`);
    expect(await beyondEdge(form(page))).toEqual([]);
  });
}
