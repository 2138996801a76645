// Tables, SQL, topology and logs of a simulated cluster in Grafana: panels and Explore, a rule over SQL, and the way from a
// failing framework to what its task wrote.
import type { Locator, Page } from '@playwright/test';

import { pluginId } from '../../tools/scripts/grafana.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { eventually, type GrafanaApi, type Query } from './api.ts';
import { exploreAddress, queriesOf } from './explore.ts';
import { expect, settings, test } from './fixtures.ts';
import { asked, threshold, writeRules } from './threshold-rule.ts';

/** A source of its own at each start: the plugin keeps the events of a deleted one, and those of its other cluster. */
const source = { uid: `mesos-e2e-things-${process.pid}`, name: 'Mesos things (e2e)' };
const datasource = { type: pluginId, uid: source.uid };
const dashboard = { uid: 'mesos-e2e-things', title: 'Things (e2e)', time: { from: 'now-5m', to: 'now' } };

const folder = { uid: 'mesos-e2e-things', title: 'Mesos things (e2e)' };

const panel = (id: number, type: string, title: string, target: Query, more: object = {}) => ({
  ...{ id, type, title, datasource, targets: [{ refId: 'A', datasource, ...target }] },
  gridPos: { x: 12 * ((id - 1) % 2), y: 11 * Math.floor((id - 1) / 2), w: 12, h: 11 },
  ...more,
});

const panelOf = (title: string) => `data-testid Panel header ${title}`;

const explore = (query: object) => exploreAddress(source.uid, query, 15);

/** The values of the first column of an answer. */
async function column(api: GrafanaApi, sql: string): Promise<string[]> {
  const { results } = await api.query(source.uid, [{ queryType: 'sql', sql }]);
  return (results.A?.frames?.[0]?.data.values[0] ?? []).map(String);
}

/** Failed tasks of the time range, the newest first. */
const FAILED = `SELECT task_id, framework, agent, reason, message, time FROM events WHERE event = 'failed' ORDER BY time DESC`;

/** A running task that writes a line every 15 seconds. */
async function runningTask(api: GrafanaApi): Promise<string> {
  const [taskId] = await column(
    api,
    `SELECT task_id FROM tasks WHERE framework = 'marathon' AND state = 'running' AND name <> 'search' ORDER BY start_time`
  );
  return taskId;
}

/** The time of the newest line that is shown. */
async function newest(page: Page): Promise<string> {
  const lines = await page.getByText(/\dZ INFO/).allTextContents();
  const times = lines.flatMap((text) => /\d{4}-\d\d-\d\dT[\d:.]+Z/.exec(text) ?? []);
  return times.sort().at(-1) ?? '';
}

