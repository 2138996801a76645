// What Grafana asks a data source beside queries: a click on a value, what a query
// cost, a panel's filters in Explore, correlations, and public dashboards.
import type { Page } from '@playwright/test';

import { type Answer, eventually, type GrafanaApi, type Query } from './api.ts';
import { exploreAddress, queriesOf } from './explore.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

const datasource = { type: 'community-mesos-datasource', uid: source.uid };

const dashboard = { uid: 'mesos-e2e-everywhere', title: 'Everywhere (e2e)', time: { from: 'now-5m', to: 'now' } };

const panel = (id: number, type: string, title: string, target: Query) => ({
  ...{ id, type, title, datasource, targets: [{ refId: 'A', datasource, ...target }] },
  gridPos: { x: 12 * ((id - 1) % 2), y: 9 * Math.floor((id - 1) / 2), w: 12, h: 9 },
});

const save = (api: GrafanaApi, panels: object[], more: object = {}) =>
  api.call('POST', '/api/dashboards/db', { overwrite: true, dashboard: { ...dashboard, panels, ...more } });

const explore = (query: Query) => exploreAddress(source.uid, query);

/** Presses a button of a cell, which is there while the pointer is over the cell. */
async function press(page: Page, cell: string, button: string) {
  const found = page.getByRole('gridcell', { name: cell }).first();
  const inIt = found.getByRole('button', { name: button });
  await expect(async () => {
    await found.hover();
    await expect(inIt).toBeAttached({ timeout: 2000 });
  }).toPass();
  await inIt.dispatchEvent('click'); // it moves while it opens
}

test.beforeEach(({ mesos }) => {
  expect(mesos.uid).toBe(source.uid);
});

test.afterEach(async ({ api }) => {
  await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
});

test('a click on a value in Explore filters for it, and another one filters it out', async ({ page, picture }) => {
  const asTable = { format: 'table', instant: true, range: false };
  await page.goto(explore({ queryType: 'promql', expr: 'mesos_framework_cpus_allocated', ...asTable }));
  await press(page, 'marathon', 'Filter for value');
  await expect.poll(() => queriesOf(page)[0]?.expr).toBe('mesos_framework_cpus_allocated{framework="marathon"}');
  await picture('explore-filter-for', page);

  await page.goto(explore({ ...cpusByFramework, ...asTable }));
  await press(page, 'marathon', 'Filter out value');
  await expect
    .poll(() => queriesOf(page)[0]?.filters)
    .toEqual([{ label: 'framework', operator: '!=', value: 'marathon' }]);
  await expect(page.getByRole('gridcell', { name: 'cassandra' }).first()).toBeVisible();
  await expect(page.getByRole('gridcell', { name: 'marathon' })).toHaveCount(0);
});

test('a click in a table of a dashboard filters the dashboard, its graph too', async ({ api, page, picture }) => {
  const rows = { ...cpusByFramework, format: 'table', instant: true, range: false };
  await save(api, [panel(1, 'table', 'Rows', rows), panel(2, 'timeseries', 'Graph', cpusByFramework)], {
    templating: {
      list: [{ ...{ type: 'adhoc', name: 'filters', label: 'Filters', hide: 0, skipUrlSync: false, datasource } }],
    },
  });
  await page.goto(`/d/${dashboard.uid}`);
  const graph = page.getByTestId('data-testid Panel header Graph');
  const line = (framework: string) => graph.getByRole('button', { name: framework, exact: true });
  await expect(line('cassandra')).toBeVisible();
  await press(page, 'marathon', 'Filter for value');
  await expect(line('cassandra')).toHaveCount(0);
  await expect(line('marathon')).toBeVisible();
  expect(new URL(page.url()).searchParams.getAll('var-filters')).toEqual(['framework|=|marathon']);
  await picture('dashboard-filter-for', page);
});

/** The variables of a dashboard whose graphs can be filtered by a click, if Grafana has that. */
const variables = (...more: object[]) => ({
  templating: {
    list: [
      { ...{ type: 'adhoc', name: 'filters', label: 'Filters', hide: 0, skipUrlSync: false, datasource } },
      ...more.map((one) => ({ ...{ hide: 0, skipUrlSync: false, datasource }, ...one })),
    ],
  },
});

/** Clicks in a graph until its tooltip stays and has a button. */
async function pressInTooltip(page: Page, title: string, button: string) {
  const graph = page.getByTestId(`data-testid Panel header ${title}`).locator('.u-over');
  const found = page.getByRole('button', { name: button });
  const at = async () => {
    const { width, height } = (await graph.boundingBox()) ?? { width: 0, height: 0 };
    return [
      { x: width * 0.9, y: height - 4 },
      { x: width * 0.9, y: height / 2 },
      { x: width / 4, y: height - 4 },
    ];
  };
  await expect(async () => {
    for (const position of await at()) {
      await graph.hover({ position });
      await graph.click({ position });
      if (
        await found
          .first()
          .waitFor({ timeout: 1500 })
          .then(
            () => true,
            () => false
          )
      ) {
        return;
      }
    }
    throw new Error(`no ${button}`);
  }).toPass();
  return found;
}

