// Two Grafanas with one data source, the engine remote and replicas, in front of a real Prometheus and a real ZooKeeper: one of
// them polls, both evaluate alert rules, and the one that polls is killed. Needs Grafanas of its own: GRAFANA_HOME names an
// unpacked one.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { Browser, Page } from '@playwright/test';

import { type Grafana, pluginId, startGrafana } from '../../tools/scripts/grafana.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { type Daemon, missingServers, prometheusIn, zooKeeperIn } from '../../tools/truth/remote-servers.ts';
import { eventually, GrafanaApi } from './api.ts';
import { cpusByFramework, expect, sessionOf, settings, source, test } from './fixtures.ts';
import { asked, threshold, writeRules } from './threshold-rule.ts';

const home = process.env.GRAFANA_HOME;
const missing = missingServers();
const datasource = { type: pluginId, uid: source.uid };
const dashboard = { uid: 'mesos-e2e-replicas', title: 'Of two Grafanas', time: { from: 'now-15m', to: 'now' } };

/** Seconds between two polls, and until the session of a killed Grafana is over (docs/operations.md). */
const [INTERVAL, SESSION] = [10, 10 + 4];

interface One {
  grafana: Grafana;
  api: GrafanaApi;
}

interface Status {
  replicas: { polls: boolean; host?: string };
}

