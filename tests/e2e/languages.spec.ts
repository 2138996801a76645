// The language of a user's profile is that of the editors: Grafana loads the plugin's texts before its module.
import { expect, source, test } from './fixtures.ts';

test('a user who reads Chinese has settings and queries in Chinese', async ({ page, api, mesos, picture }) => {
  await api.call('PATCH', '/api/user/preferences', { language: 'zh-Hans' });
  try {
    await page.goto(`/connections/datasources/edit/${mesos.uid}`);
    await expect(page.getByRole('heading', { name: '采集' })).toBeVisible();
    await expect(page.getByRole('button', { name: '添加主节点' })).toBeVisible();
    await picture('languages-settings', page);

    const panes = { a: { datasource: source.uid, queries: [{ refId: 'A' }], range: { from: 'now-15m', to: 'now' } } };
    await page.goto(`/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
    await expect(page.getByRole('combobox', { name: '实体' })).toHaveValue('框架');
    await picture('languages-explore', page);
  } finally {
    await api.call('PATCH', '/api/user/preferences', { language: '' });
  }
});