test('a click on a bar filters the dashboard for it', async ({ api, page, picture, grafanaVersion }) => {
  test.skip(!grafanaVersion.startsWith('12.4'), 'docs/editor.md says it of Grafana 12.4');
  const sql = 'SELECT framework, count(*) AS tasks FROM tasks GROUP BY framework';
  await save(
    api,
    [
      panel(1, 'barchart', 'Bars', { queryType: 'sql', version: 1, sql }),
      panel(2, 'timeseries', 'Graph', cpusByFramework),
    ],
    variables()
  );
  await page.goto(`/d/${dashboard.uid}`);
  const button = await pressInTooltip(page, 'Bars', 'Filter for');
  await picture('bar-filter-for', page);
  const framework = /'(.+)'/.exec((await button.first().textContent()) ?? '')?.[1];
  expect(framework).toBeTruthy();
  await button.first().click();
  await expect.poll(() => new URL(page.url()).searchParams.getAll('var-filters')).toEqual([`framework|=|${framework}`]);
  const graph = page.getByTestId('data-testid Panel header Graph');
  await expect(graph.getByRole('button', { name: framework, exact: true })).toBeVisible();
});

test('a click on a line filters the dashboard for its group, with two of Grafana’s toggles', async ({
  api,
  page,
  picture,
  grafanaVersion,
}) => {
  test.skip(!grafanaVersion.startsWith('12.4'), 'the toggles are experimental: they are tried in 12.4 only');
  // As Grafana reads toggles of a browser (packages/grafana-runtime/src/config.ts).
  await page.addInitScript(() =>
    localStorage.setItem('grafana.featureToggles', 'groupByVariable=1,perPanelFiltering=1')
  );
  await save(
    api,
    [panel(1, 'timeseries', 'Graph', cpusByFramework)],
    variables({
      ...{ type: 'groupby', name: 'groups', label: 'Group by', multi: true },
      current: { text: ['framework'], value: ['framework'] },
    })
  );
  await page.goto(`/d/${dashboard.uid}`);
  const button = await pressInTooltip(page, 'Graph', 'Filter on this value');
  await picture('line-filter-for', page);
  await button.click();
  await expect
    .poll(() => new URL(page.url()).searchParams.getAll('var-filters'))
    .toEqual([expect.stringMatching(/^framework\|=\|./)]);
  const [filter] = new URL(page.url()).searchParams.getAll('var-filters');
  const line = (framework: string) =>
    page.getByTestId('data-testid Panel header Graph').getByRole('button', { name: framework, exact: true });
  await expect(line(filter.split('|')[2])).toBeVisible();
  await expect(line('cassandra').or(line('marathon'))).toHaveCount(/cassandra|marathon/.test(filter) ? 1 : 0);
});

test('Explore’s help fills the row with an example, and the history has its words', async ({ page, picture }) => {
  await page.goto(explore({ queryType: 'promql', expr: 'sum(mesos_up)' }));
  await page.getByRole('button', { name: 'Show data source help' }).click();
  await picture('explore-help', page);
  await page.getByRole('button', { name: 'CPU allocated by framework', exact: true }).click();
  await expect(page.getByRole('combobox', { name: 'Measure' })).toHaveValue('Allocated');
  await page.getByRole('button', { name: 'Run query' }).first().click();
  await expect.poll(() => queriesOf(page)[0]).toMatchObject(cpusByFramework);
  await expect(page.locator('.u-over').first()).toBeVisible();

  await page.getByRole('button', { name: 'Query history' }).click();
  const history = page.getByRole('tabpanel').or(page.getByTestId('query-history-queries-tab')).first();
  await expect(history.getByText('CPU allocated by framework', { exact: true }).first()).toBeVisible();
  const older = history.getByText('sum(mesos_up)', { exact: true }).first();
  await older.scrollIntoViewIfNeeded();
  await expect(older).toBeVisible();
  await picture('explore-history', page);
});

test('the inspector says what a query cost', async ({ api, page, picture }) => {
  await save(api, [panel(1, 'timeseries', 'CPU', cpusByFramework)]);
  await page.goto(`/d/${dashboard.uid}`);
  const title = page.getByTestId('data-testid Panel header CPU');
  await expect(title.locator('canvas').first()).toBeVisible();
  await title.hover();
  await page.keyboard.press('i'); // Grafana's key for the inspector of the panel below the pointer
  await page.getByRole('tab', { name: 'Stats' }).click();
  for (const name of ['Series found', 'Samples read (history: memory)', 'Time in the plugin, waiting included']) {
    await expect(page.getByText(name, { exact: true }).first()).toBeVisible();
  }
  await picture('inspector-stats', page);
});

