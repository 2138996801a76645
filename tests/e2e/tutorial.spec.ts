// The tutorial, as docs/tutorial.md tells it, by clicks alone: from a fresh data
// source to a dashboard with four panels, a variable and an alert rule. Its steps are
// the page's headings (tools/scripts/tutorial.test.ts). Each step leaves a picture in
// test-results/pictures/tutorial, from which those in docs/img/tutorial are made.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import type { Locator, Page } from '@playwright/test';

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

/** Replaces a text of the page, in its fields too. */
async function replaceShown(page: Page, from: string, to: string) {
  await page.evaluate(
    ([was, is]) => {
      const texts = document.createTreeWalker(document.body, NodeFilter.SHOW_TEXT);
      while (texts.nextNode()) {
        const { currentNode } = texts;
        if (currentNode.nodeValue?.includes(was)) {
          currentNode.nodeValue = currentNode.nodeValue.replaceAll(was, is);
        }
      }
      for (const field of document.querySelectorAll('input')) {
        if (field.value.includes(was)) {
          field.value = field.value.replaceAll(was, is);
        }
      }
    },
    [from, to]
  );
}

/** Opens a page by Grafana's menu. */
const open = (page: Page, link: string) =>
  page.getByRole('navigation').first().getByRole('link', { name: link, exact: true }).click();

/** Chooses from the menu that is open. */
const pick = (page: Page, choice: string) => page.getByRole('menu').last().getByText(choice, { exact: true }).click();

/** Chooses an option of a field of the query. */
async function choose(page: Page, row: Locator, field: string, option: string | RegExp) {
  await row.getByRole('combobox', { name: field, exact: true }).click();
  await page.getByRole('option', { name: option, exact: true }).click();
}

/** Chooses the new panel's visualization, of the list that is open beside it, and writes its title. */
async function choosePanel(page: Page, visualization: string, panelTitle: string) {
  await page.getByTestId(`data-testid Plugin visualization item ${visualization}`).click();
  const field = page.getByTestId('data-testid Panel editor option pane field input Title');
  await field.fill(panelTitle);
  await field.press('Tab');
  await expect(page.getByTestId(`data-testid Panel header ${panelTitle}`)).toBeVisible();
}

/** Adds another panel to the dashboard. It has the data source of the one before. */
async function addPanel(page: Page, visualization: string, panelTitle: string): Promise<Locator> {
  await page.getByRole('button', { name: 'Add', exact: true }).click();
  await pick(page, 'Visualization');
  await choosePanel(page, visualization, panelTitle);
  return page.getByTestId('query-editor-row').first();
}

const back = (page: Page) => page.getByTestId('data-testid Back to dashboard button').first().click();

/** Opens the menu of a panel and chooses from it. */
async function ofPanel(page: Page, panelTitle: string, ...choices: string[]) {
  const panel = page.getByTestId(`data-testid Panel header ${panelTitle}`);
  await panel.hover();
  await panel.getByRole('button', { name: /Menu/ }).click();
  for (const [at, choice] of choices.entries()) {
    const item = page.getByRole('menuitem').getByText(choice, { exact: true });
    await (at < choices.length - 1 ? item.hover() : item.click());
  }
}

async function saveDashboard(page: Page) {
  const saved = page.waitForResponse(
    (response) => ['POST', 'PUT'].includes(response.request().method()) && /dashboards/.test(response.url())
  );
  await page.getByTestId('data-testid Save dashboard drawer button').click();
  expect((await saved).ok()).toBe(true);
}

test.use({ viewport: { width: 1280, height: 1000 } });