/** Returns the middle of a word in an element. */
async function placeOf(within: Locator, word: string): Promise<{ x: number; y: number }> {
  await expect(within).toBeVisible();
  const place = await within.evaluate((element, word) => {
    const texts = document.createTreeWalker(element, NodeFilter.SHOW_TEXT);
    for (let text = texts.nextNode(); text !== null; text = texts.nextNode()) {
      const at = text.textContent?.indexOf(word) ?? -1;
      if (at >= 0) {
        const range = document.createRange();
        range.setStart(text, at);
        range.setEnd(text, at + word.length);
        const { x, y, width, height } = range.getBoundingClientRect();
        return { x: x + width / 2, y: y + height / 2 };
      }
    }
    return null;
  }, word);
  if (place === null) {
    throw new Error(`there is no text ${word}`);
  }
  return place;
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
    await live.do({ do: 'service crashes', framework: 'marathon', service: 'search' });
    await eventually(
      'a failed task',
      () => column(api, FAILED),
      (tasks) => tasks.length > 0,
      90
    );
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
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

  test('SQL over events is series over time, and its columns are the values of a variable', async ({
    api,
    page,
    picture,
  }) => {
    const sql = `SELECT $__timeGroup(time, 10s) AS time, event, count(*) AS events FROM events
      WHERE kind = 'task' AND framework = '$framework' GROUP BY 1, event ORDER BY 1`;
    await save(
      api,
      [
        panel(1, 'timeseries', 'Over time', { queryType: 'sql', format: 'time_series', sql }),
        panel(2, 'table', 'Of the variable', {
          queryType: 'sql',
          sql: `SELECT framework, state, tasks_running FROM frameworks WHERE framework = '$framework'`,
        }),
      ],
      {
        templating: {
          list: [
            {
              ...{ name: 'framework', type: 'query', datasource, refresh: 1 },
              query: {
                refId: 'V',
                queryType: 'variable',
                version: 1,
                variable: { sql: 'SELECT framework FROM frameworks' },
              },
            },
          ],
        },
      }
    );
    await page.goto(`/d/${dashboard.uid}?var-framework=marathon`);
    await expect(page.getByTestId(panelOf('Over time')).locator('.u-over').first()).toBeVisible();
    await expect(
      page.getByTestId(panelOf('Of the variable')).getByRole('gridcell', { name: 'marathon', exact: true })
    ).toBeVisible();
    await expect(page.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('sql-time-series', page);
  });

  test('a topology is a node graph in a panel and in Explore, and a node leads to its tasks', async ({
    api,
    page,
    picture,
  }) => {
    const place = { gridPos: { x: 0, y: 0, w: 24, h: 20 } };
    await save(api, [panel(1, 'nodeGraph', 'Frameworks and agents', { queryType: 'topology' }, place)]);
    await page.goto(`/d/${dashboard.uid}`);
    const graph = page.getByTestId(panelOf('Frameworks and agents'));
    const marathon = graph.getByLabel(/^Node: marathon/);
    await expect(marathon).toContainText(/^\d+ tasks/);
    await expect(marathon).toContainText(/\d CPUs/);
    await expect(graph.getByLabel(/^Node: agent1.example.com/)).toBeVisible();
    await marathon.click(); // waits until the layout is done
    await expect(page.getByText('Memory allocated')).toBeVisible();
    await picture('topology', page);
    await page.getByRole('link', { name: 'Tasks', exact: true }).click();
    await expect(page.getByRole('gridcell', { name: /^marathon\./ }).first()).toBeVisible();
    expect(new URL(page.url()).pathname).toBe('/explore');

    await page.goto(explore({ queryType: 'topology' }));
    await expect(page.getByLabel(/^Node: marathon/)).toBeVisible();
    await picture('explore-topology', page);
  });

  test('a log is shown with the lines around a line, and followed by the button Live', async ({
    api,
    page,
    picture,
  }) => {
    await page.goto(explore({ queryType: 'logs', taskId: await runningTask(api), file: 'stdout' }));
    const line = /\dZ INFO/;
    await expect(page.getByText(line).nth(3)).toBeVisible();
    await picture('explore-log', page);

    await page.getByRole('button', { name: 'Log menu' }).nth(3).click();
    await page.getByRole('menuitem', { name: 'Show context' }).click();
    const context = page.getByRole('dialog', { name: 'Log context' });
    await expect.poll(() => context.getByText(line).count()).toBeGreaterThan(10);
    await picture('explore-log-context', page);
    await context.getByRole('button', { name: 'Close' }).first().click();

    await page.getByRole('button', { name: 'Start live stream your logs' }).click();
    await expect(page.getByRole('button', { name: 'Stop and exit the live stream' })).toBeVisible();
    await expect.poll(() => page.getByText(line).count()).toBeGreaterThan(10);
    const before = await newest(page);
    await expect.poll(() => newest(page), { timeout: 90_000 }).not.toBe(before);
    await picture('explore-log-live', page);
  });

  test('what is selected in a line of a log keeps the lines with it, and a label of the log leaves none out', async ({
    api,
    page,
    picture,
  }) => {
    await page.goto(explore({ queryType: 'logs', taskId: await runningTask(api), file: 'stdout' }));
    const word = await placeOf(page.getByText(/\dZ INFO/).first(), 'INFO');
    await page.mouse.dblclick(word.x, word.y);
    await page.getByRole('menuitem', { name: 'Add as line contains filter' }).click();
    await expect.poll(() => queriesOf(page)[0]?.filter).toBe('INFO');
    const line = page.getByText('INFO', { exact: true }).first(); // Grafana marks what was looked for
    await expect(line).toBeVisible();
    await picture('explore-log-filter', page);

    await line.click();
    await page
      .getByRole('button', { name: /^Filter out value/ })
      .first()
      .click();
    await expect(page.getByText('The filter of a log keeps lines that contain a text')).toBeVisible();
    expect(queriesOf(page)[0]?.filter).toBe('INFO');
  });

  test('a log grows in the panel Logs', async ({ api, page, picture }) => {
    const target = { queryType: 'logs', taskId: await runningTask(api), file: 'stdout', live: true };
    await save(api, [panel(1, 'logs', 'Log', target, { gridPos: { x: 0, y: 0, w: 24, h: 20 } })]);
    await page.goto(`/d/${dashboard.uid}`);
    await expect(page.getByText(/\dZ INFO/).first()).toBeVisible();
    const before = await newest(page);
    await expect.poll(() => newest(page), { timeout: 90_000 }).not.toBe(before);
    await expect(page.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('logs-panel-live', page);
  });

  test('three clicks lead from the row of a failing framework to what its task wrote', async ({
    api,
    page,
    picture,
  }) => {
    const ended = 'mesos_framework_tasks_ended_total{state="failed"}';
    const place = { gridPos: { x: 0, y: 0, w: 24, h: 20 } };
    await eventually(
      'failed tasks that the leader counts',
      () => api.query(source.uid, [{ queryType: 'promql', expr: `${ended} offset 20s > 0`, instant: true }]),
      ({ results }) => (results.A?.frames?.[0]?.data.values.length ?? 0) > 0,
      120
    );
    const series = { queryType: 'promql', expr: `${ended} > 0`, instant: true, range: false, format: 'table' };
    await save(api, [panel(1, 'table', 'Failed tasks by framework', series, place)]);
    await page.goto(`/d/${dashboard.uid}`);
    const name = page.getByTestId(panelOf('Failed tasks by framework')).getByText('marathon', { exact: true }).first();
    await expect(name).toBeVisible();
    const link = page.getByRole('link', { name: 'Events of this framework' });
    await name.click(); // 1
    await expect(link).toBeVisible();
    await picture('three-clicks-1-series', page);
    await link.click(); // 2
    const log = page.getByRole('gridcell', { name: 'stderr', exact: true }).first();
    await expect(log).toBeVisible();
    expect(new URL(page.url()).pathname).toBe('/explore');
    expect(decodeURIComponent(page.url())).toContain('now-5m'); // that of the dashboard
    await expect(page.getByRole('gridcell', { name: 'failed', exact: true }).first()).toBeVisible();
    await picture('three-clicks-2-events', page);
    const row = page.getByRole('row').filter({ has: page.getByRole('gridcell', { name: 'failed', exact: true }) });
    await row.first().getByRole('gridcell', { name: 'stderr', exact: true }).getByRole('link').click(); // 3
    await expect(page.getByText(/ERROR exiting with status 1/).first()).toBeVisible();
    await picture('three-clicks-3-stderr', page);
  });

  test('a mark over a graph leads to the log of the task that it is about', async ({ api, context, page, picture }) => {
    const cpus = { queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' };
    const annotation = {
      ...{ name: 'Failed tasks', enable: true, iconColor: 'red', datasource },
      target: { refId: 'Anno', queryType: 'events', kinds: ['task'], severity: 'error' },
    };
    const place = { gridPos: { x: 0, y: 0, w: 24, h: 20 } };
    await save(api, [panel(1, 'timeseries', 'CPUs', cpus, place)], { annotations: { list: [annotation] } });
    await page.goto(`/d/${dashboard.uid}`);
    const marker = page.getByTestId(panelOf('CPUs')).getByTestId('data-testid annotation-marker').first();
    await expect(marker).toBeVisible();
    await marker.hover({ force: true, position: { x: 1, y: 1 } });
    // Of more marks than can be drawn one stands for several events, of which it tells three, each with its link.
    const link = page.getByRole('link', { name: 'Logs (stderr)' }).first();
    await expect(link).toBeVisible();
    await picture('mark', page);
    const opened = context.waitForEvent('page');
    await link.click();
    const tab = await opened;
    await expect(tab.getByText(/ERROR exiting with status 1/).first()).toBeVisible();
    expect(new URL(tab.url()).pathname).toBe('/explore');
    await picture('mark-log', tab);
  });

  test('answers of logs and topology have the fields that Grafana documents, and panels draw them', async ({
    api,
    page,
  }) => {
    const taskId = await runningTask(api);
    const fieldsOf = async (query: Query) =>
      (await api.query(source.uid, [query])).results.A?.frames?.map(({ schema }) =>
        schema.fields.map(({ name }) => name)
      ) ?? [];
    // https://grafana.com/developers/dataplane/logs, and
    // https://grafana.com/docs/grafana/latest/panels-visualizations/visualizations/node-graph
    const [lines] = await fieldsOf({ queryType: 'logs', taskId, file: 'stdout' });
    expect(lines).toEqual(['timestamp', 'body', 'severity', 'id', 'labels']);
    const [nodes, edges] = await fieldsOf({ queryType: 'topology' });
    const ofNodes = /^(id|title|subtitle|mainstat|secondarystat|color|icon|noderadius|highlighted)$|^(arc|detail)__/;
    const forLinks = ['tasks_where', 'rows'];
    expect(nodes.filter((name) => !ofNodes.test(name) && !forLinks.includes(name))).toEqual([]);
    expect(nodes).toEqual(expect.arrayContaining(['id', 'title', 'mainstat', 'arc__allocated']));
    const ofEdges = /^(id|source|target|mainstat|secondarystat|thickness|color|strokeDasharray|highlighted)$|^detail__/;
    expect(edges.filter((name) => !ofEdges.test(name))).toEqual([]);
    expect(edges).toEqual(expect.arrayContaining(['id', 'source', 'target']));

    const place = { gridPos: { x: 0, y: 0, w: 24, h: 20 } };
    await save(api, [panel(1, 'nodeGraph', 'Graph', { queryType: 'topology' }, place)]);
    await page.goto(`/d/${dashboard.uid}`);
    const node = page.getByLabel(/^Node: agent1.example.com/);
    await expect(node).toBeVisible();
    await expect(node.locator('path').first()).toBeAttached(); // its arcs
    await expect(page.getByLabel(/^Edge from: /).first()).toBeAttached();
    await page.goto(explore({ queryType: 'logs', taskId, file: 'stdout' }));
    await page
      .getByText(/\dZ INFO/)
      .first()
      .click();
    for (const label of ['task_id', 'agent', 'framework', 'file']) {
      await expect(page.getByText(label, { exact: true }).first(), label).toBeVisible();
    }
    await expect(page.getByText(taskId, { exact: true }).first()).toBeVisible();
  });

  test('three clicks lead from a framework whose tasks fail to what a task wrote', async ({ api, page, picture }) => {
    const place = { gridPos: { x: 0, y: 0, w: 24, h: 20 } };
    const events = {
      queryType: 'events',
      kinds: ['task'],
      format: 'table',
      filters: [{ label: 'event', operator: '=', value: 'failed' }],
    };
    await save(api, [panel(1, 'table', 'Failed tasks', events, place)]);
    await page.goto(`/d/${dashboard.uid}`);
    const failed = page
      .getByTestId(panelOf('Failed tasks'))
      .getByRole('row', { name: /marathon/ })
      .first();
    await expect(failed).toBeVisible();
    await failed.getByText('search', { exact: true }).click();
    await expect(page.getByRole('link', { name: 'Logs (stderr)' })).toBeVisible();
    await picture('three-clicks-task', page);
    await page.getByRole('link', { name: 'Logs (stderr)' }).click();
    await expect(page.getByText(/ERROR exiting with status 1/).first()).toBeVisible();
    expect(decodeURIComponent(page.url())).toContain('now-5m'); // that of the dashboard
    await picture('three-clicks-log', page);
  });

  test('the editors fit, in both themes and in a narrow window', async ({ api, page, picture }) => {
    const taskId = await runningTask(api);
    const table = {
      queryType: 'table',
      table: 'tasks',
      columns: ['task_id', 'state'],
      filters: [{ label: 'state', operator: '=', value: 'running' }],
      orderBy: [{ column: 'task_id' }],
    };
    const editors: Array<[string, Query, Locator]> = [
      ['table', table, page.getByTestId('compiled-sql')],
      ['sql', { queryType: 'sql', sql: FAILED }, page.locator('.monaco-editor').first()],
      ['logs', { queryType: 'logs', taskId }, page.getByRole('combobox', { name: 'File' })],
      [
        'topology',
        { queryType: 'topology', groupBy: ['role', 'agent'] },
        page.getByRole('combobox', { name: 'Nodes' }),
      ],
    ];
    for (const [theme, width] of [
      ['dark', 1500],
      ['light', 1500],
      ['dark', 900],
    ] as const) {
      await page.setViewportSize({ width, height: 1000 });
      for (const [name, query, shown] of editors) {
        await page.goto(`${explore(query)}&theme=${theme}`);
        await expect(shown).toBeVisible();
        await expect(page.getByText(/unexpected error/)).toHaveCount(0);
        const { scroll, client } = await page.evaluate(() => ({
          scroll: document.documentElement.scrollWidth,
          client: document.documentElement.clientWidth,
        }));
        expect(scroll, `${name} at ${width}`).toBeLessThanOrEqual(client);
        await picture(`editor-${name}-${theme}-${width}`, page);
      }
    }
  });

  test('a rule over SQL fires', async ({ api, page, picture }) => {
    const uid = 'mesos-e2e-sql-rule';
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.call('POST', '/api/folders', folder);
    const failed: Query = {
      ...{ queryType: 'sql', format: 'numeric' },
      sql: `SELECT framework, count(*) AS failed FROM events WHERE event = 'failed' GROUP BY framework`,
    };
    await writeRules(api, folder.uid, 'sql', [
      { uid, title: 'tasks of a framework fail', data: [asked(source.uid, 60, failed), threshold('A', 'gt', 0)] },
    ]);
    const [rule] = await eventually(
      'the rule over SQL',
      () => api.rules(folder.uid),
      ([one]) => one?.state === 'firing',
      120
    );
    expect(rule.health).toBe('ok');
    const firing = (rule.alerts ?? []).filter(({ state }) => state.startsWith('Alerting'));
    expect(firing.map(({ labels }) => labels.framework)).toEqual(['marathon']);
    await page.goto(`/alerting/grafana/${uid}/view`);
    await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
    await picture('sql-rule-fires', page);
  });
});
