// A replayed cluster and a workbench on it, started once per worker.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { type Page, test as base } from '@playwright/test';

import { root } from '../../tools/scripts/build.ts';
import { type Replay, startReplay } from '../../tools/simulator/replay.ts';
import type { GrafanaVersion } from '../../tools/workbench/pages.ts';
import { startWorkbench, type Workbench } from '../../tools/workbench/start.ts';

/** What one curve of the graph shows last, from the legend. */
export interface Shown {
  name: string;
  value: number;
  unit: string | null;
}

export interface WorkerFixtures {
  /** The version of Grafana whose packages the page is drawn with: an option of the project. */
  grafana: GrafanaVersion;
  replay: Replay;
  workbench: Workbench;
}

interface Fixtures {
  /** Opens the page with these parameters in its address. */
  open: (parameters?: Record<string, unknown>) => Promise<Page>;
}

const provisioning = (masters: string[]) => `apiVersion: 1
datasources:
  - name: Mesos
    uid: mesos
    type: community-mesos-datasource
    isDefault: true
    editable: true
    jsonData: { masters: ${JSON.stringify(masters)}, pollInterval: 10s }
  - name: Nobody there
    uid: nobody
    type: community-mesos-datasource
    editable: true
    jsonData: { masters: ["http://127.0.0.1:1"] }
`;

export const test = base.extend<Fixtures, WorkerFixtures>({
  replay: [
    async ({}, use) => {
      const replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '03-workload' });
      await use(replay);
      await replay.stop();
    },
    { scope: 'worker' },
  ],
  grafana: ['12', { scope: 'worker', option: true }],
  workbench: [
    async ({ replay, grafana }, use) => {
      const settings = mkdtempSync(path.join(os.tmpdir(), 'workbench-test-'));
      mkdirSync(path.join(settings, 'datasources'));
      writeFileSync(path.join(settings, 'datasources', 'mesos.yaml'), provisioning(replay.masters.slice(0, 1)));
      const log: string[] = [];
      const workbench = await startWorkbench({
        provisioning: settings,
        port: 0,
        rules: true,
        grafana,
        log: (line) => log.push(line),
      });
      await use(workbench);
      await workbench.stop();
      rmSync(settings, { recursive: true });
    },
    // Builds what is outdated, which can take minutes on a fresh clone.
    { scope: 'worker', timeout: 600_000 },
  ],
  open: async ({ page, workbench }, use) => {
    await use(async (parameters = {}) => {
      const search = new URLSearchParams(
        Object.entries(parameters).map(([key, value]) => [
          key,
          typeof value === 'string' ? value : JSON.stringify(value),
        ])
      );
      await page.goto(`${workbench.url}/?${search}`);
      return page;
    });
  },
});

/** The rows of the graph's legend, by name. */
export async function legendOf(page: Page): Promise<Shown[]> {
  const rows = await page.getByTestId('legend-row').evaluateAll((elements) =>
    elements.map((element) => ({
      name: element.getAttribute('data-name') ?? '',
      value: Number(element.getAttribute('data-value') ?? NaN),
      unit: element.getAttribute('data-unit'),
    }))
  );
  return rows.sort((a, b) => a.name.localeCompare(b.name));
}
