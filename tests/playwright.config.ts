// Browser tests of the workbench: Chromium, the built plugin with its real
// backend, and a replayed cluster. Tests against a Grafana have their own
// configuration in tests/e2e.
import os from 'node:os';

import { defineConfig, devices } from '@playwright/test';

import { findChromium, launchArgs } from '../tools/scripts/chromium.ts';
import type { WorkerFixtures } from './workbench/fixtures.ts';

export default defineConfig<object, WorkerFixtures>({
  testDir: './workbench',
  outputDir: '../test-results/workbench',
  // Each worker has a workbench and a cluster of its own, on free ports: as many as the machine has room for.
  workers: os.availableParallelism() >= 4 ? 2 : 1,
  forbidOnly: !!process.env.CI,
  // A page that was too slow once is no fault. What passes at its second try is listed as flaky, with a picture, to be
  // looked into.
  retries: 1,
  timeout: 60_000,
  expect: { timeout: 20_000 },
  reporter: 'list',
  use: {
    ...devices['Desktop Chrome'],
    viewport: { width: 1400, height: 900 },
    screenshot: 'only-on-failure',
    launchOptions: { executablePath: findChromium(), args: launchArgs },
  },
  // The same build of the plugin, in the page of each Grafana. What 12.3 does otherwise than 12.4 shows in a few tests, and
  // which texts are drawn depends on no version.
  projects: [
    { name: 'Grafana 12.3', use: { grafana: '12.3' }, grep: /@smoke/ },
    { name: 'Grafana 12', use: { grafana: '12' } },
    { name: 'Grafana 13', use: { grafana: '13' }, grepInvert: /@texts/ },
  ],
});