test.describe('two Grafanas', () => {
  test.skip(!home, 'needs GRAFANA_HOME: two Grafanas that are started and killed');
  test.skip(missing !== undefined, missing ?? '');
  test.describe.configure({ mode: 'serial', timeout: 300_000 });

  let folder: string;
  let live: Live;
  let prometheus: Daemon;
  let zookeeper: Daemon;
  const both: One[] = [];

  test.beforeAll(async () => {
    test.setTimeout(300_000);
    folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-e2e-'));
    mkdirSync(path.join(folder, 'provisioning'));
    live = await startLive({ plan: { agents: 4, tasks: 30, masters: 1 } });
    prometheus = await prometheusIn(path.join(folder, 'prometheus'));
    zookeeper = await zooKeeperIn(path.join(folder, 'zookeeper'));
    for (const name of ['a', 'b']) {
      const grafana = await startGrafana({
        ...{ home: home ?? '', port: 0, provisioning: path.join(folder, 'provisioning') },
        ...{ data: path.join(folder, name), history: path.join(folder, `history-${name}`) },
      });
      const api = new GrafanaApi(grafana.url, grafana.user, grafana.password);
      both.push({ grafana, api });
      const { jsonData, ...other } = settings(live.masters);
      await api.call('POST', '/api/datasources', {
        ...other,
        jsonData: {
          ...{ ...jsonData, agentAddress: live.entry.agentAddress, engine: 'remote' },
          ...{
            remoteUrl: `http://127.0.0.1:${prometheus.port}`,
            replicas: `zk://127.0.0.1:${zookeeper.port}/grafanas`,
          },
        },
      });
      await api.call('POST', '/api/folders', { uid: 'replicas', title: 'Replicas' });
      await writeRules(api, 'replicas', 'replicas', [
        {
          ...{ uid: 'replicas-up', title: 'Polled' },
          noData: 'Alerting',
          data: [
            asked(source.uid, 60, { queryType: 'promql', expr: 'sum(mesos_cluster_agents)', instant: true }),
            threshold('A', 'lt', 1),
          ],
        },
      ]);
      await api.call('POST', '/api/dashboards/db', {
        overwrite: true,
        dashboard: {
          ...dashboard,
          panels: [
            {
              ...{ id: 1, type: 'timeseries', title: 'CPUs', datasource, gridPos: { x: 0, y: 0, w: 24, h: 14 } },
              targets: [{ refId: 'A', datasource, ...cpusByFramework }],
            },
          ],
        },
      });
    }
  });

  test.afterAll(async () => {
    await Promise.all([...both.map(({ grafana }) => grafana.stop()), prometheus?.kill(), zookeeper?.kill()]);
    await live?.stop();
    if (folder) {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  const statusOf = ({ api }: One) =>
    api.call<Status>('GET', `/api/datasources/uid/${source.uid}/resources/status`).catch(() => undefined);

  /** Which of them polls. */
  async function holder(seconds: number): Promise<number> {
    const all = await eventually(
      'a Grafana that polls',
      () => Promise.all(both.map(statusOf)),
      (found) => found.some((status) => status?.replicas.polls),
      seconds,
      0.5
    );
    expect(all.filter((status) => status?.replicas.polls)).toHaveLength(1);
    return all.findIndex((status) => status?.replicas.polls);
  }

  const ruleOf = async ({ api }: One) => (await api.rules('replicas'))[0];

  const polls = () =>
    live.requests().filter(({ path: asked, host }) => host.startsWith('master') && /^\/(master\/)?state$/.test(asked))
      .length;

  async function open(browser: Browser, { grafana }: One, where: string): Promise<Page> {
    const context = await browser.newContext({
      storageState: await sessionOf(grafana.url, { user: grafana.user, password: grafana.password }),
      viewport: { width: 1500, height: 1000 },
    });
    const page = await context.newPage();
    await page.goto(`${grafana.url}${where}`);
    return page;
  }

  test('both evaluate a rule, and the master has the load of one', async () => {
    for (const one of both) {
      await eventually(
        'an evaluation',
        () => ruleOf(one),
        (rule) => rule?.health === 'ok',
        90
      );
    }
    await holder(30);
    const before = polls();
    const seconds = 6 * INTERVAL;
    await new Promise((resolve) => setTimeout(resolve, 1000 * seconds));
    expect(polls() - before).toBeGreaterThanOrEqual(seconds / INTERVAL - 1);
    expect(polls() - before).toBeLessThanOrEqual(seconds / INTERVAL + 1);
    for (const one of both) {
      expect(await ruleOf(one)).toMatchObject({ health: 'ok', state: 'inactive' });
    }
  });

  test('Save & test says which one polls, and a panel is the same on both', async ({ browser, picture }) => {
    const first = await holder(30);
    for (const [n, one] of both.entries()) {
      const page = await open(browser, one, `/connections/datasources/edit/${source.uid}`);
      await page.getByRole('button', { name: 'Save & test' }).click();
      const polling = n === first;
      const line = polling
        ? /this Grafana, on \S+, polls this cluster since .*; the others answer from the remote engine/
        : /Grafana on \S+ polls this cluster since .*; this one answers from the remote engine/;
      await expect(page.getByText(line).first()).toBeVisible();
      await expect(page.getByTestId('data-testid Alert success')).toBeVisible();
      await page.getByTestId('data-testid Alert success').scrollIntoViewIfNeeded();
      await picture(`replicas-${polling ? 'polls' : 'follows'}`, page);
      await page.goto(`${one.grafana.url}/d/${dashboard.uid}`);
      await expect(page.locator('.u-over').first()).toBeVisible({ timeout: 60_000 });
      await expect(page.getByRole('button', { name: 'marathon' }).or(page.getByText('marathon')).first()).toBeVisible();
      await picture(`replicas-panel-${polling ? 'polls' : 'follows'}`, page);
      await page.context().close();
    }
  });

  test('the one that polls is killed: rules of the other go on, and two polls are missing at most', async () => {
    const first = await holder(30);
    const [killed, other] = [both[first], both[1 - first]];
    await killed.grafana.kill();
    const began = Date.now();
    const states: string[] = [];
    for (; Date.now() - began < 1000 * (SESSION + 3 * INTERVAL); await new Promise((r) => setTimeout(r, 1000))) {
      const rule = await ruleOf(other);
      states.push(`${rule.health} ${rule.state}`);
    }
    expect([...new Set(states)]).toEqual(['ok inactive']);
    expect((await statusOf(other))?.replicas.polls).toBe(true);
    await killed.grafana.restart();
    await eventually(
      'an answer of the one that was killed',
      () => statusOf(killed),
      (status) => status?.replicas.polls === false && status.replicas.host !== undefined,
      90
    );
    // In Prometheus itself: the longest time between two samples of what a poll of /state brings.
    const body = new URLSearchParams({ query: 'mesos_up{poll="state"}[10m]', time: String(Date.now() / 1000) });
    const answer = await fetch(`http://127.0.0.1:${prometheus.port}/api/v1/query`, { method: 'POST', body });
    const { data } = (await answer.json()) as { data: { result: Array<{ values: Array<[number, string]> }> } };
    expect(data.result).toHaveLength(1);
    const times = data.result[0].values.map(([at]) => at);
    const gaps = times.slice(1).map((at, i) => at - times[i]);
    expect(gaps.length).toBeGreaterThan(10);
    expect(Math.min(...gaps)).toBeGreaterThan(INTERVAL - 5);
    expect(Math.max(...gaps)).toBeLessThanOrEqual(3 * INTERVAL);
  });
});
