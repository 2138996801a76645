// The tutorial, as docs/tutorial.md tells it, by clicks alone: from a fresh data
// source to a dashboard with four panels, a variable and an alert rule. Its steps are
// the page's headings (tools/scripts/tutorial.test.ts).
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { Locator, Page } from '@playwright/test';
import { type DashboardPage, type PanelEditPage, VariableEditPage } from '@grafana/plugin-e2e';

import { root } from '../../tools/scripts/build.ts';
import { eventually, type GrafanaApi, type Query } from './api.ts';
import { expect, test } from './fixtures.ts';

const name = 'Mesos tutorial';
const title = 'My cluster (tutorial)';
const folder = 'Mesos (tutorial)';

const pictures = path.join(root, 'test-results', 'pictures', 'tutorial');

async function forget(api: GrafanaApi) {
  for (const { uid } of await api.call<Array<{ uid: string }>>(
    'GET',
    `/api/search?type=dash-db&query=${encodeURIComponent(title)}`
  )) {
    await api.forget(`/api/dashboards/uid/${uid}`);
  }
  const folders = await api.call<Array<{ uid: string; title: string }>>('GET', '/api/folders?limit=1000');
  for (const { uid } of folders.filter((one) => one.title === folder)) {
    await api.forget(`/api/folders/${uid}?forceDeleteRules=true`);
  }
  const sources = await api.call<Array<{ uid: string; name: string }>>('GET', '/api/datasources');
  for (const { uid } of sources.filter((one) => one.name === name)) {
    await api.forget(`/api/datasources/uid/${uid}`);
  }
}

test.beforeEach(({ api }) => forget(api));
test.afterEach(({ api }) => forget(api));

