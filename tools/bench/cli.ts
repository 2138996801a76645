// `npm run bench`: the budgets of the project against generated clusters. Performance is never a failing test: the exit
// status says whether everything could be measured, not whether it was fast enough.
import { mkdtempSync, rmSync, statSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { SIZES, type Size } from '../simulator/generate/cluster.ts';
import { editors, fileSizes } from './editors.ts';
import { pollCosts, withPlugin } from './executable.ts';
import { hostile } from './hostile.ts';
import {
  atMost,
  kilobytes,
  type Line,
  megabytes,
  milliseconds,
  rounded,
  seconds,
  skipped,
  times,
  told,
  written,
} from './lines.ts';
import { PARTS, peers } from './peers.ts';
import { bench, benchArtifact, startGenerator } from './processes.ts';
import { scraped } from './prometheus.ts';
import { BUDGETS, SCALE, writeReport } from './report.ts';
import { scale } from './scale.ts';
import { streaming } from './stream.ts';
import { viewers } from './viewers.ts';
import { ensureBuilt, executableName, plugin, root } from '../scripts/build.ts';

const usage = `npm run bench -- [--size NAME] [--engine NAME] [--stream] [--scale] [--editors] [--peers]

  --size NAME    ${Object.entries(SIZES)
    .map(([name, { agents, tasks }]) => `${name} (${agents} agents, ${tasks} tasks)`)
    .join(', ')},
                 or all (default): what budgets are about, that is small and large
  --engine NAME  where days of history are kept: memory, disk, or both (default)
  --stream       only what the event stream of the large cluster costs
  --scale        only what 35,000 agents and 200,000 tasks cost, on one core; the machine needs 12 GB for it
  --editors      only what the editors cost in a browser
  --peers        only the plugin beside mesos_exporter with Prometheus and beside Infinity: those that are on the PATH, or that
                 BENCH_PROMETHEUS, BENCH_MESOS_EXPORTER and BENCH_INFINITY (its backend's executable) name
  --part NAME    of --peers: ${Object.keys(PARTS).join(', ')}, or all (default)

With both defaults the table goes into docs/benchmarks.md, that of --scale into docs/benchmarks-scale.md, and that of the peers,
where all of them are there, into docs/benchmarks-peers.md. Prometheus is measured beside it where it is on the PATH.`;

interface Options {
  sizes: Size[];
  engines: string[];
  stream: boolean;
  scale: boolean;
  editors: boolean;
  peers: boolean;
  parts: string[];
  whole: boolean;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        size: { type: 'string', default: 'all' },
        engine: { type: 'string', default: 'both' },
        stream: { type: 'boolean', default: false },
        scale: { type: 'boolean', default: false },
        editors: { type: 'boolean', default: false },
        peers: { type: 'boolean', default: false },
        part: { type: 'string', default: 'all' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    const { size, engine, stream, scale, editors, peers, part } = values;
    if (size !== 'all' && !(size in SIZES)) {
      throw new Error(`--size ${size}: no such size`);
    }
    if (!['memory', 'disk', 'both'].includes(engine)) {
      throw new Error(`--engine ${engine}: no such engine`);
    }
    if (part !== 'all' && !(part in PARTS)) {
      throw new Error(`--part ${part}: no such part`);
    }
    return {
      sizes: size === 'all' ? ['small', 'large'] : [size as Size],
      engines: engine === 'both' ? ['memory', 'disk'] : [engine],
      stream,
      scale,
      editors,
      peers,
      parts: part === 'all' ? Object.keys(PARTS) : [part],
      whole: size === 'all' && engine === 'both' && !stream && !scale && !editors && !peers,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

const { sizes, engines, stream, scale: ofScale, editors: ofEditors, peers: ofPeers, parts, whole } = options();
if (process.platform !== 'linux') {
  console.log('skipped: CPU and memory are read from /proc, which only Linux has');
  process.exit(0);
}

const lines: Line[] = [];
function say(...more: Line[]): void {
  for (const line of more) {
    console.log(written(line));
    lines.push(line);
  }
}

const nameOf = (size: Size) => `${count(SIZES[size].agents)} agents, ${count(SIZES[size].tasks)} tasks`;
const count = (n: number) => n.toLocaleString('en');

/** The artifacts that are measured. */
function builtSizes(): void {
  const bytes = (file: string) => statSync(path.join(root, 'dist', file)).size;
  say(
    // 40 MB, and 6.5 MB of SQLite as Go code (docs/architecture-events.md). Of what else is in it, the cloud SDKs and
    // Kubernetes that Prometheus' tsdb imports are hardly linked, and no tag leaves out more than a few kB.
    atMost('gpx_mesos, stripped', bytes(executableName()), 48e6, megabytes),
    atMost('module.js', bytes('module.js'), 300e3, kilobytes),
    ...fileSizes()
  );
}

/** Lines whose budget holds at the largest size only. */
function budgeted(
  size: Size,
  name: string,
  value: number,
  budget: number,
  show: (n: number) => string,
  note: string
): Line {
  return size === 'large' ? atMost(name, value, budget, show, note) : told(name, show(value), note);
}

interface Read {
  plain: number;
  zipped: number;
  unpack: number;
  read: number;
  naive: number;
  generic: number;
}

/** Reading /state, compared with only decompressing it, and with decoding the whole body. */
async function reading(size: Size): Promise<Read> {
  const cluster = await startGenerator(size, []);
  try {
    const found = await bench<Read>('read', { master: cluster.master, rounds: 9 });
    const body = `${nameOf(size)}: ${megabytes(found.plain)}, ${megabytes(found.zipped)} gzipped`;
    say(
      budgeted(
        size,
        'CPU to read /state, against only un-gzipping it',
        found.read / found.unpack,
        5,
        times,
        `${body}; ${seconds(found.read)} against ${seconds(found.unpack)}`
      ),
      told('the same of the whole body into narrow structs by encoding/json', times(found.naive / found.unpack)),
      told('the same of the whole body into any by encoding/json', times(found.generic / found.unpack))
    );
    return found;
  } finally {
    await cluster.stop();
  }
}

/** Polls of the executable, from outside. */
async function polling(size: Size, body: number): Promise<void> {
  const cluster = await startGenerator(size, ['--step', '240']);
  try {
    // The cluster has no event stream here: what is measured is a poll.
    await withPlugin(cluster.master, { pollInterval: '10m', subscribe: 'never' }, async (gpx) => {
      const { idle, first, more } = await pollCosts(gpx, 5);
      const cpu = more.map((poll) => poll.cpu).sort((a, b) => a - b)[Math.floor(more.length / 2)];
      const added = Math.max(...more.map((poll) => poll.added));
      const what = nameOf(size);
      say(
        budgeted(
          size,
          'CPU of a whole poll, samples written',
          cpu,
          1.1,
          seconds,
          `${what}; the first: ${seconds(first.cpu)}`
        ),
        budgeted(
          size,
          'memory a poll takes at its peak beside what is kept, against the plain body',
          added,
          body,
          megabytes,
          `${what}; the whole process ${megabytes(idle)} idle, ${megabytes(first.peak)} at the peak of its first poll`
        )
      );
    });
  } finally {
    await cluster.stop();
  }
}

/** The master's load by number of viewers. */
async function looking(): Promise<Line[]> {
  const [none, ...others] = await viewers([0, 1, 100]);
  return others.map((asked) => ({
    name: `requests and bytes a master gets in a minute with ${asked.viewers} ${asked.viewers === 1 ? 'viewer' : 'viewers'}`,
    value: `${asked.requests}, ${kilobytes(asked.bytes)}`,
    budget: `as with none: ${none.requests}, ${kilobytes(none.bytes)}`,
    verdict: asked.requests === none.requests && asked.bytes === none.bytes ? 'ok' : 'over',
    note: `${asked.queries} queries answered`,
  }));
}

interface Asked {
  requests: number;
  bytes: number;
  atOnce: number;
}

interface Requests {
  minutes: number;
  every: number;
  master: Asked;
  agents: Asked;
  queries: number;
}

/** Clusters whose load is counted: how often /state may be asked for at most, in seconds (the intervals of Mesos' web UI). */
const COUNTED = [
  { agents: 500, tasks: 5_000, every: 20 },
  { agents: 5_000, tasks: 50_000, every: 120 },
  { agents: 10_000, tasks: 100_000, every: 240 },
];

/** What masters and agents are asked for in a minute, agents' statistics included. */
async function requests(): Promise<Line[]> {
  const found: Line[] = [];
  for (const { agents, tasks, every } of COUNTED) {
    const size = `${count(agents)} agents, ${count(tasks)} tasks`;
    const flags = ['--agents', String(agents), '--tasks', String(tasks), '--step', String(every)];
    const measured = async (viewers: number) => {
      const { master, start, stop } = await startGenerator('small', flags);
      try {
        return await bench<Requests>('requests', { master, start, viewers });
      } finally {
        await stop();
      }
    };
    const none = await measured(0);
    const perMinute = ({ master, agents: all, minutes }: Requests) =>
      `master ${rounded(master.requests / minutes)}, ${kilobytes(master.bytes / minutes)}; ` +
      `agents ${rounded(all.requests / minutes)}, ${kilobytes(all.bytes / minutes)}`;
    found.push(told(`requests and bytes in a minute with no viewer: ${size}`, perMinute(none)), {
      name: `/state and /roles are asked for every: ${size}`,
      value: seconds(none.every),
      budget: `>= ${seconds(every)}, one at a time`,
      verdict: none.every >= every && none.master.atOnce === 1 && none.agents.atOnce === 1 ? 'ok' : 'over',
    });
    for (const viewers of [1, 100]) {
      const some = await measured(viewers);
      // Responses contain ports, so their lengths differ by a few bytes.
      const alike = (a: Asked, b: Asked) => a.requests === b.requests && Math.abs(a.bytes - b.bytes) <= 0.001 * b.bytes;
      found.push({
        name: `the same with ${viewers} ${viewers === 1 ? 'viewer' : 'viewers'}: ${size}`,
        value: perMinute(some),
        budget: 'as with none',
        verdict: alike(some.master, none.master) && alike(some.agents, none.agents) ? 'ok' : 'over',
        note: `${count(some.queries)} queries answered`,
      });
    }
  }
  return found;
}

interface Days {
  days: Array<{
    memory: { now: number; peak: number };
    liveHeap: number;
    history: number;
    series: number;
    samples: number;
    hours: number;
    cpu: number;
    polls: number;
    note?: string;
  }>;
  questions: Array<{ name: string; rule: boolean; own: string; series: number; wall: number; cpu: number }>;
  disk?: { bytes: number; blocks: number; samples: number };
}

/** Seconds between two polls of /state: the intervals of pkg/collector by number of agents. */
const STEP: Record<Size, number> = { small: 15, medium: 60, large: 240 };

/** Most memory after a day, in bytes. */
const MEMORY: Partial<Record<Size, Record<string, number>>> = {
  small: { memory: 100e6 },
  large: { memory: 600e6, disk: 1.3e9 },
};

async function days(
  size: Size,
  engine: string,
  flags: Record<string, string | number>,
  cluster: string[] = []
): Promise<Days> {
  const generated = await startGenerator(size, ['--step', String(flags.step ?? STEP[size]), ...cluster]);
  const directory = engine === 'disk' ? mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-')) : '';
  try {
    return await bench<Days>('days', {
      master: generated.master,
      start: generated.start,
      ...flags,
      step: `${flags.step ?? STEP[size]}s`,
      ...(directory && { directory: path.join(directory, 'history') }),
    });
  } finally {
    await generated.stop();
    if (directory) {
      rmSync(directory, { recursive: true, force: true });
    }
  }
}

/**
 * ms of CPU time of what has a line of its own, at 10,000 agents and 100,000 tasks. Statements of SQL: twice what the engine was
 * chosen by (174 and 0.05 ms), and 5 ms for a look-up.
 */
const OWN: Record<string, number> = {
  'of half a CPU and 1 GiB by rack, 100 agents over 24 h': 500,
  'the largest hole of all agents, instant': 1000,
  'frameworks and agents': 100,
  'tasks, frameworks and racks': 100,
  'tasks by framework and state': 350,
  'all columns of one task': 5,
};

/** A day of polls, then panels and rules over it. */
async function oneDay(size: Size, engine: string): Promise<Line[]> {
  const found = await days(size, engine, { days: 1 });
  const [day] = found.days;
  const where = `${nameOf(size)}, ${engine}`;
  const budget = MEMORY[size]?.[engine];
  const note =
    `${count(day.series)} series, ${count(day.samples)} samples written, ${rounded(day.hours)} h kept` +
    `; live heap ${megabytes(day.liveHeap)}; CPU ${rounded((100 * day.cpu) / 86400)} % of a core`;
  const name = `peak memory of the backend over 24 h: ${where}`;
  const more = [
    budget ? atMost(name, day.memory.peak, budget, megabytes, note) : told(name, megabytes(day.memory.peak), note),
  ];
  if (found.disk) {
    const perSample = found.disk.blocks / found.disk.samples;
    const bytes = (n: number) => `${rounded(n)} bytes`;
    const all = `finished blocks; all files ${megabytes(found.disk.bytes)}`;
    more.push(atMost(`disk per sample: ${nameOf(size)}`, perSample, 3, bytes, all));
  }
  for (const kind of ['panel over 24 h', 'alert rule, instant']) {
    const asked = found.questions.filter(({ rule, own }) => own === '' && rule === (kind === 'alert rule, instant'));
    // CPU time: of one query on an idle core that is how long it takes, and here the cores are not idle.
    const slowest = asked.reduce((a, b) => (b.cpu > a.cpu ? b : a));
    const rest = asked.map((q) => `${q.name} (${q.series} series) ${milliseconds(q.cpu)}`).join(', ');
    more.push(atMost(`${kind}, the slowest: ${where}`, slowest.cpu, slowest.rule ? 10 : 50, milliseconds, rest));
  }
  for (const { own, name, cpu, wall } of found.questions.filter(({ own }) => own !== '')) {
    more.push(atMost(`${own}, ${name}: ${where}`, cpu, OWN[name], milliseconds, `wall ${milliseconds(wall)}`));
  }
  return more;
}

/** Seven days at constant load with a retention of a day: memory must not grow from day to day. */
async function week(engine: string): Promise<Line[]> {
  const flags = { days: 7, step: 60, 'poll-interval': '60s', retention: '24h' };
  const found = await days('small', engine, flags, ['--rhythm', '0']);
  const heaps = found.days.map(({ liveHeap }) => liveHeap);
  // The first day fills the history; the second is what the others may be.
  const later = Math.max(...heaps.slice(2));
  return [
    atMost(
      `live heap after 7 days, a tenth of the tasks replaced an hour, against the second day: ${nameOf('small')}, ${engine}`,
      later / heaps[1],
      1.1,
      times,
      `retention 24h, a poll a minute; day by day ${heaps.map((heap) => rounded(heap / 1e6)).join(', ')} MB, ` +
        `resident ${found.days.map(({ memory }) => rounded(memory.now / 1e6)).join(', ')} MB`
    ),
  ];
}

const load = os.loadavg()[0];
ensureBuilt([...plugin, benchArtifact]);
const began = Date.now();

async function everything(): Promise<void> {
  builtSizes();
  const largest = sizes[sizes.length - 1];
  const { plain } = await reading(largest);
  await polling(largest, plain);
  // Memory and CPU time do not depend on what runs beside: the engines take a core each.
  const beside = async (...measuring: Array<Promise<Line[]>>) => say(...(await Promise.all(measuring)).flat());
  for (const size of sizes) {
    await beside(...engines.map((engine) => oneDay(size, engine)));
  }
  if (sizes.includes('small')) {
    await beside(looking(), ...engines.map(week), ...(whole ? [requests()] : []));
  }
  if (sizes.includes('large')) {
    say(...(await streaming('large', nameOf('large'))));
  }
  if (whole) {
    say(...(await hostile()));
  }
  say((await scraped()) ?? skipped('Prometheus scraping as many series', 'it is not installed'));
}

if (stream) {
  say(...(await streaming('large', nameOf('large'))));
} else if (ofScale) {
  await scale(say);
} else if (ofPeers) {
  await peers(parts, sizes, () => os.loadavg()[0]);
} else if (ofEditors) {
  builtSizes();
  say(...(await editors()));
} else {
  await everything();
  say(...(await editors()));
}
console.log(
  `${lines.filter(({ verdict }) => verdict === 'over').length} over budget; took ${Math.round((Date.now() - began) / 1000)} s`
);
if (whole) {
  writeReport(BUDGETS, lines, load);
} else if (ofScale) {
  writeReport(SCALE, lines, load);
}
