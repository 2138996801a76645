// Runs the tests of tests/e2e against a Grafana: one that is named by
// GRAFANA_URL, or one started from GRAFANA_HOME.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ensureBuilt, plugin } from './build.ts';
import { ensureChromium } from './chromium.ts';
import { type Grafana, health, pluginId, startGrafana } from './grafana.ts';
import { type Outcome, playwright } from './outcome.ts';

export interface GrafanaRun {
  version: string;
  url: string;
  outcome: Outcome;
}

/** Returns undefined when no Grafana is named. Throws when the named one does not answer or lacks this plugin. */
export async function runE2e(args: string[]): Promise<GrafanaRun | undefined> {
  const { GRAFANA_URL, GRAFANA_HOME } = process.env;
  if (!GRAFANA_URL && !GRAFANA_HOME) {
    return undefined;
  }
  const chromium = ensureChromium();
  if (!chromium) {
    throw new Error('The tests need a Chromium, and none could be installed.');
  }
  ensureBuilt(plugin);
  if (GRAFANA_URL) {
    return test(GRAFANA_URL, chromium, args);
  }
  const provisioning = mkdtempSync(path.join(os.tmpdir(), 'mesos-e2e-'));
  let grafana: Grafana | undefined;
  try {
    grafana = await startGrafana({ home: GRAFANA_HOME ?? '', port: 0, provisioning });
    return await test(grafana.url, chromium, args);
  } finally {
    await grafana?.stop();
    rmSync(provisioning, { recursive: true, force: true });
  }
}

async function test(url: string, chromium: string, args: string[]): Promise<GrafanaRun> {
  const version = await health(url);
  if (!version) {
    throw new Error(`${url} does not answer like a Grafana: GET /api/health`);
  }
  await checkPlugin(url);
  console.log(`Grafana ${version} at ${url}`);
  const outcome = await playwright('tests/e2e/playwright.config.ts', args, { GRAFANA_URL: url, CHROMIUM: chromium });
  return { version, url, outcome };
}

async function checkPlugin(url: string): Promise<void> {
  const { GRAFANA_USER = 'admin', GRAFANA_PASSWORD = 'admin' } = process.env;
  const answer = await fetch(new URL(`/api/plugins/${pluginId}/settings`, url), {
    headers: { Authorization: `Basic ${Buffer.from(`${GRAFANA_USER}:${GRAFANA_PASSWORD}`).toString('base64')}` },
  });
  if (answer.status === 401) {
    throw new Error(`${url} refuses GRAFANA_USER and GRAFANA_PASSWORD`);
  }
  if (!answer.ok) {
    throw new Error(
      `The Grafana at ${url} has no plugin ${pluginId}: put dist/ into its plugin folder and allow it by ` +
        `GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS=${pluginId}`
    );
  }
}
