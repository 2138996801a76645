// Days of polls, and panels and rules over them.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import type { Size } from '../simulator/generate/cluster.ts';
import { atMost, count, type Line, megabytes, milliseconds, nameOf, rounded, times, told } from './lines.ts';
import { bench, startGenerator } from './processes.ts';

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

const ENGINES = ['memory', 'disk'];

/** A day of polls, then panels and rules over it. Memory and CPU time do not depend on what runs beside: the engines take a core each. */
export async function day(size: Size): Promise<Line[]> {
  return (await Promise.all(ENGINES.map((engine) => oneDay(size, engine)))).flat();
}

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
export async function week(): Promise<Line[]> {
  return (await Promise.all(ENGINES.map(weekOf))).flat();
}

async function weekOf(engine: string): Promise<Line[]> {
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
