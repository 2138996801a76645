// Panels over a day and a week: the plugin's history on disk against Prometheus, each filled with a week of polls of the same
// cluster, a poll a minute. Each is asked as Grafana asks it: the plugin over gRPC, Prometheus over HTTP.
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { type Frame, HISTORY, type Plugin, withPlugin } from '../executable.ts';
import { megabytes, milliseconds, nameOf, rounded } from '../lines.ts';
import { bench, startGenerator } from '../processes.ts';
import type { Peers } from './find.ts';
import { median, type Row } from './rows.ts';
import { type Series, startExporter, startPrometheus } from './servers.ts';

const DAY = 86_400;

/** How often each panel is asked. */
const TRIES = 15;

interface Panel {
  name: string;
  ours: string;
  /** Absent: mesos_exporter has nothing to answer it with. */
  theirs?: string;
}

const PANELS: Panel[] = [
  {
    name: 'CPUs in use of the cluster',
    ours: 'mesos_cluster_cpus_allocated',
    theirs: 'mesos_master_cpus{type="used"}',
  },
  { name: 'CPUs in use by agent', ours: 'mesos_agent_cpus_allocated', theirs: 'mesos_slave_cpus_used' },
  {
    name: 'CPU utilization by agent',
    ours: 'mesos_agent_cpus_allocated / mesos_agent_cpus_capacity',
    theirs: 'mesos_slave_cpus_used / on (slave) mesos_slave_cpus',
  },
  {
    name: 'tasks that failed in an hour',
    ours: 'sum(increase(mesos_cluster_tasks_ended_total{state="failed"}[1h]))',
    theirs: 'sum(increase(mesos_master_task_states_exit_total{state="failed"}[1h]))',
  },
  { name: 'CPUs in use by framework', ours: 'mesos_framework_cpus_allocated' },
];

/** Times that panels show, with the seconds between two points. */
const SPANS = [
  { name: '24 h', seconds: DAY, step: 120 },
  { name: '7 d', seconds: 7 * DAY, step: 900 },
];

export interface PanelsOptions {
  /** That are filled. */
  days: number;
  /** Seconds between two polls. */
  step: number;
}

/** What one panel took, in ms, and the sum of its series at each point. */
interface Answer {
  cpu: number;
  wall: number;
  series: number;
  sums: Map<number, number>;
}

interface Filled {
  answers: Answer[][];
  /** Of the process after all panels. */
  memory: number;
  disk: Disk;
  series: number;
}

interface Disk {
  /** Of all files. */
  bytes: number;
  /** Of finished blocks, and the samples in them. */
  blocks: number;
  samples: number;
}

/** Fills both side by side, and asks one after the other. */
export async function panels(peers: Peers, options: PanelsOptions = { days: 7, step: 60 }): Promise<Row[]> {
  const start = Math.floor(Date.now() / 1000 / options.step) * options.step - options.days * DAY;
  const { prometheus, exporter } = peers;
  const filling = [
    ours(start, options),
    ...(prometheus && exporter ? [theirs(start, options, exporter.file, prometheus.file)] : []),
  ];
  const fillings = await Promise.allSettled(filling);
  try {
    const [mine, others] = await Promise.all(filling); // throws what went wrong
    return rowsOf(options, await mine.ask(), await others?.ask());
  } finally {
    await Promise.all(fillings.map((one) => (one.status === 'fulfilled' ? one.value.stop() : undefined)));
  }
}