test('a new user comes from a fresh data source to a dashboard with four panels, a variable and an alert rule', async ({
  api,
  page,
  replay,
}) => {
  test.setTimeout(900_000);
  page.setDefaultTimeout(60_000);
  mkdirSync(pictures, { recursive: true });
  const own = new URL(replay.masters[0]).host;
  let count = 0;
  // The picture has an address that a reader knows instead of the test's own.
  const step = (text: string, act: () => Promise<Locator | void>) =>
    test.step(text, async () => {
      const shown = await act();
      await expect(page.getByRole('button', { name: 'Close alert' })).toHaveCount(0);
      await shown?.scrollIntoViewIfNeeded();
      count++;
      await replaceShown(page, own, 'master1:5050');
      await page.screenshot({ path: path.join(pictures, `${count}.png`), animations: 'disabled' });
      await replaceShown(page, 'master1:5050', own);
    });
  const row = page.getByTestId('query-editor-row').first();
  const panel = (of: string) => page.getByTestId(`data-testid Panel header ${of}`);
  const graph = (of: string) => panel(of).locator('canvas').first();
  const run = () => row.getByRole('button', { name: 'Run queries' }).click();

  await page.goto('/');
  await step('Add the data source', async () => {
    await open(page, 'Connections');
    await page.getByRole('main').getByText('Add new connection', { exact: true }).click();
    await page.getByPlaceholder('Search Grafana plugins').fill('Mesos');
    await page.getByRole('link', { name: /Apache Mesos/ }).click();
    await page.getByRole('button', { name: 'Add new data source' }).click();
    await page.getByRole('textbox', { name: 'Name', exact: true }).fill(name);
    await page.getByRole('textbox', { name: 'Master 1' }).fill(replay.masters[0]);
    await page.getByRole('button', { name: 'Save & test' }).click();
    const report = page.getByRole('region', { name: 'What Save & test found' });
    await expect(report).toContainText(/agents/i);
    const said = page.getByTestId('data-testid Data source settings page Alert');
    await expect(said).toContainText(/agents/);
    return said;
  });

  await step('See who holds the CPUs', async () => {
    await open(page, 'Dashboards');
    await page.getByRole('main').getByRole('button', { name: 'New', exact: true }).click();
    await pick(page, 'New dashboard');
    await page.getByRole('button', { name: 'Add visualization' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: new RegExp(`^${name}`) })
      .click();
    await choosePanel(page, 'Time series', 'CPU by framework');
    await expect(row.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
    await expect(row.getByRole('combobox', { name: 'Resource' })).toHaveValue('CPU');
    await expect(row.getByRole('combobox', { name: 'Measure' })).toHaveValue('Allocated');
    await expect(row.getByTestId('compiled-promql')).toContainText('mesos_framework_cpus_allocated');
    await page.getByRole('button', { name: /^Time range selected/ }).click();
    await page.getByText('Last 5 minutes', { exact: true }).click();
    await expect(async () => {
      await page.getByRole('button', { name: 'Refresh', exact: true }).click({ timeout: 2000 });
      await expect(graph('CPU by framework')).toBeVisible({ timeout: 3000 });
    }).toPass({ timeout: 120_000 });
  });

  await step('Find the fullest agents', async () => {
    await back(page);
    await addPanel(page, 'Time series', 'Fullest agents');
    await choose(page, row, 'Entity', 'Agent');
    await choose(page, row, 'Resource', 'Memory');
    await choose(page, row, 'Measure', 'Utilization');
    await expect(row.getByTestId('compiled-promql')).toContainText('capacity');
    const top = row.getByRole('textbox', { name: 'Top' });
    await top.fill('5');
    await top.press('Tab');
    await expect(row.getByTestId('compiled-promql')).toContainText('topk(5');
    await run();
    await expect(graph('Fullest agents')).toBeVisible();
  });

  await step('List the tasks', async () => {
    await back(page);
    await addPanel(page, 'Table', 'Tasks');
    await row.getByRole('radio', { name: 'Tables' }).click();
    await run();
    await expect(panel('Tasks').getByRole('gridcell').first()).toBeVisible();
  });

  await step('See what happens', async () => {
    await back(page);
    await addPanel(page, 'Table', 'What happens');
    await row.getByRole('radio', { name: 'Events' }).click();
    await choose(page, row, 'Format', /^Table/); // an option's name has its description
    await run();
    await expect(panel('What happens').getByRole('gridcell').first()).toBeVisible();
  });

  let uid = '';
  await step('Save the dashboard', async () => {
    await back(page);
    await page.getByTestId('data-testid Save dashboard button').first().click();
    await page.getByRole('textbox', { name: 'Title' }).fill(title);
    await saveDashboard(page);
    [{ uid }] = await eventually(
      'the saved dashboard',
      () => api.call<Array<{ uid: string }>>('GET', `/api/search?query=${encodeURIComponent(title)}`),
      (found) => found.length === 1,
      30
    );
    await expect(page.getByRole('button', { name: 'Close alert' })).toHaveCount(0);
    await expect(graph('CPU by framework')).toBeVisible();
    await expect(panel('Tasks').getByRole('gridcell').first()).toBeVisible();
  });

  await step('Add a variable', async () => {
    const edit = page.getByRole('button', { name: 'Edit', exact: true });
    const settings = page.getByRole('button', { name: 'Settings', exact: true });
    await expect(edit.or(settings).first()).toBeVisible();
    if (await edit.isVisible()) {
      await edit.click();
    }
    await settings.click();
    await page.getByRole('tab', { name: 'Variables' }).click();
    await page
      .getByRole('button', { name: 'Add variable' })
      .or(page.getByRole('link', { name: 'Add variable' }))
      .first()
      .click();
    await page.getByRole('textbox', { name: 'Name' }).first().fill('framework');
    await page.getByRole('textbox', { name: 'Select a data source' }).click();
    await page.getByRole('button', { name: new RegExp(`^${name}`) }).click();
    await expect(page.getByRole('radio', { name: 'Entities' })).toBeChecked();
    await expect(page.getByRole('combobox', { name: 'Entity' })).toHaveValue('Framework');
    const ask = page.getByRole('button', { name: 'Run query' });
    await ask.click();
    await expect(page.getByText('marathon').first()).toBeVisible();
    return page.getByRole('combobox', { name: 'Entity' });
  });

  await step('Let the variable choose what the first panel shows', async () => {
    await back(page);
    await ofPanel(page, 'CPU by framework', 'Edit');
    await row.getByRole('button', { name: 'Add filter' }).click();
    await choose(page, row, 'Label of the filter', 'framework');
    await choose(page, row, 'Values of framework', /^\$framework/);
    await page.keyboard.press('Escape');
    await expect(row.getByTestId('compiled-promql')).toContainText('framework=');
    await run();
    await back(page);
    await page.getByTestId('data-testid Save dashboard button').first().click();
    await saveDashboard(page);
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
    await expect(graph('CPU by framework')).toBeVisible();
    // The first framework of the list is chosen.
    await expect(panel('CPU by framework').getByRole('button', { name: 'cassandra' })).toHaveCount(0);
  });

  await step('Make an alert rule of the second panel', async () => {
    await ofPanel(page, 'Fullest agents', 'More...', 'New alert rule');
    const notice = page.getByTestId('rule-notice');
    await expect(notice).toContainText('The rule reads a range');
    await notice.getByRole('button', { name: 'Read the current value' }).click();
    await expect(notice).toContainText('Top keeps 5');
    await notice.getByRole('button', { name: 'Read all series' }).click();
    await expect(row.getByTestId('compiled-promql')).not.toContainText('topk');
    await expect(notice).toContainText(/Numbers that a rule reads now: [1-9]/);
    // Grafana's field of the threshold has no name.
    const threshold = page.getByRole('button', { name: 'Is above' }).locator('xpath=following::input[1]');
    const preview = page.getByTestId('data-testid alert-rule preview-button');
    const state = (is: string) => page.getByText(is, { exact: true }).first();
    await threshold.fill('0.1');
    await preview.click();
    await expect(state('Firing')).toBeVisible();
    await threshold.fill('0.9');
    await preview.click();
    await expect(state('Firing')).toHaveCount(0);
    await expect(state('Normal')).toBeVisible();
    return state('Normal');
  });

  await step('Save the rule', async () => {
    await page.getByTestId('data-testid alert-rule name-field').fill('An agent is full (tutorial)');
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
    expect(rule.data[0].model).toMatchObject({ entity: 'agent', measure: 'utilization', instant: true });
    expect(rule.data[0].model).not.toHaveProperty('top');
    await eventually(
      'an evaluation of the rule',
      () => api.rules(rule.folderUID),
      ([found]) => found?.health === 'ok',
      120
    );
  });
});
