// The dashboards that the plugin brings along, imported by clicks from one of
// two Mesos data sources: not the first one by name.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Page } from '@playwright/test';

import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { root } from '../../tools/scripts/build.ts';
import { readAnswers } from './answers.ts';
import { type GrafanaApi, eventually } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

interface Model {
  uid: string;
  title: string;
  panels: Array<{ type: string; title: string }>;
}

const bundled = (name: string) =>
  JSON.parse(readFileSync(path.join(root, 'src', 'dashboards', `${name}.json`), 'utf8')) as Model;

/** Of which more than a thousand run: Grafana's unit `short` would write 1.03 K. */
const TASKS = 2000;

/** By name the replayed cluster's data source, Mesos (e2e), comes before this one. */
const source = { uid: 'mesos-e2e-z', name: 'Z Mesos (e2e)' };

/** Imports a dashboard in the data source's Dashboards tab and opens it from there. */
async function importByClicks(page: Page, { title }: Model) {
  await page.goto(`/connections/datasources/edit/${source.uid}/dashboards`);
  const row = page.getByRole('row').filter({ hasText: title });
  await row.getByRole('button', { name: /^(Import|Re-import)$/ }).click();
  await row.getByRole('link', { name: title }).click();
}

const panelOf = (page: Page, title: string) => page.getByTestId(`data-testid Panel header ${title}`).first();

async function forget(api: GrafanaApi) {
  for (const { uid } of [bundled('cluster-overview'), bundled('measured-use')]) {
    await api.forget(`/api/dashboards/uid/${uid}`);
  }
  await api.forget(`/api/datasources/uid/${source.uid}`);
}

test.describe('the bundled dashboards', () => {
  let live: Live;

  test.beforeAll(async ({ api, mesos }) => {
    expect(mesos.name < source.name).toBe(true);
    live = await startLive({ plan: { agents: 40, tasks: TASKS, masters: 1 } });
    await forget(api);
    await api.call('POST', '/api/datasources', settings(live.masters, source));
    await eventually(
      'the first poll',
      () => api.query(source.uid, [{ queryType: 'promql', expr: 'mesos_cluster_tasks', instant: true }]),
      ({ results }) => (results.A?.frames?.[0]?.schema.fields.length ?? 0) > 0,
      60
    );
  });

  test.afterAll(async ({ api }) => {
    await forget(api);
    await live?.stop();
  });

  test('open on the data source they were imported from, with data in every panel and counts in full', async ({
    page,
    picture,
  }) => {
    const model = bundled('cluster-overview');
    const failed: string[] = [];
    const stop = await readAnswers(page, ({ status, text }) => {
      if (status !== 200) {
        failed.push(text);
      }
    });
    await page.setViewportSize({ width: 1500, height: 3000 });
    await importByClicks(page, model);
    await expect(page.getByTestId('data-testid template variable').first()).toContainText(source.name);
    for (const { title } of model.panels.filter(({ type }) => type !== 'row')) {
      const panel = panelOf(page, title);
      await panel.scrollIntoViewIfNeeded();
      await expect(panel, title).toBeVisible();
      await expect(panel.getByText('No data', { exact: true }), title).toHaveCount(0);
      await expect(panel.getByTestId('data-testid Panel status error'), title).toHaveCount(0);
    }
    for (const title of ['Tasks', 'History and series']) {
      await expect(panelOf(page, title).getByText(/^\d+,\d{3}$/), title).toBeVisible();
      await expect(panelOf(page, title).getByText(/\d\s?K$/), title).toHaveCount(0);
    }
    expect(failed).toEqual([]);
    await picture('overview', page);
    await stop();
  });

  test('of measured use have no error on a data source without agent statistics', async ({ page, picture }) => {
    const model = bundled('measured-use');
    await page.setViewportSize({ width: 1500, height: 2500 });
    await importByClicks(page, model);
    for (const { title } of model.panels.filter(({ type }) => type !== 'row')) {
      const panel = panelOf(page, title);
      await panel.scrollIntoViewIfNeeded();
      await expect(panel, title).toBeVisible();
      await expect(panel.getByTestId('data-testid Panel status error'), title).toHaveCount(0);
      await expect(panel.getByText(/Error transforming data|Cannot read properties/), title).toHaveCount(0);
    }
    await picture('measured-use-without-agents', page);
  });
});
