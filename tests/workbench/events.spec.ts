// Events in the workbench, on a simulated cluster with history: annotations over
// the dashboard's graphs and over a panel's, and the editor with values from the event
// log. Expected is what the scenario does.
import { rmSync } from 'node:fs';

import { expect, type Locator, type Page } from '@playwright/test';

import { type Prefilled, startPrefilled } from '../../tools/prefill/prefilled.ts';
import { provisioningFor } from '../../tools/scripts/provision.ts';
import type { Scenario } from '../../tools/simulator/scenarios/scenario.ts';
import { startWorkbench, type Workbench } from '../../tools/workbench/start.ts';
import { test } from './fixtures.ts';

const minutes = (n: number) => n * 60;

/** When what happens, in seconds of the scenario. */
const at = {
  drains: minutes(3),
  reactivated: minutes(8),
  leaderDies: minutes(11),
  back: minutes(12),
  dies: minutes(15),
};

const scenario: Scenario = {
  name: 'events',
  about: 'an agent drains and is put back, the leader dies, another agent dies',
  plan: { masters: 3, agents: 6, tasks: 40 },
  length: minutes(22),
  steps: [
    { at: at.drains, do: 'agent drains', agent: 2, grace: 30 },
    { at: at.reactivated, do: 'agent is reactivated', agent: 2 },
    { at: at.leaderDies, do: 'leader dies' },
    { at: at.back, do: 'masters start' },
    { at: at.dies, do: 'agent dies', agent: 4 },
  ],
};

/** An agent by its number. */
const agent = (number: number) => `agent${number}.example.com`;

/** Seconds of the scenario before the history begins (tools/prefill/prefilled.ts). */
const LEAD = 60;

/** How long after a step it shows at the latest: two polls, and for leaders the detection and the election. */
const SHOWN_WITHIN = 90;

interface Mark {
  title: string;
  time: number;
  end: number;
}

async function marksOf(panel: Locator): Promise<Mark[]> {
  const marks = await panel.getByTestId('mark').evaluateAll((all) =>
    all.map(({ dataset: { title = '', time, end } }: HTMLElement | SVGElement) => ({
      title,
      time: Number(time) / 1000,
      end: Number(end) / 1000,
    }))
  );
  return marks.sort((a, b) => a.time - b.time);
}

let prefilled: Prefilled;
let workbench: Workbench;
let provisioning: string;

test.beforeAll(async ({ grafana }) => {
  test.setTimeout(600_000); // It builds what is outdated.
  prefilled = await startPrefilled({ scenario, hours: 1 / 3, port: 0 });
  provisioning = provisioningFor(prefilled.live.entry.masters, 'Mesos', prefilled.settings);
  workbench = await startWorkbench({
    provisioning,
    port: 0,
    development: true,
    grafana,
    history: prefilled.historyPath,
    log: () => undefined,
  });
  await prefilled.handOver();
});

test.afterAll(async () => {
  await workbench?.stop();
  await prefilled?.stop();
  if (provisioning) {
    rmSync(provisioning, { recursive: true });
  }
});

/** Opens the page on the whole history. */
async function open(page: Page, parameters: Record<string, unknown>) {
  const search = new URLSearchParams({ from: String((prefilled.start - LEAD) * 1000), to: 'now', refresh: '' });
  for (const [key, value] of Object.entries(parameters)) {
    search.set(key, typeof value === 'string' ? value : JSON.stringify(value));
  }
  await page.goto(`${workbench.url}/?${search}`);
}

/** Expects a mark that begins after a step. */
function expectAfter(mark: Mark | undefined, step: number) {
  const time = prefilled.start - LEAD + step;
  expect(mark?.time, mark?.title).toBeGreaterThanOrEqual(time);
  expect(mark?.time, mark?.title).toBeLessThanOrEqual(time + SHOWN_WITHIN);
}

