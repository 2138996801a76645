// What the frontend costs: how long editors take to open, and what a key stroke takes in a long list. In Chromium, in the workbench with the packages of Grafana 12, on a recorded cluster.
import { mkdirSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { chromium, type Page } from '@playwright/test';

import { atMost, kilobytes, type Line, milliseconds, skipped, times, told } from './lines.ts';
import { root } from '../scripts/build.ts';
import { findChromium, launchArgs } from '../scripts/chromium.ts';
import { startReplay } from '../simulator/replay.ts';
import { startWorkbench } from '../workbench/start.ts';

/** A frame of a screen with 60 Hz: what takes longer is seen. */
const FRAME_MS = 1000 / 60;
const OPENINGS = 7;
const VALUES = Array.from(
  { length: 100_000 },
  (_, i) => `service-${i % 500}.instance-${String(i).padStart(6, '0')}`
).sort();

/** How long the editors take, in a browser. */
export async function editors(): Promise<Line[]> {
  const executablePath = findChromium();
  if (!executablePath) {
    return [skipped('opening the editor', 'no Chromium is installed')];
  }
  const replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '03-workload' });
  const provisioning = provision(replay.masters.slice(0, 1));
  const workbench = await startWorkbench({ provisioning, port: 0, rules: false, grafana: '12', log: () => undefined });
  const browser = await chromium.launch({ executablePath, args: launchArgs });
  try {
    const cold: number[] = [];
    const warm: number[] = [];
    for (let i = 0; i < OPENINGS; i++) {
      // A page of its own has none of the editor's files.
      const page = await (await browser.newContext()).newPage();
      await page.goto(`${workbench.url}/?tab=settings&refresh=`);
      await page.getByTestId('save-and-test').waitFor();
      cold.push(await opening(page));
      await page.getByRole('tab', { name: 'Data source' }).click();
      await page.getByTestId('save-and-test').waitFor();
      warm.push(await opening(page));
      await page.context().close();
    }
    const page = await browser.newPage();
    const strokes = await typing(page, workbench.url);
    return [
      told(
        'opening the editor: from a click until its first menu is drawn',
        milliseconds(median(cold)),
        `of ${OPENINGS}`
      ),
      told(
        'the same again, its files loaded',
        milliseconds(median(warm)),
        `${times(median(cold) / median(warm))} as long the first time`
      ),
      told(
        'a key stroke in a filter over 100,000 values, until the next frame is drawn',
        milliseconds(median(strokes.frames)),
        `the slowest of ${strokes.frames.length} ${milliseconds(Math.max(...strokes.frames))}; ${times(median(strokes.frames) / FRAME_MS)} a frame of 60 Hz`
      ),
      told(
        'from the last key stroke until the values are listed',
        milliseconds(strokes.listed),
        "of which Grafana's menu waits 200 ms"
      ),
    ];
  } finally {
    await browser.close();
    await workbench.stop();
    await replay.stop();
    rmSync(provisioning, { recursive: true });
  }
}

function provision(masters: string[]): string {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'bench-editors-'));
  mkdirSync(path.join(dir, 'datasources'));
  const source = { name: 'Mesos', uid: 'mesos', type: 'community-mesos-datasource', jsonData: { masters } };
  writeFileSync(
    path.join(dir, 'datasources', 'mesos.yaml'),
    JSON.stringify({ apiVersion: 1, datasources: [source] }) // JSON is YAML
  );
  return dir;
}

/** Opens the editor, and returns after how many milliseconds it was drawn, by the page's own clock. */
async function opening(page: Page): Promise<number> {
  return page.evaluate(async () => {
    const tab = [...document.querySelectorAll<HTMLElement>('[role="tab"]')].find((one) => one.textContent === 'Query');
    const began = performance.now();
    tab?.click();
    while (!document.querySelector('[data-testid="query-editor"] [role="combobox"]')) {
      await new Promise(requestAnimationFrame);
    }
    return performance.now() - began;
  });
}

interface Strokes {
  /** From each key stroke until the next frame. */
  frames: number[];
  /** From the last one until what it finds is listed. */
  listed: number;
}

/** Types into a filter whose label has 100,000 values, of which the backend would send what it finds. */
async function typing(page: Page, url: string): Promise<Strokes> {
  await page.route('**/label-values?**', (route) => {
    const search = new URL(route.request().url()).searchParams.get('search') ?? '';
    const found = VALUES.filter((value) => value.includes(search));
    return route.fulfill({ json: { status: 'success', data: found.slice(0, 1000), total: found.length } });
  });
  const query = {
    refId: 'A',
    queryType: 'metrics',
    version: 1,
    entity: 'agent',
    resource: 'cpus',
    measure: 'allocated',
  };
  const filters = [{ label: 'agent', operator: '=', value: 'x' }];
  await page.goto(`${url}/?${new URLSearchParams({ refresh: '', queries: JSON.stringify([{ ...query, filters }]) })}`);
  const menu = page.getByRole('combobox', { name: 'Values of agent' });
  await menu.click();
  await page.getByText('1,000 of 100,000 values').waitFor();
  await page.evaluate(() => {
    const frames: number[] = [];
    Object.assign(window, { frames });
    document.addEventListener(
      'keydown',
      () => {
        const began = performance.now();
        requestAnimationFrame(() => setTimeout(() => frames.push(performance.now() - began)));
      },
      { capture: true }
    );
  });
  await page.keyboard.type('instance-09999', { delay: 60 });
  const began = performance.now();
  await page.keyboard.press('9');
  await page.getByText('service-499.instance-099999').waitFor();
  const listed = performance.now() - began;
  return { listed, frames: await page.evaluate(() => (window as unknown as { frames: number[] }).frames) };
}

function median(values: number[]): number {
  return values.toSorted((a, b) => a - b)[Math.floor(values.length / 2)];
}
