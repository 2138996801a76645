// The topology of 10,000 agents in Grafana: grouped, drawn in seconds, and the panel says what was grouped.
import type { Locator } from '@playwright/test';

import { pluginId } from '../../tools/scripts/grafana.ts';
import { DEFAULTS } from '../../tools/simulator/generate/cluster.ts';
import { type GeneratedMaster, startGenerated } from '../../tools/simulator/generate/master.ts';
import { eventually, type Query } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

/** A source of its own at each start: the plugin keeps what it has of a deleted one's cluster. */
const source = { uid: `mesos-e2e-large-${process.pid}`, name: 'Mesos, large (e2e)' };
const datasource = { type: pluginId, uid: source.uid };
const dashboard = { uid: 'mesos-e2e-large', title: 'Large (e2e)', time: { from: 'now-5m', to: 'now' } };

/** Seconds in which the graph must be drawn, on a machine with two cores that has other work. */
const SECONDS = 30;

/** Waits until the layout is done: a node does not move any more. */
async function standsStill(node: Locator): Promise<void> {
  let before = '';
  await expect
    .poll(
      async () => {
        const last = before;
        before = JSON.stringify(await node.boundingBox());
        return last === before;
      },
      { timeout: SECONDS * 1000, intervals: [500] }
    )
    .toBe(true);
}

test.describe('a large cluster', () => {
  test.setTimeout(300_000);
  let master: GeneratedMaster;

  test.beforeAll(async ({ api }) => {
    test.setTimeout(240_000);
    master = await startGenerated({
      ...DEFAULTS,
      ...{ agents: 10_000, tasks: 20_000, frameworks: 30, start: Math.floor(Date.now() / 1000) },
    });
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    const old = await api.request('GET', `/api/datasources/name/${encodeURIComponent(source.name)}`);
    if (old.status === 200) {
      await api.forget(`/api/datasources/uid/${(old.body as { uid: string }).uid}`);
    }
    await api.call('POST', '/api/datasources', settings([master.url], source));
    await eventually(
      'the first poll',
      () => api.query(source.uid, [{ queryType: 'sql', sql: 'SELECT count(*) FROM agents' }]),
      ({ results }) => results.A?.frames?.[0]?.data.values[0]?.[0] === 10_000,
      120
    );
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await master?.stop();
  });

  for (const [name, target] of [
    ['by default', { queryType: 'topology' }],
    ['by rack', { queryType: 'topology', groupBy: ['framework', 'attr_rack'] }],
  ] as Array<[string, Query]>) {
    test(`its topology ${name} is drawn, grouped, and says so`, async ({ api, page, picture }) => {
      await api.call('POST', '/api/dashboards/db', {
        overwrite: true,
        dashboard: {
          ...dashboard,
          panels: [
            {
              ...{ id: 1, type: 'nodeGraph', title: 'Topology', datasource, gridPos: { x: 0, y: 0, w: 24, h: 22 } },
              targets: [{ refId: 'A', datasource, ...target }],
            },
          ],
        },
      });
      await page.goto(`/d/${dashboard.uid}`);
      const begin = Date.now();
      const nodes = page.getByLabel(/^Node: /);
      await expect(nodes.first()).toBeVisible({ timeout: SECONDS * 1000 });
      await standsStill(nodes.first());
      const took = (Date.now() - begin) / 1000;
      const count = await nodes.count();
      console.log(`${count} nodes ${name}: drawn after ${took.toFixed(1)} s`);
      test.info().annotations.push({ type: 'drawn', description: `${count} nodes, ${took.toFixed(1)} s` });
      expect(count).toBeLessThanOrEqual(400);
      await picture(`large-topology-${name.replace(' ', '-')}`, page);
      if (name === 'by default') {
        await page.getByTestId('title-items-container').locator('svg').first().hover({ timeout: 10_000 });
        await expect(page.getByText(/10,?000 agents/).first()).toBeVisible();
        await picture('large-topology-notice', page);
      }
    });
  }
});