function rowsOf(options: PanelsOptions, own: Filled, other: Filled | undefined): Row[] {
  const none = 'has no history';
  const row = (what: string, of: (filled: Filled) => number, show: (n: number) => string, note?: string): Row => ({
    what: `${what}: ${nameOf('small')}`,
    cells: { ours: of(own), ...(other && { exporter: of(other) }), infinity: none },
    show,
    note,
  });
  const perSample = (n: number) => `${rounded(n)} bytes`;
  return [
    ...spansOf(options).flatMap((span, i) =>
      PANELS.map((panel, j): Row => {
        const [mine, others] = [own.answers[i][j], panel.theirs && other?.answers[i][j]];
        const walls = [mine, ...(others ? [others] : [])].map(({ wall }) => milliseconds(wall));
        return {
          what: `CPU of a panel over ${span.name}, ${panel.name}, ${mine.series} series`,
          cells: {
            ours: mine.cpu,
            ...(panel.theirs === undefined ? { exporter: 'has none' } : others && { exporter: others.cpu }),
            infinity: none,
          },
          show: milliseconds,
          note: `until it is answered ${walls.join(' and ')}${others ? agreement(mine, others, Math.max(span.step, options.step)) : ''}`,
        };
      })
    ),
    row('memory after it', ({ memory }) => memory, megabytes),
    row(
      `all files of ${options.days} days, a poll every ${options.step} s`,
      ({ disk }) => disk.bytes,
      megabytes,
      [own, ...(other ? [other] : [])].map(({ series }) => `${series.toLocaleString('en')} series`).join(' and ')
    ),
    row('a sample in finished blocks', ({ disk }) => disk.blocks / disk.samples, perSample),
  ];
}

function spansOf({ days }: PanelsOptions) {
  return SPANS.filter(({ seconds }) => seconds <= days * DAY);
}

/**
 * Says how far both answer the same. Their points are not at the same moments, so a sum must lie between those of the other's points
 * beside it.
 */
function agreement(mine: Answer, others: Answer, step: number): string {
  const theirs = [...others.sums].sort(([a], [b]) => a - b);
  const alike = [...mine.sums].filter(([at, sum]) => {
    const beside = theirs.filter(([moment]) => Math.abs(moment - at) <= step).map(([, other]) => other);
    const slack = 0.01 * Math.abs(sum);
    return sum >= Math.min(...beside) - slack && sum <= Math.max(...beside) + slack;
  });
  const differ = mine.series === others.series ? '' : `; ${mine.series} and ${others.series} series`;
  return `; ${rounded((100 * alike.length) / mine.sums.size)} % of ${mine.sums.size} points agree${differ}`;
}

interface Days {
  days: Array<{ series: number }>;
  disk: Disk;
}

/** A history that is filled, and waits to be asked. */
interface Filling {
  ask(): Promise<Filled>;
  stop(): Promise<void>;
}

async function ours(start: number, { days, step }: PanelsOptions): Promise<Filling> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const cluster = await startGenerator('small', ['--step', String(step), '--start', String(start)]);
  const stop = async () => {
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const fill = () =>
    bench<Days>('days', {
      ...{ master: cluster.master, start, days, step: `${step}s`, 'poll-interval': `${step}s`, questions: 'false' },
      directory: path.join(folder, HISTORY),
    });
  const polled = await orStop(fill, stop);
  const filled: Filled = {
    ...{ answers: [], memory: 0, disk: polled.disk },
    series: polled.days[polled.days.length - 1].series,
  };
  const measure = async (plugin: Plugin) => {
    const { process } = plugin;
    filled.answers = await answered(
      { start, days, step },
      () => process.cpu(),
      async ({ ours: expr }, from, to, points) => {
        const frames = await plugin.range({ queryType: 'promql', expr }, from, to, points);
        return frames.flatMap(seriesOf);
      }
    );
    filled.memory = process.memory().now;
  };
  return {
    stop,
    async ask() {
      const settings = { pollInterval: `${step}s`, subscribe: 'never' };
      await withPlugin(cluster.master, settings, measure, { history: folder });
      return filled;
    },
  };
}

