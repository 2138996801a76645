// Grafana stores queries unchanged in dashboards, panels and rules.
import type { Query } from './api.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';
import { threshold } from './threshold-rule.ts';

const uid = 'mesos-e2e-saved';
const folder = { uid: 'mesos-e2e-saved', title: 'Mesos (e2e, saved)' };

/** A query of each kind with every key a user can set. */
const queries: Query[] = [
  {
    refId: 'A',
    ...cpusByFramework,
    groupBy: ['framework', 'principal'],
    filters: [
      { label: 'framework', operator: '=~', value: ['Spark.*', 'marathon'] },
      { label: 'role', operator: '!=', value: '' },
    ],
    aggregate: 'max',
    top: -3,
    legendFormat: '{{framework}} of {{principal}}',
    interval: '30s',
    instant: false,
    range: true,
    format: 'time_series',
  },
  { refId: 'B', queryType: 'metrics', version: 1, metric: 'mesos_master_uptime_seconds', filters: [], instant: true },
  {
    refId: 'C',
    queryType: 'promql',
    version: 1,
    expr: 'sum by (agent) (rate(x{a=~"b|c"}[$__rate_interval])) / 2 > bool 1',
    legendFormat: '__auto',
    format: 'table',
  },
];

const dashboard = {
  uid,
  title: 'Saved (e2e)',
  panels: [{ id: 1, type: 'timeseries', title: 'p', datasource: { uid: source.uid }, targets: queries }],
};

type Stored = { dashboard: { panels: Array<{ targets: Query[] }> } };

/** The query without what Grafana adds. */
const own = ({ datasource: _datasource, ...query }: Query) => query;

test('a dashboard keeps queries through save, load, export and import', async ({ api, atEnd, mesos }) => {
  atEnd(() => api.forget(`/api/dashboards/uid/${uid}`));
  expect(mesos.uid).toBe(source.uid);
  await api.forget(`/api/dashboards/uid/${uid}`);
  await api.call('POST', '/api/dashboards/db', { overwrite: true, dashboard });
  const stored = await api.call<Stored>('GET', `/api/dashboards/uid/${uid}`);
  expect(stored.dashboard.panels[0].targets.map(own)).toEqual(queries);

  // Export is the stored model without its number; import posts it again.
  const exported = { ...stored.dashboard, id: null };
  await api.forget(`/api/dashboards/uid/${uid}`);
  await api.call('POST', '/api/dashboards/import', { overwrite: true, dashboard: exported, inputs: [] });
  const imported = await api.call<Stored>('GET', `/api/dashboards/uid/${uid}`);
  expect(imported.dashboard.panels[0].targets.map(own)).toEqual(queries);
});

test('opening and saving a panel in the browser keeps its queries', async ({ api, atEnd, mesos, page }) => {
  atEnd(() => api.forget(`/api/dashboards/uid/${uid}`));
  expect(mesos.uid).toBe(source.uid);
  await api.call('POST', '/api/dashboards/db', { overwrite: true, dashboard });
  await page.goto(`/d/${uid}?editPanel=1`);
  await expect(page.getByTestId('compiled-promql').first()).toBeVisible();
  await page.getByTestId('data-testid Save dashboard button').first().click();
  // Grafana fills in the panel's own defaults, so that there is something to save.
  const saved = page.waitForResponse(
    (response) => ['POST', 'PUT'].includes(response.request().method()) && /dashboards/.test(response.url())
  );
  await page.getByTestId('data-testid Save dashboard drawer button').click();
  expect((await saved).ok()).toBe(true);
  const stored = await api.call<Stored>('GET', `/api/dashboards/uid/${uid}`);
  expect(stored.dashboard.panels[0].targets.map(own)).toEqual(queries);
});

test('a rule keeps queries, and an evaluation gets them as they are', async ({ api, atEnd, mesos }) => {
  atEnd(() => api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`));
  expect(mesos.uid).toBe(source.uid);
  await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
  await api.call('POST', '/api/folders', folder);
  const data = [
    ...queries.map((model) => ({
      refId: model.refId,
      datasourceUid: source.uid,
      relativeTimeRange: { from: 600, to: 0 },
      model,
    })),
    threshold('B', 'gt', 0, 'D'),
  ];
  const { uid: ruleUid } = await api.call<{ uid: string }>('POST', '/api/v1/provisioning/alert-rules', {
    title: 'saved',
    folderUID: folder.uid,
    ruleGroup: 'saved',
    condition: 'D',
    for: '1m',
    noDataState: 'NoData',
    execErrState: 'Error',
    orgID: 1,
    data,
  });
  const stored = await api.call<{ data: Array<{ refId: string; model: Query }> }>(
    'GET',
    `/api/v1/provisioning/alert-rules/${ruleUid}`
  );
  const models = stored.data.slice(0, queries.length).map(({ model }) => {
    const { intervalMs: _interval, maxDataPoints: _points, ...rest } = own(model);
    return rest;
  });
  expect(models).toEqual(queries);
});
