// History and polling when Grafana restarts, the plugin's process dies, and the
// data source is edited, deleted and created again. Needs a
// Grafana of its own: GRAFANA_HOME names an unpacked one.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { root } from '../../tools/scripts/build.ts';
import { type Grafana, startGrafana } from '../../tools/scripts/grafana.ts';
import { type Replay, startReplay } from '../../tools/simulator/replay.ts';
import { eventually, GrafanaApi } from './api.ts';
import { expect, settings, source, test } from './fixtures.ts';

const home = process.env.GRAFANA_HOME;

test.describe('one Grafana', () => {
  test.skip(!home, 'needs GRAFANA_HOME: a Grafana that may be restarted');
  test.describe.configure({ mode: 'serial', timeout: 240_000 });

  let grafana: Grafana;
  let own: GrafanaApi;
  let replay: Replay;
  let provisioning: string;

  test.beforeAll(async () => {
    replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '03-workload' });
    provisioning = mkdtempSync(path.join(os.tmpdir(), 'mesos-e2e-'));
    mkdirSync(path.join(provisioning, 'alerting'));
    grafana = await startGrafana({ home: home ?? '', port: 0, provisioning });
    own = new GrafanaApi(grafana.url, grafana.user, grafana.password);
    await own.call('POST', '/api/datasources', settings(replay.masters));
  });

  test.afterAll(async () => {
    await grafana?.stop();
    await replay?.stop();
    if (provisioning) {
      rmSync(provisioning, { recursive: true, force: true });
    }
  });

  /** Unix seconds at which the history begins, as the series says. */
  async function historyStart(): Promise<number> {
    const { results } = await eventually(
      'the history',
      () =>
        own.query(source.uid, [{ queryType: 'promql', expr: 'mesos_history_start_timestamp_seconds', instant: true }]),
      ({ results }) => (results.A?.frames?.[0]?.data.values.length ?? 0) > 0,
      60
    );
    return Number(results.A.frames?.[0].data.values[0][0]);
  }

  const snapshots = () => replay.requests().filter(({ path }) => path.startsWith('/metrics/snapshot')).length;

  /** Polls received in two and a half intervals of 10 s. */
  async function polls(): Promise<number> {
    const before = snapshots();
    await new Promise((resolve) => setTimeout(resolve, 25_000));
    return snapshots() - before;
  }

  test('an edit keeps the history and takes effect at once', async () => {
    const start = await historyStart();
    const edited = {
      ...settings(replay.masters),
      jsonData: { masters: replay.masters, clusterName: 'e2e', pollInterval: '10s', maxSeries: 1000 },
    };
    for (let n = 0; n < 3; n++) {
      // Several within one second: Grafana does not see the later ones as changes.
      await own.call('PUT', `/api/datasources/uid/${source.uid}`, {
        ...edited,
        jsonData: { ...edited.jsonData, maxSeries: 1000 + n },
      });
      expect(await historyStart()).toBe(start);
    }
    expect(await polls()).toBeLessThanOrEqual(3);
    await own.call('PUT', `/api/datasources/uid/${source.uid}`, settings(replay.masters));
    expect(await historyStart()).toBe(start);
  });

  test('a data source deleted and created again under its UID continues its history, with one collector', async () => {
    const start = await historyStart();
    await own.forget(`/api/datasources/uid/${source.uid}`);
    await own.call('POST', '/api/datasources', settings(replay.masters));
    expect(await historyStart()).toBe(start);
    const received = await polls();
    expect(received).toBeGreaterThanOrEqual(2);
    expect(received).toBeLessThanOrEqual(3);
  });

  test('a killed plugin process is restarted, without its history in memory, and polls again', async () => {
    const start = await historyStart();
    const [plugin] = grafana.plugins();
    expect(plugin).toBeGreaterThan(0);
    process.kill(plugin, 'SIGKILL');
    await eventually(
      'a new plugin process',
      async () => grafana.plugins(),
      (now) => now.length === 1 && now[0] !== plugin,
      20
    );
    expect(await historyStart()).toBeGreaterThan(start);
    expect(await polls()).toBeGreaterThanOrEqual(2);
  });

  test('after a restart nothing is polled before the first query', async () => {
    const start = await historyStart();
    await grafana.restart();
    const before = snapshots();
    await new Promise((resolve) => setTimeout(resolve, 12_000));
    expect(snapshots()).toBe(before);
    expect(await historyStart()).toBeGreaterThan(start);
    expect(await polls()).toBeGreaterThanOrEqual(2);
  });

  test('after a restart a rule starts the polling when nobody looks', async () => {
    writeFileSync(path.join(provisioning, 'alerting', 'up.yaml'), ruleOnUp());
    await grafana.restart();
    const before = snapshots();
    await eventually(
      'a poll for the rule',
      async () => snapshots(),
      (now) => now > before,
      60
    );
    expect(await polls()).toBeGreaterThanOrEqual(2);
  });

  test('a Grafana that was killed leaves no plugin process behind', async () => {
    const [plugin] = grafana.plugins();
    expect(plugin).toBeGreaterThan(0);
    await grafana.restart('SIGKILL');
    // It looks for its parent twice a second and closes its stores within 1.5 s.
    await expect(() => expect(() => process.kill(plugin, 0)).toThrow(/ESRCH/)).toPass({ timeout: 2000 });
    expect(grafana.plugins()).toHaveLength(1);
    expect(await polls()).toBeGreaterThanOrEqual(2);
  });
});

/** A rule on mesos_up in Grafana's provisioning format. */
function ruleOnUp(): string {
  return `apiVersion: 1
groups:
  - orgId: 1
    name: up
    folder: e2e
    interval: 10s
    rules:
      - uid: e2e-up
        title: up
        condition: B
        for: 0s
        noDataState: NoData
        execErrState: Error
        data:
          - refId: A
            datasourceUid: ${source.uid}
            relativeTimeRange: { from: 600, to: 0 }
            model: { refId: A, queryType: promql, expr: mesos_up, instant: true }
          - refId: B
            datasourceUid: __expr__
            model: { refId: B, type: threshold, expression: A, conditions: [{ type: query, evaluator: { type: lt, params: [1] } }] }
`;
}