test('a panel’s filters are chips in Explore, which are removed by keyboard', async ({ api, page, picture }) => {
  const filter = (key: string, operator: string, value: string) => ({ key, operator, value, condition: '' });
  await save(api, [panel(1, 'timeseries', 'CPU', cpusByFramework)], {
    templating: {
      list: [
        {
          ...{ type: 'adhoc', name: 'filters', label: 'Filters', hide: 0, skipUrlSync: false, datasource },
          filters: [filter('framework', '!=', 'marathon'), filter('framework', '!=', 'chronos')],
        },
      ],
    },
  });
  await page.goto(`/d/${dashboard.uid}`);
  const title = page.getByTestId('data-testid Panel header CPU');
  await title.hover();
  await title.getByRole('button', { name: /Menu/ }).click();
  await page.getByRole('menuitem', { name: 'Explore' }).click();
  const chip = (name: string) => page.getByRole('button', { name: `Remove filter framework != ${name}` });
  await expect(chip('marathon')).toBeVisible();
  await picture('explore-chips', page);
  await chip('marathon').focus();
  await page.keyboard.press('Enter');
  await expect(chip('marathon')).toHaveCount(0);
  await expect(chip('chronos')).toBeFocused();
  await page.keyboard.press('Enter');
  await expect(page.getByText('Filters from a dashboard')).toHaveCount(0);
  await page.getByRole('button', { name: 'Run query' }).first().click();
  await expect.poll(() => queriesOf(page)[0]?.adhocFilters).toBeUndefined();
});

test('a correlation leads from a value to another query', async ({ api, atEnd, page }) => {
  const { result } = await api.call<{ result: { uid: string } }>(
    'POST',
    `/api/datasources/uid/${source.uid}/correlations`,
    {
      targetUID: source.uid,
      type: 'query',
      label: 'Memory of it (e2e)',
      config: {
        field: 'framework',
        target: {
          ...{ queryType: 'promql', version: 1 },
          expr: 'mesos_framework_memory_allocated_bytes{framework="${framework}"}',
        },
      },
    }
  );
  atEnd(() => api.forget(`/api/datasources/uid/${source.uid}/correlations/${result.uid}`));
  await page.goto(explore({ ...cpusByFramework, format: 'table', instant: true, range: false }));
  const cell = page.getByRole('gridcell', { name: 'marathon' }).first();
  await expect(cell).toBeVisible();
  const link = page
    .getByRole('link', { name: /Memory of it/ })
    .or(page.getByRole('menuitem', { name: /Memory of it/ }));
  await expect(async () => {
    if ((await link.count()) === 0) {
      await cell.getByText('marathon').click({ timeout: 2000 });
    }
    await link.first().click({ timeout: 2000 });
  }).toPass();
  await expect(page.locator('.monaco-editor').last()).toContainText('framework="marathon"');
});

test('a public dashboard has what needs no variables, and says why the rest is missing', async ({ api, atEnd }) => {
  // Without its version, which the first change makes an old one.
  const {
    jsonData,
    version: _version,
    ...other
  } = await api.call<{ jsonData: object; version: number }>('GET', `/api/datasources/uid/${source.uid}`);
  const store = (more: object) =>
    api.call('PUT', `/api/datasources/uid/${source.uid}`, { ...other, jsonData: { ...jsonData, ...more } });
  atEnd(() => store({}));
  await store({ sandboxLogs: 'viewer' });
  const variable = { label: 'framework', operator: '=', value: '$framework' };
  await save(
    api,
    [
      panel(1, 'timeseries', 'CPU', { ...cpusByFramework, range: true }),
      panel(2, 'timeseries', 'Of a variable', { ...cpusByFramework, filters: [variable], range: true }),
      panel(3, 'logs', 'Log', { queryType: 'logs', taskId: 'a-task', file: 'stdout' }),
    ],
    { templating: { list: [] } }
  );
  const { accessToken } = await api.call<{ accessToken: string }>(
    'POST',
    `/api/dashboards/uid/${dashboard.uid}/public-dashboards`,
    { isEnabled: true, share: 'public' }
  );
  const ask = async (id: number) => {
    const answer = await fetch(new URL(`/api/public/dashboards/${accessToken}/panels/${id}/query`, api.url), {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ intervalMs: 1000, maxDataPoints: 500 }),
    });
    return { text: await answer.clone().text(), ...((await answer.json()) as Answer) };
  };
  const cpu = await ask(1);
  expect(cpu.results.A.frames?.length).toBeGreaterThan(3);
  const of = await ask(2);
  expect(of.results.A.error).toBeUndefined();
  expect(of.results.A.frames?.[0].schema.meta?.notices?.map(({ text }) => text).join()).toContain('$framework');
  // Grafana keeps the settings for some seconds.
  await eventually(
    'the refusal of a public dashboard',
    () => ask(3),
    ({ text }) => text.includes('users who are logged in only: not to rules, public dashboards'),
    60
  );
});
