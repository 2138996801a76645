// The settings page in a real Grafana: what Save & test found is drawn above Grafana's own message, what is wrong is on its
// field, and a key that the page does not know survives a save.
import { expect, settings, source, test } from './fixtures.ts';

const uid = 'mesos-e2e-config';

test('the settings page says what is wrong, keeps what it does not know, and draws what Save & test found', async ({
  api,
  atEnd,
  replay,
  page,
  picture,
}) => {
  atEnd(() => api.forget(`/api/datasources/uid/${uid}`));
  await api.forget(`/api/datasources/uid/${uid}`);
  const stored = settings(replay.masters.slice(0, 1), { ...source, uid, name: 'Mesos (e2e, config)' });
  await api.call('POST', '/api/datasources', {
    ...stored,
    jsonData: { ...stored.jsonData, futureSetting: { a: [1] } },
  });
  await page.goto(`/connections/datasources/edit/${uid}`);
  await expect(page.getByText('"futureSetting" is not a setting of this data source')).toBeVisible();

  await page.getByRole('button', { name: 'Expand section Agents' }).click();
  const hosts = page.getByRole('textbox', { name: /^Agent hosts/ });
  await hosts.fill('([bad');
  await page.keyboard.press('Tab');
  await expect(page.getByText(/"\(\[bad" is not a regular expression/)).toBeVisible();
  await expect(hosts).toHaveAttribute('aria-invalid', 'true');
  await picture('config-wrong', page);
  await hosts.fill('(?i).*');
  await page.keyboard.press('Tab');
  await expect(hosts).toHaveAttribute('aria-invalid', 'false');

  await page.getByRole('button', { name: 'Save & test' }).click();
  const report = page.getByRole('region', { name: 'What Save & test found' });
  await expect(report.getByRole('row', { name: /^\/state 10s/ })).toBeVisible();
  await expect(page.getByTestId('data-testid Alert success')).toBeVisible();
  await report.scrollIntoViewIfNeeded();
  await picture('config-report', page);
  const { jsonData } = await api.call<{ jsonData: Record<string, unknown> }>('GET', `/api/datasources/uid/${uid}`);
  expect(jsonData).toMatchObject({ agentHosts: '(?i).*', pollInterval: '10s', futureSetting: { a: [1] } });
});
