// The overview dashboard, as the plugin brings it along.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from '../../tools/scripts/build.ts';
import { pluginId } from '../../tools/scripts/grafana.ts';
import { expect, test } from './fixtures.ts';

interface Model {
  title: string;
  panels: Array<{ type: string; title: string; panels?: Model['panels'] }>;
}

const model = JSON.parse(readFileSync(path.join(root, 'src', 'dashboards', 'cluster-overview.json'), 'utf8')) as Model;
const panels = model.panels.flatMap((panel) => (panel.type === 'row' ? (panel.panels ?? []) : [panel]));

test('the overview shows every panel with data and without an error', async ({ api, mesos, page, picture }) => {
  const { importedUid, uid } = await api.call<{ importedUid?: string; uid?: string }>(
    'POST',
    '/api/dashboards/import',
    {
      pluginId,
      path: 'dashboards/cluster-overview.json',
      overwrite: true,
      inputs: [{ name: 'DS_MESOS', type: 'datasource', pluginId, value: mesos.name }],
    }
  );
  const dashboard = uid ?? importedUid;
  const failed: string[] = [];
  page.on('response', async (response) => {
    if (response.url().includes('/api/ds/query') && response.status() !== 200) {
      failed.push(await response.text());
    }
  });
  await page.setViewportSize({ width: 1500, height: 3000 });
  await page.goto(`/d/${dashboard}?from=now-5m&to=now&var-datasource=${mesos.uid}&kiosk`);
  for (const { title } of panels.filter(({ type }) => type !== 'text')) {
    const panel = page.getByTestId(`data-testid Panel header ${title}`).first();
    await panel.scrollIntoViewIfNeeded();
    await expect(panel, title).toBeVisible();
    await expect(panel.getByText('No data', { exact: true }), title).toHaveCount(0);
    await expect(panel.getByTestId('data-testid Panel status error'), title).toHaveCount(0);
  }
  expect(failed).toEqual([]);
  await picture('overview', page);
  await api.forget(`/api/dashboards/uid/${dashboard}`);
});
