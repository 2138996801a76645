// Tables, SQL, topology and logs of a simulated cluster in Grafana: panels and Explore, a rule over SQL, and the way from a
// failing framework to what its task wrote.
import { pluginId } from '../../tools/scripts/grafana.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { eventually, type GrafanaApi, type Query } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

/** A source of its own at each start: the plugin keeps the events of a deleted one, and those of its other cluster. */
const source = { uid: `mesos-e2e-things-${process.pid}`, name: 'Mesos things (e2e)' };
const datasource = { type: pluginId, uid: source.uid };
const dashboard = { uid: 'mesos-e2e-things', title: 'Things (e2e)', time: { from: 'now-5m', to: 'now' } };

const panel = (id: number, type: string, title: string, target: Query, more: object = {}) => ({
  ...{ id, type, title, datasource, targets: [{ refId: 'A', datasource, ...target }] },
  gridPos: { x: 12 * ((id - 1) % 2), y: 11 * Math.floor((id - 1) / 2), w: 12, h: 11 },
  ...more,
});

const panelOf = (title: string) => `data-testid Panel header ${title}`;

/** The values of the first column of an answer. */
async function column(api: GrafanaApi, sql: string): Promise<string[]> {
  const { results } = await api.query(source.uid, [{ queryType: 'sql', sql }]);
  return (results.A?.frames?.[0]?.data.values[0] ?? []).map(String);
}

test.describe('things', () => {
  test.setTimeout(300_000);
  let live: Live;

  test.beforeAll(async ({ api }) => {
    test.setTimeout(240_000);
    live = await startLive({ plan: { agents: 8, tasks: 60, masters: 1 } });
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    const { jsonData, ...other } = settings(live.masters, source);
    const old = await api.request('GET', `/api/datasources/name/${encodeURIComponent(source.name)}`);
    if (old.status === 200) {
      await api.forget(`/api/datasources/uid/${(old.body as { uid: string }).uid}`);
    }
    const { agentAddress } = live.entry;
    await api.call('POST', '/api/datasources', {
      ...other,
      jsonData: { ...jsonData, agentAddress, agentStatistics: true, sandboxLogs: 'viewer' },
    });
    await eventually(
      'the first poll',
      () => column(api, 'SELECT task_id FROM tasks'),
      (tasks) => tasks.length > 0,
      90
    );
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await live?.stop();
  });

  /** Makes the dashboard. */
  const save = (api: GrafanaApi, panels: object[], more: object = {}) =>
    api.call('POST', '/api/dashboards/db', { overwrite: true, dashboard: { ...dashboard, panels, ...more } });

  test('tables by SQL and by the builder are panels, with the units of their columns', async ({
    api,
    page,
    picture,
  }) => {
    const sql = `SELECT task_id, framework, agent, state, memory_bytes, start_time, labels
      FROM tasks WHERE framework = 'marathon' ORDER BY task_id LIMIT 20`;
    await save(api, [
      panel(1, 'table', 'By SQL', { queryType: 'sql', sql }),
      panel(2, 'table', 'By the builder', {
        queryType: 'table',
        table: 'agents',
        columns: ['agent', 'state', 'cpus', 'cpus_allocated', 'memory_bytes', 'attributes'],
        orderBy: [{ column: 'agent' }],
      }),
    ]);
    const [first] = await column(api, sql);
    await page.goto(`/d/${dashboard.uid}`);
    const bySql = page.getByTestId(panelOf('By SQL'));
    await expect(bySql.getByRole('gridcell', { name: first, exact: true })).toBeVisible();
    await expect(bySql.getByRole('gridcell', { name: /^[\d.]+ (MiB|GiB)$/ }).first()).toBeVisible();
    const byBuilder = page.getByTestId(panelOf('By the builder'));
    await expect(byBuilder.getByRole('gridcell', { name: 'agent1.example.com', exact: true })).toBeVisible();
    await expect(page.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('sql-tables', page);
  });
});
