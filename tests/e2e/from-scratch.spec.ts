// Panels, Explore and variables made by clicks: what an editor shows when it
// opens is what is stored.
import type { Page } from '@playwright/test';

import type { GrafanaApi, Query } from './api.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

/** What the editor shows of a new query outside of rules, as it is stored. */
const shown: Query = { ...cpusByFramework, legendFormat: '__auto', format: 'time_series', instant: false, range: true };

const title = 'From scratch (e2e)';

interface Dashboard {
  panels: Array<{ targets: Query[] }>;
  templating: { list: Array<{ name: string; query: Query }> };
}

/** Without what Grafana adds. */
function own({ datasource: _d, hide: _h, key: _k, refId: _r, ...query }: Query): Query {
  return query;
}

async function forget(api: GrafanaApi) {
  const found = await api.call<Array<{ uid: string }>>('GET', `/api/search?query=${encodeURIComponent(title)}`);
  for (const { uid } of found) {
    await api.forget(`/api/dashboards/uid/${uid}`);
  }
}

/** Saves the dashboard that is open as a new one and returns what is stored. */
async function save(page: Page, api: GrafanaApi): Promise<Dashboard> {
  await page.getByTestId('data-testid Save dashboard button').first().click();
  await page.getByRole('textbox', { name: 'Title' }).fill(title);
  const saved = page.waitForResponse(
    (response) => response.request().method() === 'POST' && /dashboards/.test(response.url())
  );
  await page.getByTestId('data-testid Save dashboard drawer button').click();
  expect((await saved).ok()).toBe(true);
  const [{ uid }] = await api.call<Array<{ uid: string }>>('GET', `/api/search?query=${encodeURIComponent(title)}`);
  const { dashboard } = await api.call<{ dashboard: Dashboard }>('GET', `/api/dashboards/uid/${uid}`);
  return dashboard;
}

test.beforeEach(async ({ api, mesos }) => {
  expect(mesos.uid).toBe(source.uid);
  await forget(api);
});

test.afterEach(({ api }) => forget(api));

test('a new panel', async ({ api, mesos, page, panelEditPage }) => {
  await panelEditPage.datasource.set(mesos.name);
  const row = panelEditPage.getQueryEditorRow('A');
  await expect(row.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
  await expect(row.getByText('Type: Range')).toBeVisible();
  const { panels } = await save(page, api);
  expect(panels[0].targets.map(own)).toEqual([shown]);
});

test('a panel whose stored query asks for nothing, when it is opened', async ({ api, mesos, page }) => {
  const uid = 'mesos-e2e-incomplete';
  await api.call('POST', '/api/dashboards/db', {
    overwrite: true,
    dashboard: {
      uid,
      title,
      panels: [
        {
          id: 1,
          type: 'timeseries',
          title: 'p',
          datasource: { uid: mesos.uid },
          targets: [{ refId: 'A', datasource: { uid: mesos.uid }, instant: true }],
        },
      ],
    },
  });
  await page.goto(`/d/${uid}?editPanel=1`);
  await expect(page.getByText('Type: Instant')).toBeVisible();
  const saved = page.waitForResponse(
    (response) => ['POST', 'PUT'].includes(response.request().method()) && /dashboards/.test(response.url())
  );
  await page.getByTestId('data-testid Save dashboard button').first().click();
  await page.getByTestId('data-testid Save dashboard drawer button').click();
  expect((await saved).ok()).toBe(true);
  const { dashboard } = await api.call<{ dashboard: Dashboard }>('GET', `/api/dashboards/uid/${uid}`);
  const { range: _range, ...instant } = shown;
  expect(dashboard.panels[0].targets.map(own)).toEqual([{ ...instant, instant: true }]);
});

test('Explore', async ({ mesos, page, picture }) => {
  const panes = { a: { datasource: mesos.uid, queries: [], range: { from: 'now-5m', to: 'now' } } };
  await page.goto(`/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`);
  await expect(page.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
  const queries = () => {
    const [pane] = Object.values(JSON.parse(new URL(page.url()).searchParams.get('panes') ?? '{}')) as Array<{
      queries: Query[];
    }>;
    return pane?.queries.map(own);
  };
  await expect.poll(queries).toEqual([shown]);
  await expect(page.locator('.u-over').first()).toBeVisible();
  await picture('explore-from-scratch', page);
});

test('a new variable', async ({ api, mesos, page, variableEditPage, picture }) => {
  await page.getByRole('textbox', { name: 'Name' }).first().fill('what');
  await variableEditPage.setVariableType('Query');
  await variableEditPage.datasource.set(mesos.name);
  await expect(page.getByRole('radio', { name: 'Entities' })).toBeChecked();
  await expect(page.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
  await expect(page.getByRole('radio', { name: 'Name', exact: true })).toBeChecked();
  await picture('variable-from-scratch', page);
  const { templating } = await save(page, api);
  const { query } = templating.list[0];
  expect(own(query)).toEqual({
    queryType: 'variable',
    version: 1,
    variable: { entities: { entity: 'framework', field: 'name' } },
  });
});
