// Fixtures of the tests against a Grafana: a session, a replayed cluster that
// moves in time, and a data source on it, made through Grafana's API.
import { mkdirSync } from 'node:fs';
import path from 'node:path';

import { test as base } from '@grafana/plugin-e2e';
import { request, type Page } from '@playwright/test';

import { root } from '../../tools/scripts/build.ts';
import { pluginId } from '../../tools/scripts/grafana.ts';
import { type Replay, startReplay } from '../../tools/simulator/replay.ts';
import { eventually, GrafanaApi } from './api.ts';

export { expect } from '@grafana/plugin-e2e';

/** The tests' own data source. */
export const source = { uid: 'mesos-e2e', name: 'Mesos (e2e)' };

/** CPU allocated per framework: the default query. */
export const cpusByFramework = {
  queryType: 'metrics',
  version: 1,
  entity: 'framework',
  resource: 'cpus',
  measure: 'allocated',
};

const pictures = path.join(root, 'test-results', 'pictures');

/** The settings of a data source on these masters, as Grafana's API takes them. */
export function settings(masters: string[], of = source) {
  return {
    ...of,
    type: pluginId,
    access: 'proxy',
    url: '',
    jsonData: { masters, pollInterval: '10s' },
  };
}

interface WorkerFixtures {
  /** The API as the admin. */
  api: GrafanaApi;
  replay: Replay;
  /** The data source, created and polled at least once. */
  mesos: typeof source;
}

interface Fixtures {
  /** Registers what removes or restores something when the test has ended, also where it failed; the latest runs first. */
  atEnd: (undo: () => Promise<unknown>) => void;
  /** Keeps a picture of the page for people to look at. */
  picture: (name: string, page: Page) => Promise<void>;
}

/** Logs a user in and returns the new session's cookies. */
export async function sessionOf(url: string, user: { user: string; password: string } | undefined) {
  const client = await request.newContext();
  const answer = await client.post(`${url.replace(/\/$/, '')}/login`, { data: user });
  if (!answer.ok()) {
    throw new Error(`${url} does not log ${user?.user} in: ${answer.status()} ${await answer.text()}`);
  }
  const session = await client.storageState();
  await client.dispose();
  return session;
}

export const test = base.extend<Fixtures, WorkerFixtures>({
  // A session per test: Grafana changes the token of a session every ten minutes, and only the browser that is open then
  // learns the new one.
  storageState: async ({ baseURL, user }, use) => {
    await use(await sessionOf(baseURL ?? '', user));
  },
  atEnd: async ({}, use) => {
    const undone: Array<() => Promise<unknown>> = [];
    await use((undo) => void undone.unshift(undo));
    const outcomes: Array<PromiseSettledResult<unknown>> = [];
    for (const undo of undone) {
      outcomes.push(...(await Promise.allSettled([undo()])));
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed) {
      throw failed.reason;
    }
  },
  api: [
    async ({}, use) => {
      const { GRAFANA_URL = '', GRAFANA_USER = 'admin', GRAFANA_PASSWORD = 'admin' } = process.env;
      await use(new GrafanaApi(GRAFANA_URL, GRAFANA_USER, GRAFANA_PASSWORD));
    },
    { scope: 'worker' },
  ],
  replay: [
    async ({}, use) => {
      const replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '04-series' });
      await use(replay);
      await replay.stop();
    },
    { scope: 'worker' },
  ],
  mesos: [
    async ({ api, replay }, use) => {
      await api.forget(`/api/datasources/uid/${source.uid}`);
      await api.call('POST', '/api/datasources', settings(replay.masters.slice(0, 1)));
      await eventually(
        'the first poll',
        () => api.query(source.uid, [cpusByFramework]),
        ({ results }) => (results.A?.frames?.[0]?.schema.fields.length ?? 0) > 0,
        60
      );
      // After a failed test the cluster is another one on other ports, and what was kept of the one before answers queries.
      await eventually(
        'an answer of the master',
        () => api.request('GET', `/api/datasources/uid/${source.uid}/health`),
        ({ status }) => status === 200,
        60
      );
      await use(source);
      await api.forget(`/api/datasources/uid/${source.uid}`);
    },
    { scope: 'worker', timeout: 120_000 },
  ],
  picture: async ({}, use) => {
    mkdirSync(pictures, { recursive: true });
    await use(async (name, page) => {
      // Panels are drawn two frames after their answers. A live one may ask all the time: then as it is.
      await page
        .getByLabel('Panel loading bar')
        .first()
        .waitFor({ state: 'hidden', timeout: 10_000 })
        .catch(() => undefined);
      await page.evaluate(() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done))));
      await page.screenshot({ path: path.join(pictures, `${name}.png`) });
    });
  },
});