test('the dashboard draws what happened over its graphs, and what lasted as a region', async ({ page }) => {
  await open(page, { tab: 'dashboard' });
  const panel = page.locator('[data-testid="dashboard-panel"][data-title="Utilization"]');
  await expect(panel.getByTestId('mark').first()).toBeVisible({ timeout: 60_000 });
  const marks = await marksOf(panel);
  const called = (text: string) => marks.filter(({ title }) => title.toLowerCase().includes(text));

  const [draining, ...moreDraining] = called('draining');
  expectAfter(draining, at.drains);
  expect(draining.title).toContain(agent(2));
  expect(draining.end).toBeGreaterThan(draining.time);
  expect(draining.end).toBeLessThan(prefilled.start - LEAD + at.reactivated);
  expect(moreDraining).toEqual([]);

  const [leads, ...moreLeaders] = called('lead');
  // From the last answer of the leader before to the first of this one.
  const died = prefilled.start - LEAD + at.leaderDies;
  expect(leads.time).toBeLessThanOrEqual(died + 1);
  expect(leads.time).toBeGreaterThan(died - SHOWN_WITHIN);
  expect(leads.end).toBeGreaterThan(died);
  expect(leads.end).toBeLessThanOrEqual(died + SHOWN_WITHIN);
  expect(moreLeaders).toEqual([]);

  const [disconnected] = called('disconnected').filter(({ title }) => title.includes(agent(4)));
  expectAfter(disconnected, at.dies);
  const [unreachable] = called('unreachable');
  expect(unreachable.title).toContain(agent(4));
  // One region follows the other.
  expect(unreachable.time).toBe(disconnected.end);
  await expect(page.getByTestId('error')).toHaveCount(0);
});

test('a query of a panel draws events over its other series', async ({ page }) => {
  const events = { refId: 'B', queryType: 'events', kinds: ['agent'], severity: 'warning' };
  await open(page, { queries: [{ refId: 'A', queryType: 'promql', expr: 'mesos_cluster_cpus_allocated' }, events] });
  await expect(page.getByTestId('legend-row')).toHaveCount(1);
  await expect(page.getByTestId('mark').first()).toBeVisible();
  const titles = (await marksOf(page.getByTestId('graph'))).map(({ title }) => title);
  expect(titles.filter((title) => title.includes(agent(2)))).toHaveLength(1);
});

test('the editor finds events by values that the event log has', async ({ page }) => {
  await open(page, { panel: 'table' });
  await page.getByRole('radio', { name: 'Events' }).check({ force: true });
  await page.getByLabel('Kinds').click();
  await page.getByRole('option', { name: /^Agent/ }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Add filter' }).click();
  await page.getByTestId('filter-label').getByRole('combobox').click();
  await page.getByRole('option', { name: 'agent', exact: true }).click();
  await page.getByTestId('filter-values').getByRole('combobox').click();
  await page.getByRole('option', { name: agent(2), exact: true }).click();
  await page.keyboard.press('Escape');
  await page.getByRole('button', { name: 'Run queries' }).last().click();

  const rows = page.getByTestId('table').getByRole('row');
  const cells = async () =>
    (await rows.evaluateAll((all) => all.map((row) => row.textContent ?? ''))).slice(1).map((text) => text.trim());
  await expect
    .poll(async () => (await cells()).map((text) => /draining|drained|reactivated/.exec(text)?.[0]))
    .toEqual(['reactivated', 'drained', 'draining']);
  for (const text of await cells()) {
    expect(text).toContain(agent(2));
  }
});

test('events are counted in groups', async ({ page }) => {
  const count = { refId: 'A', queryType: 'events', format: 'count', kinds: ['agent'], groupBy: ['agent', 'event'] };
  await open(page, { app: 'panel-editor', panel: 'stat', queries: [count] }); // in Explore they are rows
  await expect(page.getByTestId('stat-value').first()).toBeVisible();
  const shown = await page
    .getByTestId('stat-value')
    .evaluateAll((all) =>
      all.map((one) => [one.getAttribute('data-name') ?? '', Number(one.getAttribute('data-value'))])
    );
  const counts = Object.fromEntries(shown) as Record<string, number>;
  expect(counts[`${agent(2)}, draining`]).toBe(1);
  expect(counts[`${agent(4)}, unreachable`]).toBe(1);
});
