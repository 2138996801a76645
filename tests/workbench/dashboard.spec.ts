// The dashboard and the alert rules that come with the plugin, on the replayed
// cluster: every panel shows something, and the numbers are the recording's.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { expect, type Locator, type Page } from '@playwright/test';
import { parse } from 'yaml';

import { root } from '../../tools/scripts/build.ts';
import { cpusByFramework, masterTotals } from '../../tools/simulator/expected.ts';
import { test } from './fixtures.ts';

/** The part of a task in /state that counts here. */
interface Task {
  state: string;
}

interface Panel {
  type: string;
  title: string;
}

const dashboard: { title: string; panels: Panel[] } = JSON.parse(
  readFileSync(path.join(root, 'src/dashboards/cluster-overview.json'), 'utf8')
);
const panels = dashboard.panels.filter(({ type }) => type !== 'row');

const panelOf = (page: Page, title: string) =>
  page.locator(`[data-testid="dashboard-panel"][data-title=${JSON.stringify(title)}]`);

const choice = (page: Page) => page.getByTestId('dashboard-choice').getByRole('combobox');

/** What a panel shows, by name: the last values of curves, or big numbers. */
async function shownBy(panel: Locator): Promise<Record<string, number>> {
  const parts = panel.getByTestId('legend-row').or(panel.getByTestId('stat-value'));
  return Object.fromEntries(
    await parts.evaluateAll((all) =>
      all.map((one): [string, number] => [
        one.getAttribute('data-name') ?? '',
        Number(one.getAttribute('data-value') ?? NaN),
      ])
    )
  );
}

const close = (number: number) => expect.closeTo(number, 6);

test.describe('the cluster overview', () => {
  test('every panel shows data and no error', async ({ open }) => {
    test.setTimeout(180_000);
    const page = await open({ tab: 'dashboard' });
    // The first page load: nothing is cached, and the variable waits for the first poll.
    await expect(choice(page)).toHaveValue(dashboard.title, { timeout: 60_000 });
    await expect(page.getByTestId('dashboard-panel')).toHaveCount(panels.length);
    for (const { title, type } of panels) {
      const panel = panelOf(page, title);
      // Increases need a second poll, 10 s after the first.
      await expect(panel.getByTestId({ timeseries: 'graph', stat: 'stat', table: 'table' }[type]!)).toBeVisible({
        timeout: 40_000,
      });
      if (type === 'table') {
        expect(await panel.getByRole('row').count(), title).toBeGreaterThan(1);
      } else {
        const values = Object.values(await shownBy(panel));
        expect(values.length, title).toBeGreaterThan(0);
        expect(values.filter(Number.isNaN), title).toEqual([]);
      }
    }
    await expect(page.getByTestId('error')).toHaveCount(0);
    await expect(page.getByTestId('no-data')).toHaveCount(0);
    await expect(page.getByTestId('as-table')).toHaveCount(0);
  });

  test('the other dashboard can be chosen', async ({ open }) => {
    const page = await open({ tab: 'dashboard' });
    await choice(page).click();
    await page.getByRole('option', { name: 'Mesos measured use' }).click();
    await expect(panelOf(page, 'Frameworks: used of allocated')).toBeVisible();
    // The recorded agents were not queried: a panel says so instead of showing a zero.
    await expect(panelOf(page, 'CPU used by framework').getByTestId('no-data')).toBeVisible();
  });

  test('capacity, allocation and utilization are the master’s', async ({ open, replay }) => {
    const page = await open({ tab: 'dashboard' });
    const { capacity, allocated } = await masterTotals(replay.masters[0]);
    for (const [title, resource] of [
      ['CPU', 'cpus'],
      ['Memory', 'memory'],
      ['Disk', 'disk'],
    ] as const) {
      await expect
        .poll(() => shownBy(panelOf(page, title)))
        .toEqual({
          Allocated: close(allocated[resource]),
          Offered: expect.any(Number),
          Capacity: close(capacity[resource]),
        });
      const { [title]: utilization } = await shownBy(panelOf(page, 'Utilization now'));
      expect(utilization).toEqual(close(allocated[resource] / capacity[resource]));
    }
  });

  test('agents, frameworks and tasks are counted as the master counts them', async ({ open, replay }) => {
    const page = await open({ tab: 'dashboard' });
    const [master] = replay.masters;
    const metrics = (await (await fetch(`${master}/metrics/snapshot`)).json()) as Record<string, number>;
    const state = (await (await fetch(`${master}/state`)).json()) as { frameworks: Array<{ tasks: Task[] }> };
    const tasks = state.frameworks.flatMap((framework) => framework.tasks);
    const counts = {
      // Mesos counts what is disconnected among the inactive ones.
      Agents: {
        Active: metrics['master/slaves_active'],
        'Not active': metrics['master/slaves_inactive'] + metrics['master/slaves_unreachable'],
      },
      Frameworks: {
        Active: metrics['master/frameworks_active'],
        'Not active': metrics['master/frameworks_inactive'],
      },
      // Of /state: the snapshot was recorded a moment later.
      Tasks: {
        Running: tasks.filter((task) => task.state === 'TASK_RUNNING').length,
        Failed: expect.any(Number),
      },
    };
    for (const [title, count] of Object.entries(counts)) {
      await expect.poll(() => shownBy(panelOf(page, title)), title).toEqual(count);
    }
    await expect(panelOf(page, 'Leader').getByTestId('stat-value')).toHaveAttribute('data-name', new URL(master).host);
  });

  test('frameworks have what the master’s state gives them, in graph and table', async ({ open, replay }) => {
    const page = await open({ tab: 'dashboard' });
    const cpus = await cpusByFramework(replay.masters[0]);
    const expected = Object.fromEntries(Object.entries(cpus).map(([name, value]) => [name, close(value)]));
    await expect.poll(() => shownBy(panelOf(page, 'CPU allocated by framework'))).toEqual(expected);

    const table = panelOf(page, 'Top frameworks').getByTestId('table');
    await expect(table.getByRole('columnheader')).toHaveText([
      'Framework',
      'CPU',
      'CPU share',
      'Memory',
      'Memory share',
      'Tasks',
    ]);
    const [most] = Object.entries(cpus).sort(([, a], [, b]) => b - a);
    const first = table.getByRole('row').nth(1).getByRole('cell');
    await expect(first.nth(0)).toHaveText(most[0]);
    await expect(first.nth(1)).toHaveText(`${most[1].toPrecision(3)} CPUs`);
  });

  test('the variable filters the Frameworks row and is kept in the address', async ({ open, replay }) => {
    const page = await open({ tab: 'dashboard' });
    const all = await cpusByFramework(replay.masters[0]);
    const variable = page.locator('[data-testid="variable"][data-name="framework"]');
    await expect(variable).toHaveAttribute('data-choices', String(Object.keys(all).length));
    const [name] = Object.keys(all).sort();
    await variable.getByRole('combobox').click();
    await page.getByRole('option', { name, exact: true }).click();
    await page.keyboard.press('Escape');
    const only = { [name]: close(all[name]) };
    const graph = panelOf(page, 'CPU allocated by framework');
    await expect.poll(() => shownBy(graph)).toEqual(only);
    await page.reload();
    await expect.poll(() => shownBy(graph)).toEqual(only);
    await expect(page.getByTestId('error')).toHaveCount(0);
  });
});

