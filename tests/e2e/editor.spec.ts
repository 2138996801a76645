// The frontend in Grafana: query editor, Explore, variable, config editor.
import { queriesOf } from './explore.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';

const explore = (query: object) =>
  `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(
    JSON.stringify({
      a: {
        datasource: source.uid,
        queries: [{ refId: 'A', datasource: { uid: source.uid }, ...query }],
        range: { from: 'now-5m', to: 'now' },
      },
    })
  )}`;

test('a new panel opens with a query that works, and the builder changes it', async ({
  mesos,
  panelEditPage,
  page,
  picture,
}) => {
  await panelEditPage.datasource.set(mesos.name);
  const row = panelEditPage.getQueryEditorRow('A');
  await expect(row.getByTestId('compiled-promql')).toContainText('mesos_framework_cpus_allocated');
  const answer = (press: () => Promise<void>) =>
    Promise.all([
      page.waitForResponse((response) => response.url().includes('/api/ds/query'), { timeout: 20_000 }),
      press(),
    ]);
  // The history may be younger than a step of six hours. The button cancels while queries run, and has another name then.
  await expect(async () => {
    const [response] = await answer(() => page.getByRole('button', { name: 'Refresh', exact: true }).click());
    expect(response.status()).toBe(200);
    await expect(panelEditPage.panel.locator.locator('canvas').first()).toBeVisible({ timeout: 3000 });
  }).toPass({ timeout: 90_000 });
  await expect(panelEditPage.panel.getErrorIcon()).toHaveCount(0);

  await row.getByRole('combobox', { name: 'Entity' }).click();
  await page.getByRole('option', { name: 'Agent', exact: true }).click();
  await expect(row.getByTestId('compiled-promql')).toContainText('mesos_agent_cpus_allocated');
  const [response] = await answer(() => row.getByRole('button', { name: 'Run queries' }).click());
  expect(response.status()).toBe(200);
  await expect(panelEditPage.panel.locator.locator('canvas').first()).toBeVisible();
  await expect(panelEditPage.panel.getErrorIcon()).toHaveCount(0);
  await picture('editor', page);
});

test('Explore draws both kinds of query, and code keeps what the builder compiled to', async ({
  mesos,
  page,
  picture,
}) => {
  await page.goto(explore({ queryType: 'promql', expr: 'sum by (agent) (mesos_agent_cpus_allocated)' }));
  await expect(page.getByText('agent', { exact: false }).first()).toBeVisible();
  await expect(page.locator('.u-over').first()).toBeVisible();

  await page.goto(explore(cpusByFramework));
  await expect(page.locator('.u-over').first()).toBeVisible();
  await expect(page.getByTestId('compiled-promql')).toContainText('mesos_framework_cpus_allocated');
  await picture('explore', page);
  await page.getByRole('radio', { name: 'Code' }).check({ force: true });
  await expect(page.locator('.monaco-editor').first()).toContainText('sum by (framework)');
  expect(mesos.uid).toBe(source.uid);
});

test('a wrong query shows the message of the plugin on the panel', async ({ mesos, page }) => {
  await page.goto(explore({ queryType: 'promql', expr: 'sum by (framework' }));
  await expect(page.getByText(/not valid PromQL/).first()).toBeVisible();
  expect(mesos.uid).toBe(source.uid);
});

test('the settings page names what is wrong, and Save & test shows what was found', async ({
  api,
  atEnd,
  createDataSourceConfigPage,
  page,
  picture,
  replay,
}) => {
  const name = 'Mesos (e2e, settings)';
  const forget = async () => {
    const old = await api.request('GET', `/api/datasources/name/${encodeURIComponent(name)}`);
    if (old.status === 200) {
      await api.forget(`/api/datasources/uid/${(old.body as { uid: string }).uid}`);
    }
  };
  await forget();
  atEnd(forget);
  const config = await createDataSourceConfigPage({ type: 'community-mesos-datasource', name });
  await page.getByRole('textbox', { name: 'Master 1' }).fill('http://127.0.0.1:1');
  await expect(config.saveAndTest()).not.toBeOK();
  await expect(config).toHaveAlert('error', { hasText: '127.0.0.1:1' });

  await page.getByRole('textbox', { name: 'Master 1' }).fill(replay.masters[0]);
  await expect(config.saveAndTest()).toBeOK();
  await expect(config).toHaveAlert('success', { hasText: /agents/ });
  await picture('config-editor', page);

  await page.getByRole('button', { name: 'Expand section Agents' }).click();
  await page.getByLabel('Agent statistics').press('Space');
  await page.getByRole('button', { name: 'Add agent header' }).click();
  await page.getByLabel('Agent header 1', { exact: true }).fill('Authorization');
  await page.getByLabel('Value of agent header 1').fill('token=secret');
  await expect(config.saveAndTest()).toBeOK();
  const { jsonData, secureJsonFields } = await api.call<{ jsonData: object; secureJsonFields: object }>(
    'GET',
    `/api/datasources/name/${encodeURIComponent(name)}`
  );
  expect(jsonData).toMatchObject({ agentStatistics: true, agentHeaders: ['Authorization'] });
  expect(secureJsonFields).toEqual({ agentHeaderValue1: true });
  await page.getByRole('button', { name: 'Add agent header' }).scrollIntoViewIfNeeded();
  await picture('agent-headers', page);
});

test('a panel that does not draw the answer says which one does, until it is that one', async ({
  mesos,
  page,
  panelEditPage,
}) => {
  await panelEditPage.datasource.set(mesos.name);
  const row = panelEditPage.getQueryEditorRow('A');
  await row.getByRole('radio', { name: 'Tables' }).check({ force: true });
  await row.getByRole('button', { name: 'Run queries' }).click();
  const advice = row.getByTestId('query-advice');
  await expect(advice).toContainText('Time series is not made for rows: choose the visualization Table');
  await page.screenshot({ path: test.info().outputPath('advice.png') });
  // Beside a new panel the list of visualizations is open.
  await page.getByTestId('data-testid Plugin visualization item Table').click();
  await row.getByRole('button', { name: 'Run queries' }).click();
  await expect(advice).toHaveCount(0);
  await row.getByRole('radio', { name: 'Logs' }).check({ force: true });
  await expect(advice).toContainText('The logs of tasks are not shown'); // nobody may read them there
});

test('a choice in Explore is reported once, however short the click is', async ({ mesos, page }) => {
  const query = { queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' };
  await page.goto(explore(query));
  const entity = page.getByRole('combobox', { name: 'Entity' });
  await expect(entity).toHaveValue('Framework');
  await expect(page.getByRole('heading', { name: 'Graph' })).toBeVisible();
  for (const name of ['Agent', 'Role', 'Framework']) {
    await entity.click();
    await page
      .getByRole('option', { name: new RegExp(`^${name}`) })
      .first()
      .click();
    await expect(entity).toHaveValue(name);
  }
  // Reports without end are an error of React's, and Explore is gone.
  await expect(page.getByText('An unexpected error happened')).toHaveCount(0);
  expect(queriesOf(page)[0]).toMatchObject(query);
});