async function choose(page: Page, row: Locator, field: string, option: string | RegExp) {
  await row.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Chooses what the panel shows. The choice is open in a new panel, where plugin-e2e's setVisualization closes it. */
async function choosePanel(page: Page, visualization: string) {
  const all = page.getByRole('tab', { name: 'All visualizations' });
  const header = page.getByTestId('data-testid Panel editor OptionsPane header');
  await expect(all.or(header)).toBeVisible();
  if (await header.isVisible()) {
    await page.getByRole('button', { name: 'Change visualization' }).click();
  }
  await all.click();
  await page.getByTestId(`data-testid Plugin visualization item ${visualization}`).click();
  await expect(header).toHaveText(visualization);
}

/** Adds a panel and returns its editor's query row. */
async function addPanel(
  dashboard: DashboardPage,
  panelTitle: string,
  visualization = 'Time series'
): Promise<{ edit: PanelEditPage; row: Locator }> {
  const edit = await dashboard.addPanel();
  await edit.datasource.set(name);
  await choosePanel(dashboard.ctx.page, visualization);
  await edit.setPanelTitle(panelTitle);
  return { edit, row: edit.getQueryEditorRow('A') };
}

test('a new user comes from a fresh data source to a dashboard with four panels, a variable and an alert rule', async ({
  alertRuleEditPage,
  api,
  dashboardPage,
  page,
  replay,
}) => {
  test.setTimeout(900_000);
  page.setDefaultTimeout(60_000);
  mkdirSync(pictures, { recursive: true });
  let count = 0;
  const step = (text: string, act: () => Promise<void>) =>
    test.step(text, async () => {
      await act();
      count++;
      await page.screenshot({ path: path.join(pictures, `${count}.jpg`), type: 'jpeg', quality: 60 });
    });
  const canvas = (edit: PanelEditPage) => edit.panel.locator.locator('canvas').first();

  await step('Add the data source', async () => {
    await page.goto('/connections/datasources/new');
    await page.getByPlaceholder(/Filter by name or type/).fill('Mesos');
    await page
      .getByRole('button', { name: /Apache Mesos/ })
      .first()
      .click();
    await page.getByTestId('data-testid Data source settings page name input field').fill(name);
    await page.getByRole('textbox', { name: 'Master 1' }).fill(replay.masters[0]);
    await page.getByTestId('data-testid Data source settings page Save and Test button').click();
    await expect(page.getByTestId('data-testid Alert success').or(page.getByRole('status')).first()).toContainText(
      /agents/
    );
  });

  await step('See who holds the CPUs', async () => {
    await dashboardPage.goto();
    const { edit, row } = await addPanel(dashboardPage, 'CPU by framework');
    await expect(row.getByTestId('compiled-promql')).toContainText('mesos_framework_cpus_allocated');
    await expect(async () => {
      await page.getByRole('button', { name: 'Refresh', exact: true }).click({ timeout: 2000 });
      await expect(canvas(edit)).toBeVisible({ timeout: 3000 });
    }).toPass({ timeout: 120_000 });
    await edit.backToDashboard();
  });

  await step('Find the fullest agents', async () => {
    const { edit, row } = await addPanel(dashboardPage, 'Fullest agents');
    await choose(page, row, 'Entity', 'Agent');
    await choose(page, row, 'Resource', 'Memory');
    await choose(page, row, 'Measure', 'Utilization');
    // At once after a choice: the number was lost (src/query/useChanges.ts).
    const top = row.getByRole('spinbutton', { name: 'Top' });
    await top.fill('5');
    await top.press('Enter');
    await expect(top).toHaveValue('5');
    await expect(row.getByTestId('compiled-promql')).toContainText(/capacity.*topk\(5/s);
    await row.getByRole('button', { name: 'Run queries' }).click();
    await expect(canvas(edit)).toBeVisible();
    await edit.backToDashboard();
  });

  await step('List the tasks', async () => {
    const { edit, row } = await addPanel(dashboardPage, 'Tasks', 'Table');
    await row.getByRole('radio', { name: 'Tables' }).check({ force: true });
    await row.getByRole('button', { name: 'Run queries' }).click();
    await expect(page.getByRole('gridcell').first()).toBeVisible();
    await edit.backToDashboard();
  });

  await step('See what happens', async () => {
    const { edit, row } = await addPanel(dashboardPage, 'What happens', 'Table');
    await row.getByRole('radio', { name: 'Events' }).check({ force: true });
    await choose(page, row, 'Format', /^Table/); // an option's name has its description
    await row.getByRole('button', { name: 'Run queries' }).click();
    await expect(edit.panel.getErrorIcon()).toHaveCount(0);
    await edit.backToDashboard();
  });

  let uid = '';
  await step('Save the dashboard', async () => {
    await page.getByTestId('data-testid Save dashboard button').first().click();
    await page.getByRole('textbox', { name: 'Title' }).fill(title);
    const saved = page.waitForResponse(
      (response) => response.request().method() === 'POST' && /dashboards/.test(response.url())
    );
    await page.getByTestId('data-testid Save dashboard drawer button').click();
    expect((await saved).ok()).toBe(true);
    [{ uid }] = await eventually(
      'the saved dashboard',
      () => api.call<Array<{ uid: string }>>('GET', `/api/search?query=${encodeURIComponent(title)}`),
      (found) => found.length === 1,
      30
    );
    await expect(page.getByTestId('data-testid Panel header Tasks')).toBeVisible();
  });

  await step('Add a variable', async () => {
    const variable = new VariableEditPage(dashboardPage.ctx, { dashboard: { uid }, id: '0' });
    await page.goto(`/d/${uid}?editview=variables`);
    await page
      .getByRole('button', { name: /Add variable/ })
      .or(page.getByRole('link', { name: /Add variable/ }))
      .first()
      .click();
    await page.getByRole('textbox', { name: 'Name' }).first().fill('framework');
    await variable.datasource.set(name);
    await expect(page.getByRole('radio', { name: 'Entities' })).toBeChecked();
    await expect(page.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
    await page.getByRole('button', { name: 'Run query' }).click();
    await expect(page.getByText('marathon').first()).toBeVisible();
    await page.getByTestId('data-testid Back to dashboard button').first().click();
    await expect(page.getByTestId('data-testid Panel header Tasks')).toBeVisible();
  });

  await step('Let the variable choose what the first panel shows', async () => {
    const panel = dashboardPage.getPanelByTitle('CPU by framework');
    await panel.locator.hover();
    await panel.clickOnMenuItem('Edit');
    const row = page.getByTestId('query-editor-row').first();
    await row.getByRole('button', { name: 'Add filter' }).click();
    await choose(page, row, 'Label of the filter', 'framework');
    await row.getByRole('combobox', { name: 'Values of framework' }).click();
    await page.getByRole('option', { name: /^\$framework/ }).click();
    await page.keyboard.press('Escape');
    await expect(row.getByTestId('compiled-promql')).toContainText('framework');
    await page.getByTestId('data-testid Back to dashboard button').first().click();
    await page.getByTestId('data-testid Save dashboard button').first().click();
    await page.getByTestId('data-testid Save dashboard drawer button').click();
    const stored = () =>
      api.call<{ dashboard: { panels: Array<{ title: string; targets: Query[] }> } }>(
        'GET',
        `/api/dashboards/uid/${uid}`
      );
    const { dashboard } = await eventually(
      'the filter in the saved dashboard',
      stored,
      (found) => found.dashboard.panels.some(({ targets }) => JSON.stringify(targets).includes('$framework')),
      60
    );
    expect(dashboard.panels.map((one) => one.title).sort()).toEqual(
      ['CPU by framework', 'Fullest agents', 'Tasks', 'What happens'].sort()
    );
  });

  await step('Make an alert rule of the second panel', async () => {
    await page.goto(`/d/${uid}`);
    const panel = dashboardPage.getPanelByTitle('Fullest agents');
    await panel.locator.hover();
    await panel.clickOnMenuItem('New alert rule', { parentItem: 'More...' });
    const notice = page.getByTestId('rule-notice');
    await expect(notice).toContainText('The rule reads a range', { timeout: 60_000 });
    await notice.getByRole('button', { name: 'Read the current value' }).click();
    await expect(notice).toContainText(/Numbers that a rule reads now: [1-9]/);
    const evaluated = page.waitForResponse((response) => response.url().includes('/api/v1/eval'));
    await page.getByTestId('data-testid alert-rule preview-button').click();
    expect((await evaluated).status()).toBe(200);
  });

  await step('Save the rule', async () => {
    await alertRuleEditPage.alertRuleNameField.fill('An agent is full (tutorial)');
    const part = (of: string) => page.getByTestId(`data-testid alert-rule ${of}`);
    await page.getByRole('button', { name: 'New folder' }).click();
    await part('name-folder-name-field').fill(folder);
    await part('name-folder-name-create-button').click();
    await part('new-evaluation-group-button').click();
    await part('new-evaluation-group-name').fill('tutorial');
    await part('new-evaluation-group-interval').fill('10s');
    await part('new-evaluation-group-create-button').click();
    // Notification policies instead of a contact point, of which a new Grafana has none.
    await page.getByTestId('data-testid advanced-mode-switch step-5').check({ force: true });
    const saved = page.waitForResponse(
      (response) => response.request().method() === 'POST' && response.url().includes('/api/ruler/grafana/')
    );
    await page.getByTestId('save-rule').click();
    const { created } = (await (await saved).json()) as { created: string[] };
    const rule = await api.call<{ folderUID: string; data: Array<{ model: Query }> }>(
      'GET',
      `/api/v1/provisioning/alert-rules/${created[0]}`
    );
    expect(rule.data[0].model).toMatchObject({ entity: 'agent', measure: 'utilization', top: 5, instant: true });
    await eventually(
      'an evaluation of the rule',
      () => api.rules(rule.folderUID),
      ([found]) => found?.health === 'ok',
      120
    );
  });
});
