// Links of answers in a Grafana that is served below a path. Needs a Grafana of its own: GRAFANA_HOME names an unpacked one.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { pluginId, type Grafana, startGrafana } from '../../tools/scripts/grafana.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { eventually, GrafanaApi } from './api.ts';
import { cpusByFramework, expect, sessionOf, settings, source, test } from './fixtures.ts';

const home = process.env.GRAFANA_HOME;
const datasource = { type: pluginId, uid: source.uid };
const dashboard = { uid: 'mesos-e2e-subpath', title: 'Below a path', time: { from: 'now-5m', to: 'now' } };

test.describe('below a path', () => {
  test.skip(!home, 'needs GRAFANA_HOME: a Grafana that is started below a path');
  test.setTimeout(240_000);

  let grafana: Grafana;
  let live: Live;
  let own: GrafanaApi;
  let provisioning: string;

  test.beforeAll(async () => {
    test.setTimeout(240_000);
    provisioning = mkdtempSync(path.join(os.tmpdir(), 'mesos-e2e-'));
    live = await startLive({ plan: { agents: 4, tasks: 30, masters: 1 } });
    grafana = await startGrafana({ home: home ?? '', port: 0, provisioning, subPath: '/some/grafana' });
    own = new GrafanaApi(grafana.url, grafana.user, grafana.password);
    const { jsonData, ...other } = settings(live.masters, source);
    const { agentAddress } = live.entry;
    await own.call('POST', '/api/datasources', {
      ...other,
      jsonData: { ...jsonData, agentAddress, sandboxLogs: 'viewer' },
    });
    await live.do({ do: 'service crashes', framework: 'marathon', service: 'search' });
    await eventually(
      'a failed task',
      () => own.query(source.uid, [{ queryType: 'sql', sql: `SELECT task_id FROM events WHERE event = 'failed'` }]),
      ({ results }) => (results.A?.frames?.[0]?.data.values[0]?.length ?? 0) > 0,
      120
    );
  });

  test.afterAll(async () => {
    await grafana?.stop();
    await live?.stop();
    if (provisioning) {
      rmSync(provisioning, { recursive: true, force: true });
    }
  });

  test('links of a table and of a mark lead to Explore there', async ({ browser, picture }) => {
    const panels = [
      {
        ...{ id: 1, type: 'table', title: 'Failed', datasource, gridPos: { x: 0, y: 0, w: 24, h: 10 } },
        targets: [{ refId: 'A', datasource, queryType: 'events', kinds: ['task'], severity: 'error', format: 'table' }],
      },
      {
        ...{ id: 2, type: 'timeseries', title: 'CPUs', datasource, gridPos: { x: 0, y: 10, w: 24, h: 10 } },
        targets: [{ refId: 'A', datasource, ...cpusByFramework }],
      },
    ];
    const annotation = {
      ...{ name: 'Failed tasks', enable: true, iconColor: 'red', datasource },
      target: { refId: 'Anno', queryType: 'events', kinds: ['task'], severity: 'error' },
    };
    await own.call('POST', '/api/dashboards/db', {
      overwrite: true,
      dashboard: { ...dashboard, panels, annotations: { list: [annotation] } },
    });
    const context = await browser.newContext({
      storageState: await sessionOf(grafana.url, { user: grafana.user, password: grafana.password }),
      viewport: { width: 1500, height: 1000 },
    });
    try {
      const page = await context.newPage();
      const log = (of: typeof page) => of.getByText(/ERROR exiting with status 1/).first();
      await page.goto(`${grafana.url}/d/${dashboard.uid}`);
      await page.getByRole('gridcell', { name: 'stderr', exact: true }).first().getByRole('link').click();
      await expect(log(page)).toBeVisible();
      expect(new URL(page.url()).pathname).toBe('/some/grafana/explore');

      await page.goto(`${grafana.url}/d/${dashboard.uid}`);
      const marker = page.getByTestId('data-testid annotation-marker').first();
      await expect(marker).toBeVisible();
      await marker.hover({ force: true, position: { x: 1, y: 1 } });
      const opened = context.waitForEvent('page');
      await page.getByRole('link', { name: 'Logs (stderr)' }).click();
      const tab = await opened;
      await expect(log(tab)).toBeVisible();
      expect(new URL(tab.url()).pathname).toBe('/some/grafana/explore');
      await picture('subpath-log', tab);
    } finally {
      await context.close();
    }
  });
});