interface Rule {
  title: string;
  data: Array<{ refId: string; relativeTimeRange: { from: number; to: number }; model: Record<string, unknown> }>;
}

test('the alert rules get one number for the cluster, with its label', async ({ open, replay, workbench }) => {
  const page = await open({ tab: 'dashboard' }); // Which begins the collection.
  await expect.poll(() => shownBy(panelOf(page, 'Agents'))).not.toEqual({});
  const file = parse(readFileSync(path.join(root, 'provisioning/alerting/mesos.yaml'), 'utf8'));
  const { capacity, allocated } = await masterTotals(replay.masters[0]);
  const expected: Record<string, unknown> = {
    'CPU utilization high': close(allocated.cpus / capacity.cpus),
    'Mesos master not answering': 1,
  };
  const all: Rule[] = file.groups.flatMap((group: { rules: Rule[] }) => group.rules);
  const rules = all.filter(({ title }) => title in expected);
  expect(rules).toHaveLength(Object.keys(expected).length);
  for (const { title, data } of rules) {
    const [{ refId, relativeTimeRange, model }] = data;
    const answer = await fetch(`${workbench.url}/api/ds/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json', FromAlert: 'true' },
      body: JSON.stringify({
        from: String(Date.now() - relativeTimeRange.from * 1000),
        to: String(Date.now() - relativeTimeRange.to * 1000),
        queries: [model],
      }),
    });
    expect(answer.status, title).toBe(200);
    const { frames } = (await answer.json()).results[refId];
    expect(frames, title).toHaveLength(1);
    const [{ schema, data: columns }] = frames;
    expect(schema.meta.type, title).toBe('numeric-wide');
    expect(
      schema.fields.map(({ labels }: { labels: object }) => labels),
      title
    ).toEqual([{ cluster: 'fixture' }]);
    expect(columns.values, title).toEqual([[expected[title]]]);
  }
});
