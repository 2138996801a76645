// A replayed cluster and a workbench on it, started once per worker.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { type ConsoleMessage, expect, type Page, test as base } from '@playwright/test';

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
  /** What pages wrote as warnings or errors, and what they threw. The test fails unless it is empty in the end. */
  complaints: string[];
}

/** A warning or an error that is no fault of the plugin or of the workbench, with the reason. */
interface Noise {
  why: string;
  text: RegExp;
}

const NOISE: Noise[] = [
  {
    why: 'Chromium writes each response of an error and each request that ended with its page; tests read what the page shows',
    text: /^Failed to load resource: |^TypeError: Failed to fetch/,
  },
  {
    why: "Grafana's table spreads the properties of a cell with their key (BarGaugeCell, JSONViewCell of @grafana/ui)",
    text: /A props object containing a "key" prop is being spread into JSX[^]*\{key: someKey, role: [^]* div\b/,
  },
  {
    why: "Grafana's menus pass an option that cannot be chosen to downshift as it wanted it before (ComboboxList of @grafana/ui)",
    text: /^Passing "disabled" as an argument to getItemProps is not supported anymore/,
  },
  {
    why: 'Chromium reports sizes that it tells in the next frame only; whether there are any depends on the load',
    text: /ResizeObserver loop (completed with undelivered notifications|limit exceeded)/,
  },
  {
    why: 'Monaco gives up what it computes where its editor is closed',
    text: /^Canceled(: Canceled)?$/,
  },
  {
    why: 'the page gives Grafana 13 its data sources as Grafana 12 has them, which Grafana 13 takes second',
    text: /^DataSource: getDataSourceInstanceSettings found nothing in the new cache but the legacy DataSourceSrv did/,
  },
];

const isNoise = (text: string) => NOISE.some((noise) => noise.text.test(text));

/** Returns the text of a warning or an error that has to be seen to. */
function complaintOf(message: ConsoleMessage): string | undefined {
  const text = message.text();
  return /^(error|warning)$/.test(message.type()) && !isNoise(text) ? `${text} (${message.location().url})` : undefined;
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
        development: true,
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
  complaints: [
    // With the page, so that it ends before the page is closed.
    async ({ page }, use) => {
      const complaints: string[] = [];
      page.on('console', (message) => {
        const text = complaintOf(message);
        if (text !== undefined) {
          complaints.push(text);
        }
      });
      page.on('pageerror', (error) => {
        if (!isNoise(String(error))) {
          complaints.push(error.stack ?? String(error));
        }
      });
      await use(complaints);
      expect(complaints, 'warnings and errors in the browser').toEqual([]);
    },
    { auto: true },
  ],
  open: async ({ page, workbench }, use) => {
    const slowdown = Number(process.env.WORKBENCH_SLOWDOWN ?? 1);
    if (slowdown > 1) {
      const session = await page.context().newCDPSession(page);
      await session.send('Emulation.setCPUThrottlingRate', { rate: slowdown });
    }
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
