// The range "Today" ends after now: panels and variables show what there is
// now, and draw nothing after now.
import { readAnswers } from './answers.ts';
import type { Query } from './api.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

const uid = 'mesos-e2e-today';

const panel = (id: number, title: string, type: string, query: Query) => ({
  id,
  title,
  type,
  datasource: { uid: source.uid },
  gridPos: { x: (id % 2) * 12, y: Math.floor(id / 2) * 8, w: 12, h: 8 },
  targets: [{ refId: 'A', datasource: { uid: source.uid }, ...query }],
});

const dashboard = {
  uid,
  title: 'Today (e2e)',
  time: { from: 'now-5m', to: 'now' },
  templating: {
    list: [
      {
        type: 'query',
        name: 'framework',
        datasource: { uid: source.uid },
        query: {
          refId: 'framework',
          queryType: 'variable',
          variable: { promql: 'mesos_framework_cpus_allocated' },
          legendFormat: '{{framework}}',
        },
        refresh: 2,
        current: {},
      },
    ],
  },
  panels: [
    panel(0, 'Stat', 'stat', { queryType: 'promql', expr: 'sum(mesos_cluster_cpus_capacity)', instant: true }),
    panel(1, 'Table', 'table', { ...cpusByFramework, instant: true, format: 'table' }),
    panel(2, 'Graph', 'timeseries', cpusByFramework),
  ],
};

interface QueryResult {
  frames?: Array<{ schema: { meta?: { type?: string } }; data: { values: number[][] } }>;
}

test('Today has values in stat, table and variable, and a graph that ends now', async ({
  api,
  atEnd,
  mesos,
  page,
  picture,
}) => {
  expect(mesos.uid).toBe(source.uid);
  atEnd(() => api.forget(`/api/dashboards/uid/${uid}`));
  await api.call('POST', '/api/dashboards/db', { overwrite: true, dashboard });
  await page.goto(`/d/${uid}`);
  const drawn: number[] = [];
  const stop = await readAnswers<QueryResult>(page, ({ results }) => {
    const ranges = (results.A?.frames ?? []).filter(({ schema }) => schema.meta?.type?.startsWith('timeseries'));
    drawn.push(...ranges.flatMap(({ data }) => data.values[0] ?? []));
  });
  await page.getByTestId('data-testid TimePicker Open Button').click();
  await page.getByText('Today', { exact: true }).click();
  await expect(page).toHaveURL(/from=now%2Fd/);
  const panelOf = (title: string) => page.getByTestId(`data-testid Panel header ${title}`);
  await expect(panelOf('Stat').getByText(/^\d+$/)).toBeVisible();
  await expect(panelOf('Table').getByText('marathon')).toBeVisible();
  await expect(page.getByTestId('data-testid template variable').first()).not.toContainText('None');
  for (const title of ['Stat', 'Table']) {
    await expect(panelOf(title).getByText('No data'), title).toHaveCount(0);
  }
  await expect.poll(() => drawn.length).toBeGreaterThan(0);
  expect(Math.max(...drawn)).toBeLessThanOrEqual(Date.now());
  await stop();
  await picture('today', page);
});
