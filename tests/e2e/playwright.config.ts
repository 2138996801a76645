// Tests against a Grafana that runs with this plugin in it. `npm run e2e`
// starts them: tools/scripts/e2e.ts says which Grafana.
import { defineConfig, devices } from '@playwright/test';
import type { PluginOptions } from '@grafana/plugin-e2e';

import { findChromium, launchArgs } from '../../tools/scripts/chromium.ts';

const { GRAFANA_URL, GRAFANA_USER = 'admin', GRAFANA_PASSWORD = 'admin' } = process.env;

export default defineConfig<PluginOptions>({
  testDir: '.',
  outputDir: '../../test-results/e2e',
  // Tests share one data source and one replayed cluster that moves in time.
  workers: 1,
  forbidOnly: !!process.env.CI,
  timeout: 120_000,
  expect: { timeout: 30_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    baseURL: GRAFANA_URL,
    viewport: { width: 1500, height: 1000 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: findChromium(), args: launchArgs },
    user: { user: GRAFANA_USER, password: GRAFANA_PASSWORD },
    grafanaAPICredentials: { user: GRAFANA_USER, password: GRAFANA_PASSWORD },
  },
  projects: [{ name: 'plugin' }],
});