async function theirs(
  start: number,
  { days, step }: PanelsOptions,
  exporterFile: string,
  prometheusFile: string
): Promise<Filling> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const cluster = await startGenerator('small', ['--start', String(start)]);
  const exporter = await startExporter(exporterFile, { master: cluster.master }, folder);
  const prometheus = await startPrometheus(prometheusFile, folder);
  const stop = async () => {
    await prometheus.stop();
    await exporter.stop();
    await cluster.stop();
    rmSync(folder, { recursive: true, force: true });
  };
  const fill = () =>
    bench<{ series: number }>('backfill', {
      ...{ exporter: `${exporter.url}/metrics`, write: `${prometheus.url}/api/v1/write`, control: cluster.control },
      ...{ start, days, step: `${step}s` },
    });
  const { series } = await orStop(fill, stop);
  return {
    stop,
    async ask() {
      const answers = await answered(
        { start, days, step },
        () => prometheus.process.cpu(),
        ({ theirs: expr }, from, to, points) =>
          expr === undefined ? Promise.resolve([]) : prometheus.range(expr, from, to, points)
      );
      return { answers, memory: prometheus.process.memory().now, disk: diskOf(prometheus.data), series };
    },
  };
}

async function orStop<T>(doing: () => Promise<T>, stop: () => Promise<void>): Promise<T> {
  try {
    return await doing();
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Asks all panels over all spans, each several times. */
async function answered(
  { start, days, step }: PanelsOptions & { start: number },
  cpu: () => number,
  ask: (panel: Panel, from: number, to: number, step: number) => Promise<Series[]>
): Promise<Answer[][]> {
  const end = start + days * DAY - step; // the last poll
  const found: Answer[][] = [];
  for (const span of spansOf({ days, step })) {
    const to = Math.floor(end / span.step) * span.step;
    const answers: Answer[] = [];
    for (const panel of PANELS) {
      let last = await ask(panel, to - span.seconds, to, span.step);
      const walls: number[] = [];
      const before = cpu();
      for (let i = 0; i < TRIES; i++) {
        const begun = performance.now();
        last = await ask(panel, to - span.seconds, to, span.step);
        walls.push(performance.now() - begun);
      }
      const spent = (1000 * (cpu() - before)) / TRIES;
      answers.push({ cpu: spent, wall: median(walls), series: last.length, sums: sumsOf(last) });
    }
    found.push(answers);
  }
  return found;
}

function sumsOf(all: Series[]): Map<number, number> {
  const sums = new Map<number, number>();
  for (const [at, value] of all.flatMap(({ points }) => points)) {
    sums.set(at, (sums.get(at) ?? 0) + value);
  }
  return sums;
}

/** The series of a frame: each of its fields of numbers. */
export function seriesOf({ schema: { fields }, data: { values } }: Frame): Series[] {
  const times = values[fields.findIndex(({ type }) => type === 'time')] ?? [];
  return fields.flatMap(({ type, labels = {} }, field) => {
    const points = values[field]?.flatMap((value, i): Array<[number, number]> => {
      const at = times[i];
      return typeof at === 'number' && typeof value === 'number' ? [[at / 1000, value]] : [];
    });
    return type === 'number' ? [{ metric: labels, points: points ?? [] }] : [];
  });
}

/** The size of a TSDB's directory, and of its finished blocks by their meta.json. */
export function diskOf(folder: string): Disk {
  const sizeOf = (below: string): number =>
    readdirSync(below, { recursive: true, withFileTypes: true })
      .filter((entry) => entry.isFile())
      .reduce((sum, { parentPath, name }) => sum + statSync(path.join(parentPath, name)).size, 0);
  const disk: Disk = { bytes: sizeOf(folder), blocks: 0, samples: 0 };
  for (const entry of readdirSync(folder)) {
    let meta: { stats: { numSamples: number } };
    try {
      meta = JSON.parse(readFileSync(path.join(folder, entry, 'meta.json'), 'utf8')) as typeof meta;
    } catch {
      continue; // no block
    }
    disk.blocks += sizeOf(path.join(folder, entry));
    disk.samples += meta.stats.numSamples;
  }
  return disk;
}
