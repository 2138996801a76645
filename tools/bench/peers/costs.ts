// What one poll of everything costs, from asking the master to samples written: CPU time, memory, and what the master sends.
// Infinity keeps nothing: there it is one query of one panel.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Size } from '../../simulator/generate/cluster.ts';
import { pollCosts, withPlugin } from '../executable.ts';
import { count, megabytes, nameOf, seconds } from '../lines.ts';
import { type Generated, startGenerator } from '../processes.ts';
import type { Peers } from './find.ts';
import { PANELS, TASKS } from './pages.ts';
import type { Row, Tool } from './rows.ts';
import { type Page, startExporter, startPrometheus, withInfinity } from './servers.ts';
import { trafficOf } from './traffic.ts';

interface Cost {
  cpu: number;
  /** Of the process or processes at their peak. */
  memory: number;
  /** From the master, as sent. */
  bytes: number;
  note: string;
}

/** How many polls: the kernel counts CPU time in hundredths of a second, so that one of a small cluster would be a guess. */
const POLLS: Record<Size, number> = { small: 20, medium: 10, large: 5 };

/** Seconds between two scrapes: longer than one takes. */
const EVERY: Record<Size, number> = { small: 2, medium: 5, large: 15 };

/** Measures a size, with one generated cluster for each tool in turn: the same one, whose time goes on with each /state. */
export async function costs(size: Size, peers: Peers, polls = POLLS[size]): Promise<Row[]> {
  const found: Partial<Record<Tool | 'tasks', Cost>> = { ours: await inTurn(size, (cluster) => ours(cluster, polls)) };
  const { prometheus, exporter, infinity } = peers;
  if (prometheus && exporter) {
    found.exporter = await inTurn(size, (cluster) =>
      scrapes(cluster, EVERY[size], polls, exporter.file, prometheus.file)
    );
  }
  if (infinity) {
    found.infinity = await inTurn(size, (cluster) => queries(cluster, polls, infinity.file, PANELS.infinity[0]));
    found.tasks = await inTurn(size, (cluster) => queries(cluster, polls, infinity.file, TASKS));
  }
  return rowsOf(size, found);
}

async function inTurn(size: Size, measure: (cluster: Generated) => Promise<Cost>): Promise<Cost> {
  const cluster = await startGenerator(size, ['--step', String(EVERY[size])]);
  try {
    return await measure(cluster);
  } finally {
    await cluster.stop();
  }
}

async function ours(cluster: Generated, polls: number): Promise<Cost> {
  let cost: Cost | undefined;
  // The cluster has no event stream: what is measured is a poll.
  await withPlugin(cluster.master, { pollInterval: '10m', subscribe: 'never' }, async (plugin) => {
    const { first, more } = await pollCosts(plugin, polls);
    const { bytes } = await trafficOf(cluster).total();
    const { history } = await plugin.status();
    cost = {
      cpu: mean(more.map((poll) => poll.cpu)),
      memory: Math.max(...[first, ...more].map((poll) => poll.peak)),
      bytes: bytes / (polls + 1),
      note: `this plugin: ${count(history.series)} series`,
    };
  });
  return cost as Cost;
}

/** The exporter and the Prometheus that scrapes it, after two scrapes that make all series. */
async function scrapes(
  cluster: Generated,
  interval: number,
  polls: number,
  exporterFile: string,
  prometheusFile: string
): Promise<Cost> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const traffic = trafficOf(cluster);
  const exporter = await startExporter(exporterFile, { master: cluster.master }, folder);
  const prometheus = await startPrometheus(prometheusFile, folder, { targets: [exporter.url], interval });
  try {
    /** Scrapes that have ended. */
    const until = async (n: number) => {
      while (((await traffic.requests())['/state'] ?? 0) < n) {
        await sleep(50);
      }
      await sleep(700 * interval); // until it is stored, and before the next
    };
    const cpu = () => exporter.process.cpu() + prometheus.process.cpu();
    await until(2);
    await traffic.forget();
    const before = cpu();
    await until(polls);
    const spent = (cpu() - before) / polls;
    const { bytes } = await traffic.total();
    const [up] = await prometheus.instant(`min_over_time(up[${interval * polls}s])`);
    const [samples] = await prometheus.instant('scrape_samples_scraped');
    if (up?.points[0][1] !== 1) {
      throw new Error(`a scrape of mesos_exporter failed or took longer than ${interval} s`);
    }
    const [one, other] = [exporter.process.memory().peak, prometheus.process.memory().peak];
    return {
      cpu: spent,
      memory: one + other,
      bytes: bytes / polls,
      note: `mesos_exporter: ${count(samples.points[0][1])} series, itself ${megabytes(one)}, Prometheus ${megabytes(other)}`,
    };
  } finally {
    await prometheus.stop();
    await exporter.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function queries(cluster: Generated, polls: number, file: string, page: Page): Promise<Cost> {
  let cost: Cost | undefined;
  const traffic = trafficOf(cluster);
  await withInfinity(file, cluster.master, async (infinity) => {
    await infinity.ask(page);
    await traffic.forget();
    const before = infinity.process.cpu();
    let answer = 0;
    for (let i = 0; i < polls; i++) {
      answer = await infinity.ask(page);
    }
    cost = {
      cpu: (infinity.process.cpu() - before) / polls,
      memory: infinity.process.memory().peak,
      bytes: (await traffic.total()).bytes / polls,
      note: `Infinity: ${page.path}, ${megabytes(answer)} to the browser`,
    };
  });
  return cost as Cost;
}

const mean = (numbers: number[]) => numbers.reduce((sum, n) => sum + n, 0) / numbers.length;

function rowsOf(size: Size, { tasks, ...found }: Partial<Record<Tool | 'tasks', Cost>>): Row[] {
  const row = (what: string, of: (cost: Cost) => number, show: (n: number) => string, note?: string): Row => ({
    what: `${what}: ${nameOf(size)}`,
    cells: Object.fromEntries(Object.entries(found).map(([tool, cost]) => [tool, of(cost)])),
    show,
    note,
  });
  const notes = Object.entries(found).map(([, { note }]) => note);
  const rows = [
    row('CPU of a poll, Infinity: of a query', ({ cpu }) => cpu, seconds, notes.join('; ')),
    row('memory at the peak', ({ memory }) => memory, megabytes),
    row('the master sends for it', ({ bytes }) => bytes, megabytes),
  ];
  if (tasks) {
    const none = 'has no tasks';
    const ofTasks = (what: string, of: (cost: Cost) => number, show: (n: number) => string): Row => ({
      what: `${what}: ${nameOf(size)}`,
      cells: { ours: found.ours && of(found.ours), exporter: none, infinity: of(tasks) },
      show,
      note: `${tasks.note}; this plugin: the same poll`,
    });
    rows.push(
      ofTasks('CPU for a table of tasks', ({ cpu }) => cpu, seconds),
      ofTasks('memory at the peak for it', ({ memory }) => memory, megabytes)
    );
  }
  return rows;
}
