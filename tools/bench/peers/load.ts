// What a master is asked for while nobody, one and a hundred look at a dashboard of three panels, with each tool. The plugin and
// Prometheus ask every 15 s, whoever looks; Infinity asks for each panel and each refresh.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { withPlugin } from '../executable.ts';
import { megabytes, nameOf, rounded } from '../lines.ts';
import { type Generated, startGenerator } from '../processes.ts';
import type { Peers } from './find.ts';
import { PANELS } from './pages.ts';
import type { Row, Tool } from './rows.ts';
import { startExporter, startPrometheus, withInfinity } from './servers.ts';
import { type Total, trafficOf } from './traffic.ts';

/** Seconds between two polls, and between two refreshes of a viewer. */
const EVERY = 15;
const REFRESH = 5;

interface Seen extends Total {
  /** Of viewers, that were answered while it was counted. */
  queries: number;
  /** Seconds of CPU of the tool. */
  cpu: number;
}

/** Asks for all panels of a dashboard. */
type Look = () => Promise<void>;

export interface LoadOptions {
  viewers: number[];
  /** Seconds that are counted. */
  lasts: number;
}

/** Measures the small cluster, which stands still, so that its answers are equally long. */
export async function load(peers: Peers, options: LoadOptions = { viewers: [1, 100], lasts: 60 }): Promise<Row[]> {
  const found: Partial<Record<Tool, Seen[]>> = { ours: await inTurn((cluster) => ours(cluster, options)) };
  const { prometheus, exporter, infinity } = peers;
  if (prometheus && exporter) {
    found.exporter = await inTurn((cluster) => scraped(cluster, exporter.file, prometheus.file, options));
  }
  if (infinity) {
    found.infinity = await inTurn((cluster) => asked(cluster, infinity.file, options));
  }
  return options.viewers.flatMap((viewers, i) => {
    const who = `${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}`;
    const row = (what: string, of: (seen: Seen) => number, show: (n: number) => string, note?: string): Row => ({
      what: `${what} in ${options.lasts} s with ${who}: ${nameOf('small')}`,
      cells: Object.fromEntries(Object.entries(found).map(([tool, all]) => [tool, of(all[i])])),
      show,
      note,
    });
    const wanted = (viewers * 3 * options.lasts) / REFRESH;
    const answered = Object.values(found).map((all) => all[i].queries.toLocaleString('en'));
    return [
      row('requests to the master', ({ requests }) => requests, rounded),
      row('the master sends', ({ bytes }) => bytes, megabytes),
      row(
        'CPU of the tool',
        ({ cpu }) => cpu,
        (n) => `${rounded(n)} s`,
        `queries answered: ${answered.join(', ')} of ${wanted.toLocaleString('en')}`
      ),
    ];
  });
}

async function inTurn(measure: (cluster: Generated) => Promise<Seen[]>): Promise<Seen[]> {
  const cluster = await startGenerator('small', []);
  try {
    return await measure(cluster);
  } finally {
    await cluster.stop();
  }
}

async function ours(cluster: Generated, options: LoadOptions): Promise<Seen[]> {
  let found: Seen[] = [];
  // The cluster has no event stream: attempts at it would count.
  await withPlugin(cluster.master, { pollInterval: `${EVERY}s`, subscribe: 'never' }, async (plugin) => {
    const look = async () => void (await Promise.all(PANELS.ours.map((panel) => plugin.ask(panel))));
    found = await count(cluster, options, look, () => plugin.process.cpu(), true);
  });
  return found;
}

async function scraped(
  cluster: Generated,
  exporterFile: string,
  prometheusFile: string,
  options: LoadOptions
): Promise<Seen[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const exporter = await startExporter(exporterFile, { master: cluster.master }, folder);
  const prometheus = await startPrometheus(prometheusFile, folder, { targets: [exporter.url], interval: EVERY });
  try {
    const look = async () => {
      const now = Date.now() / 1000;
      await Promise.all(PANELS.exporter.map((panel) => prometheus.range(panel, now - 3600, now, EVERY)));
    };
    return await count(cluster, options, look, () => exporter.process.cpu() + prometheus.process.cpu(), true);
  } finally {
    await prometheus.stop();
    await exporter.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function asked(cluster: Generated, file: string, options: LoadOptions): Promise<Seen[]> {
  let found: Seen[] = [];
  await withInfinity(file, cluster.master, async (infinity) => {
    const look = async () => void (await Promise.all(PANELS.infinity.map((page) => infinity.ask(page))));
    found = await count(cluster, options, look, () => infinity.process.cpu(), false);
  });
  return found;
}

/** Counts with each number of viewers. `polls`: the tool asks by itself, and it is counted from between two polls on. */
async function count(
  cluster: Generated,
  { viewers, lasts }: LoadOptions,
  look: Look,
  cpu: () => number,
  polls: boolean
): Promise<Seen[]> {
  const traffic = trafficOf(cluster);
  const found: Seen[] = [];
  await look();
  for (const some of viewers) {
    if (polls) {
      const { requests } = await traffic.total();
      while ((await traffic.total()).requests === requests) {
        await sleep(100);
      }
      await sleep((1000 * EVERY) / 2);
    }
    const looking = watch(some, look);
    await traffic.forget();
    const before = cpu();
    await sleep(1000 * lasts);
    const [total, spent, looks] = [await traffic.total(), cpu() - before, looking.looks()];
    await looking.stop();
    found.push({ ...total, cpu: spent, queries: 3 * looks });
  }
  return found;
}

/** So many viewers, spread over the time between two refreshes. Who waits longer than that refreshes later. */
function watch(count: number, look: Look) {
  let [looking, looks] = [true, 0];
  const all = Array.from({ length: count }, async (_, i) => {
    await sleep((1000 * REFRESH * i) / count);
    while (looking) {
      const next = sleep(1000 * REFRESH);
      await look();
      looks++;
      await next;
    }
  });
  return {
    looks: () => looks,
    async stop() {
      looking = false;
      await Promise.all(all);
    },
  };
}
