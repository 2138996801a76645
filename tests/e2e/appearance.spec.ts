// The editors and the settings page in Grafana's light and dark theme, in both
// languages, wide and narrow: nothing is wider than the page. The pictures are for
// people to look at.
import type { Page } from '@playwright/test';

import { exploreAddress } from './explore.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

const texts = {
  'en-US': { entity: 'Entity', framework: 'Framework', browser: 'Metrics browser', masters: 'Master 1' },
  'zh-Hans': { entity: '实体', framework: '框架', browser: '指标浏览器', masters: '主节点 1' },
};

const looks = [
  { theme: 'dark', language: 'en-US', width: 1500 },
  { theme: 'light', language: 'en-US', width: 900 },
  { theme: 'dark', language: 'zh-Hans', width: 900 },
  { theme: 'light', language: 'zh-Hans', width: 1500 },
] as const;

/** Expects that the page scrolls in no way but down. */
async function expectFits(page: Page) {
  const over = await page.evaluate(() => document.documentElement.scrollWidth - document.documentElement.clientWidth);
  expect(over).toBeLessThanOrEqual(0);
}

for (const { theme, language, width } of looks) {
  test(`${theme}, ${language}, ${width} px`, async ({ api, atEnd, mesos, page, picture }) => {
    atEnd(() => api.call('PATCH', '/api/user/preferences', { theme: 'dark', language: '' }));
    await api.call('PATCH', '/api/user/preferences', { theme, language });
    await page.setViewportSize({ width, height: 1000 });
    const text = texts[language];
    const look = async (what: string) => {
      await expectFits(page);
      await picture(`appearance-${what}-${theme}-${language}-${width}`, page);
    };

    await page.goto(exploreAddress(source.uid, cpusByFramework));
    await expect(page.getByRole('combobox', { name: text.entity })).toHaveValue(text.framework);
    await expect(page.locator('.u-over').first()).toBeVisible();
    await look('builder');
    await page.getByRole('button', { name: text.browser }).click();
    await expect(page.getByRole('dialog')).toBeVisible();
    await look('browser');

    await page.goto(exploreAddress(source.uid, { queryType: 'promql', expr: 'sum(rate(mesos_up[5m]))' }));
    await expect(page.locator('.monaco-editor').first()).toContainText('mesos_up');
    await look('code');

    await page.goto(`/connections/datasources/edit/${mesos.uid}`);
    await expect(page.getByRole('textbox', { name: text.masters })).toBeVisible();
    await look('config');
  });
}
