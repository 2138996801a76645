// The files in provisioning/, loaded by a Grafana unchanged (except for the
// masters' addresses). Needs a Grafana of its own: GRAFANA_HOME.
import { readFileSync, rmSync } from 'node:fs';
import path from 'node:path';

import { parse } from 'yaml';

import { root } from '../../tools/scripts/build.ts';
import { type Grafana, startGrafana } from '../../tools/scripts/grafana.ts';
import { provisioningFor } from '../../tools/scripts/provision.ts';
import { type Replay, startReplay } from '../../tools/simulator/replay.ts';
import { type Query, eventually, GrafanaApi } from './api.ts';
import { expect, sessionOf, settings, test } from './fixtures.ts';

const home = process.env.GRAFANA_HOME;
const shipped = (file: string) => readFileSync(path.join(root, 'provisioning', file), 'utf8');

interface Dashboard {
  uid: string;
  panels: Array<{ title: string; targets?: Query[] }>;
}

interface RuleFile {
  groups: Array<{ rules: Array<{ uid: string; title: string; data: Array<{ refId: string; model: Query }> }> }>;
}

test.describe('provisioned', () => {
  test.skip(!home, 'needs GRAFANA_HOME: a Grafana that starts with these files');
  test.describe.configure({ mode: 'serial', timeout: 240_000 });

  let grafana: Grafana;
  let own: GrafanaApi;
  let replay: Replay;
  let folder: string;

  test.beforeAll(async () => {
    replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '03-workload' });
    folder = provisioningFor(replay.masters.slice(0, 1), 'Mesos');
    grafana = await startGrafana({ home: home ?? '', port: 0, provisioning: folder });
    own = new GrafanaApi(grafana.url, grafana.user, grafana.password);
  });

  test.afterAll(async () => {
    await grafana?.stop();
    await replay?.stop();
    if (folder) {
      rmSync(folder, { recursive: true, force: true });
    }
  });

  test('the data source finds the cluster', async () => {
    const { status } = await own.call<{ status: string }>('GET', '/api/datasources/uid/mesos/health');
    expect(status).toBe('OK');
  });

  test('the dashboard has the queries of the file', async () => {
    const file = JSON.parse(shipped('dashboards/cluster-overview.json')) as Dashboard;
    const { dashboard } = await own.call<{ dashboard: Dashboard }>('GET', `/api/dashboards/uid/${file.uid}`);
    const queries = (of: Dashboard) => of.panels.map(({ title, targets }) => [title, targets]);
    expect(queries(dashboard)).toEqual(queries(file));
    expect(queries(file).length).toBeGreaterThan(10);
  });

  test('the alert rules have the queries of the file, and are normal on a healthy cluster', async () => {
    const rules = (parse(shipped('alerting/mesos.yaml')) as RuleFile).groups.flatMap((group) => group.rules);
    expect(rules.length).toBeGreaterThanOrEqual(25);
    for (const { uid, data } of rules) {
      const stored = await own.call<{ data: Array<{ model: Query }> }>(
        'GET',
        `/api/v1/provisioning/alert-rules/${uid}`
      );
      expect(stored.data.map(({ model }) => model)).toEqual(data.map(({ model }) => expect.objectContaining(model)));
    }
    const { folderUID } = await own.call<{ folderUID: string }>(
      'GET',
      `/api/v1/provisioning/alert-rules/${rules[0].uid}`
    );
    const found = await eventually(
      'an evaluation of each rule',
      () => own.rules(folderUID),
      // In the first hours some have nothing to compare with, and events of the last 15 minutes are not known.
      (all) => all.length === rules.length && all.every(({ health }) => health !== 'unknown'),
      150
    );
    // In the recording a scheduler is disconnected, which fires after five minutes.
    const others = <T>(of: T[], name: (one: T) => string) => of.filter((one) => name(one) !== 'Framework disconnected');
    expect(
      others(found, ({ name }) => name)
        .map(({ name, state }) => [name, state])
        .sort()
    ).toEqual(
      others(rules, ({ title }) => title)
        .map(({ title }) => [title, 'inactive'])
        .sort()
    );
  });

  test('a rule’s link opens the dashboard on the data source of the rule, not on the first by name', async ({
    browser,
    picture,
  }) => {
    await own.call('POST', '/api/datasources', settings(['http://127.0.0.1:1'], { uid: 'other', name: 'A Mesos' }));
    const page = await browser.newPage({
      baseURL: grafana.url,
      storageState: await sessionOf(grafana.url, { user: grafana.user, password: grafana.password }),
      viewport: { width: 1500, height: 1000 },
    });
    await page.goto('/alerting/grafana/mesos-cpu-utilization/view');
    const link = page.getByRole('link', { name: /View (panel|dashboard)/ }).first();
    const address = (await link.getAttribute('href')) ?? '';
    expect(address).not.toContain('var-datasource');
    const asked = page.waitForRequest((request) => request.url().includes('/api/ds/query'));
    await page.goto(address);
    const { queries } = (await asked).postDataJSON() as { queries: Array<{ datasource: { uid: string } }> };
    expect(queries.map(({ datasource }) => datasource.uid)).toEqual(queries.map(() => 'mesos'));
    await expect(page.locator('.u-over').first()).toBeVisible({ timeout: 60_000 });
    await expect(page.getByText('A Mesos')).toHaveCount(0);
    await picture('dashboard-of-a-rule', page);
    await page.close();
  });
});
