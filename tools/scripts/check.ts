// The demo's check: does the graph of CPU allocated per framework show what the
// replayed master answered? Reads the page in headless Chromium on one side and
// the recorded responses on the other, without any code of pkg/.
import path from 'node:path';

import { chromium, type Page } from '@playwright/test';

import { cpusByFrameworkOf } from '../simulator/expected.ts';
import { readBody, readRecording } from '../simulator/manifest.ts';
import type { Replay } from '../simulator/replay.ts';
import { root } from './build.ts';
import { ensureChromium, launchArgs } from './chromium.ts';

/** What a curve of the graph shows last. */
export interface Curve {
  name: string;
  value: number;
  time: number; // Unix milliseconds
}

/** How long curves may take to appear: the first poll, then the first step of the range. Milliseconds. */
const usualPatience = 60_000;

/**
 * A point this close to a poll may show the answer before it or the one of it: samples carry the time the request was
 * sent, the replay knows when it arrived. Milliseconds.
 */
const transit = 250;

/** Mesos counts in thousandths; sums of doubles differ beyond. */
const tolerance = 1e-6;

const query = { refId: 'A', queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' };

/** Compares, prints both sides, and returns whether they are equal. */
export async function checkGraph(url: string, replay: Replay, patience = usualPatience): Promise<boolean> {
  const executablePath = ensureChromium();
  if (!executablePath) {
    throw new Error('The check needs a Chromium, and none could be installed.');
  }
  const browser = await chromium.launch({ executablePath, args: launchArgs });
  try {
    const page = await browser.newPage({ viewport: { width: 1400, height: 900 } });
    await page.goto(`${url}/?from=now-5m&to=now&refresh=5s&queries=${encodeURIComponent(JSON.stringify([query]))}`);
    const shown = await readNewest(page, patience);
    const answers = answersAt(replay, shown.at);
    const answer = answers.find(({ cpus }) => compare(shown.curves, cpus).every((row) => row.same)) ?? answers[0];
    console.log(`The master's answer at that time: ${answer.file}, asked at ${answer.time}`);
    return report(shown.curves, answer.cpus, shown.at);
  } finally {
    await browser.close();
  }
}

/** The curves that reach the newest point. */
async function readNewest(page: Page, patience: number): Promise<{ curves: Curve[]; at: number }> {
  const until = Date.now() + patience;
  for (;;) {
    const curves = await readCurves(page);
    if (curves.length > 0) {
      const at = Math.max(...curves.map((curve) => curve.time));
      return { curves: curves.filter((curve) => curve.time === at), at };
    }
    if (Date.now() > until) {
      const problem = await page.getByTestId('error').or(page.getByTestId('notices')).allInnerTexts();
      throw new Error(
        `The graph showed no curve within ${patience / 1000} s. The page says: ${problem.join(' ') || 'No data'}`
      );
    }
    await page.waitForTimeout(1000);
  }
}

/** The legend's rows: they hold the numbers the graph was given. */
async function readCurves(page: Page): Promise<Curve[]> {
  const rows = await page.getByTestId('legend-row').evaluateAll((elements) =>
    elements.map((element) => ({
      name: element.getAttribute('data-name') ?? '',
      value: Number(element.getAttribute('data-value') ?? NaN),
      time: Number(element.getAttribute('data-time') ?? NaN),
    }))
  );
  return rows.filter((row) => Number.isFinite(row.time));
}

interface Answer {
  file: string;
  time: string;
  /** framework -> CPUs */
  cpus: Record<string, number>;
}

/** The master's latest response at the time `at`: one, or two where a poll was at that time. */
function answersAt(replay: Replay, at: number): Answer[] {
  const polls = replay
    .requests()
    .filter((entry) => /^(\/master)?\/state$/.test(entry.path) && entry.status === 200 && entry.file)
    .filter((entry) => Date.parse(entry.time) <= at + transit);
  const settled = polls.filter((poll) => Date.parse(poll.time) <= at - transit).at(-1);
  const candidates = polls.filter((poll) => poll === settled || Date.parse(poll.time) > at - transit);
  if (candidates.length === 0) {
    throw new Error('The graph shows a point from before the first answer of /state.');
  }
  const recording = readRecording(path.join(root, 'testdata', 'captures'));
  return candidates.map(({ file = '', time }) => ({
    file,
    time,
    cpus: cpusByFrameworkOf(JSON.parse(readBody(recording, file).toString('utf8'))),
  }));
}

interface Row {
  name: string;
  shown?: number;
  expected?: number;
  same: boolean;
}

/** Both sides in two columns, by framework. */
function compare(curves: Curve[], expected: Record<string, number>): Row[] {
  const shown = Object.fromEntries(curves.map((curve) => [curve.name, curve.value]));
  const names = [...new Set([...Object.keys(shown), ...Object.keys(expected)])].sort();
  return names.map((name) => ({
    name,
    shown: shown[name],
    expected: expected[name],
    same: Math.abs((shown[name] ?? NaN) - (expected[name] ?? NaN)) < tolerance,
  }));
}

/** Prints both sides and returns whether they are equal; two empty sides are not. */
export function report(curves: Curve[], expected: Record<string, number>, at: number): boolean {
  const rows = compare(curves, expected);
  const width = Math.max(...rows.map(({ name }) => name.length), 9);
  console.log(`CPU allocated per framework, ${new Date(at).toISOString()}`);
  console.log(`  ${'framework'.padEnd(width)}  ${'graph'.padStart(10)}  ${'recorded'.padStart(10)}`);
  for (const row of rows) {
    const cells = [row.shown, row.expected].map((value) =>
      (value === undefined ? '-' : String(+value.toFixed(6))).padStart(10)
    );
    console.log(`${row.same ? ' ' : '!'} ${row.name.padEnd(width)}  ${cells.join('  ')}`);
  }
  if (rows.length === 0) {
    console.log('Nothing to compare.');
    return false;
  }
  const different = rows.filter((row) => !row.same).length;
  console.log(
    different ? `DIFFERENT: ${different} of ${rows.length} frameworks.` : `Equal: ${rows.length} frameworks.`
  );
  return different === 0;
}
