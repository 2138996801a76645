// What a cluster costs that is larger than most: 35,000 agents and 200,000 tasks, with the agents' statistics, on one core.
import { atMost, count, type Line, megabytes, milliseconds, rounded, seconds, told } from './lines.ts';
import { bench, startGenerator } from './processes.ts';
import { streaming } from './stream.ts';

interface Stage {
  cpu: number;
  wall: number;
  memory: { now: number; peak: number };
  liveHeap: number;
  history: number;
  series: number;
  samples: number;
  hours: number;
}

interface Question {
  name: string;
  series: number;
  points: number;
  first: number;
  cpu: number;
  added: number;
}

interface Scale {
  first: Stage;
  asked: Stage;
  hour: Stage;
  again: Stage;
  cold: Question[];
  queries: Question[];
  every: number;
  agents: number;
  notes: string[] | null;
  dropped: number;
}

const SIZE = { agents: 35_000, tasks: 200_000 };

/** Seconds between two /state of so many agents (pkg/collector/ladder.go). */
const LADDER = 960;

interface Cluster {
  what: string;
  flags: Record<string, number>;
  /** MiB of the setting memoryLimit. */
  memoryLimit: number;
  /** For how long polls go on, in minutes: two more /state, or one. */
  minutes: number;
}

/** With few frameworks, with all that a cluster may have many of besides, and with less room than it takes. */
const CLUSTERS: Record<string, Cluster> = {
  usual: { what: '100 frameworks', flags: { ...SIZE, frameworks: 100, assets: 10_000 }, memoryLimit: 512, minutes: 34 },
  frameworks: {
    what: '5,000 frameworks, a tree of 2,000 roles',
    flags: { ...SIZE, frameworks: 5_000, roles: 2_000, assets: 10_000 },
    memoryLimit: 512,
    minutes: 18,
  },
  limit: {
    what: '100 frameworks, the default memoryLimit',
    flags: { ...SIZE, frameworks: 100, assets: 10_000 },
    memoryLimit: 256,
    minutes: 18,
  },
};

/** Bytes that the process may take. */
const MEMORY = 1.5e9;
/** ms of CPU that topk over all current tasks may take. */
const TOPK = 1000;

const flagsOf = (flags: Record<string, number>) =>
  Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);

/** Measures history in memory. */
async function polled({ what, flags, memoryLimit, minutes }: Cluster): Promise<Line[]> {
  const generated = await startGenerator('large', [...flagsOf(flags), '--step', String(LADDER)]);
  try {
    const found = await bench<Scale>(
      'scale',
      {
        master: generated.master,
        start: generated.start,
        lasts: `${minutes}m`,
        'agent-statistics': 'true',
        'memory-limit': memoryLimit * 2 ** 20,
      },
      { GOMAXPROCS: '1' }
    );
    return linesOf(what, minutes, found);
  } finally {
    await generated.stop();
  }
}

function linesOf(name: string, minutes: number, found: Scale): Line[] {
  const { first, asked, hour, again, cold, queries, every, agents, notes, dropped } = found;
  const kept = (stage: Stage) =>
    `${count(stage.series)} series, ${megabytes(stage.history)} of history; live heap ${megabytes(stage.liveHeap)}, resident ${megabytes(stage.memory.now)}`;
  const series = (n: number) => (n === 1 ? '1 series' : `${count(n)} series`);
  const questions = (all: Question[], when: string) =>
    all.map(({ name: what, cpu, first: once, added, ...answer }) => {
      const line = `${what}, ${when}: ${name}`;
      const note = `the first time ${milliseconds(once)} and ${megabytes(added)}; ${series(answer.series)}, ${count(answer.points)} points`;
      return what.startsWith('the 10 tasks')
        ? atMost(line, cpu, TOPK, milliseconds, note)
        : told(line, milliseconds(cpu), note);
    });
  return [
    told(`CPU of the first polls: ${name}`, seconds(first.cpu), `${seconds(first.wall)} on one core`),
    atMost(`memory of the first polls, peak: ${name}`, first.memory.peak, MEMORY, megabytes, kept(first)),
    atMost(
      `memory of ${minutes} minutes of polls, peak: ${name}`,
      hour.memory.peak,
      MEMORY,
      megabytes,
      `${kept(hour)}; ${count(hour.samples)} samples written; ${count(agents)} agents answered; /state every ${seconds(every)}`
    ),
    told(`CPU of ${minutes} minutes of polls: ${name}`, `${rounded((100 * hour.cpu) / (60 * minutes))} % of a core`),
    told(`series that are left out: ${name}`, count(dropped), (notes ?? []).join(' ')),
    ...questions(cold, 'after the first polls'),
    ...questions(queries, `${minutes} minutes later`),
    atMost(
      `memory of the queries, peak: ${name}`,
      Math.max(asked.memory.peak, again.memory.peak),
      MEMORY,
      megabytes,
      `after the first polls ${megabytes(asked.memory.peak)}`
    ),
  ];
}

/** The parts of --scale, each of which has a table of its own. */
export const SCALE_PARTS: Record<string, () => Promise<Line[]>> = {
  ...Object.fromEntries(Object.entries(CLUSTERS).map(([part, cluster]) => [part, () => polled(cluster)])),
  stream: () => streaming('large', CLUSTERS.usual.what, flagsOf(CLUSTERS.usual.flags), LADDER),
};
