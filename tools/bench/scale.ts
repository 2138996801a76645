// What a cluster costs that is larger than most: 35,000 agents and 200,000 tasks, with the agents' statistics, on one core.
import { atMost, type Line, megabytes, milliseconds, rounded, seconds, told } from './lines.ts';
import { bench, startGenerator } from './processes.ts';
import { streaming } from './stream.ts';

const count = (n: number) => n.toLocaleString('en');

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
  note: string;
}

const SIZE = { agents: 35_000, tasks: 200_000 };

/** Seconds between two /state of so many agents (pkg/collector/ladder.go). */
const LADDER = 960;

/** With few frameworks, and with all that a cluster may have many of besides. */
const CLUSTERS = [
  { what: '100 frameworks', flags: { ...SIZE, frameworks: 100, assets: 10_000 } },
  {
    what: '5,000 frameworks, a tree of 2,000 roles, 10,000 values of an attribute',
    flags: { ...SIZE, frameworks: 5_000, roles: 2_000, assets: 10_000 },
  },
];

/** Bytes that the process may take. */
const MEMORY = 1.5e9;

const flagsOf = (flags: Record<string, number>) =>
  Object.entries(flags).flatMap(([name, value]) => [`--${name}`, String(value)]);

const nameOf = (what: string) => `${count(SIZE.agents)} agents, ${count(SIZE.tasks)} tasks, ${what}`;

/** Measures history in memory within `memoryLimit` bytes, the setting's default without it. */
async function oneHour(what: string, flags: Record<string, number>, memoryLimit = 256 * 2 ** 20): Promise<Line[]> {
  const generated = await startGenerator('large', [...flagsOf(flags), '--step', String(LADDER)]);
  try {
    const found = await bench<Scale>(
      'scale',
      {
        master: generated.master,
        start: generated.start,
        'agent-statistics': 'true',
        'memory-limit': memoryLimit,
      },
      { GOMAXPROCS: '1' }
    );
    return linesOf(nameOf(what), found);
  } finally {
    await generated.stop();
  }
}

function linesOf(name: string, { first, asked, hour, again, cold, queries, every, agents, note }: Scale): Line[] {
  const kept = (stage: Stage) =>
    `${count(stage.series)} series, ${megabytes(stage.history)} of history, live heap ${megabytes(stage.liveHeap)}, resident ${megabytes(stage.memory.now)}`;
  const more = (n: number) => (n === 1 ? '1 series' : `${count(n)} series`);
  return [
    told(`CPU of the first polls: ${name}`, seconds(first.cpu), `${seconds(first.wall)} on one core`),
    atMost(`memory of the first polls, peak: ${name}`, first.memory.peak, MEMORY, megabytes, kept(first)),
    atMost(
      `memory of an hour of polls, peak: ${name}`,
      hour.memory.peak,
      MEMORY,
      megabytes,
      `${kept(hour)}; ${count(hour.samples)} samples written, ${rounded(hour.hours)} h kept; ${count(agents)} agents answered; ` +
        `/state every ${seconds(every)}${note && `; ${note}`}`
    ),
    told(`CPU of an hour of polls: ${name}`, `${rounded((100 * hour.cpu) / 3600)} % of a core`),
    ...[
      ...cold.map((q, i) => ({ ...q, when: 'after the first polls', peak: i === 0 ? asked.memory.peak : 0 })),
      ...queries.map((q, i) => ({ ...q, when: 'an hour later', peak: i === 0 ? again.memory.peak : 0 })),
    ].map((q) =>
      told(
        `${q.name}, ${q.when}: ${name}`,
        `${milliseconds(q.cpu)}, first ${milliseconds(q.first)}, ${megabytes(q.added)}`,
        `${more(q.series)}, ${count(q.points)} points`
      )
    ),
    atMost(`memory of the queries, peak: ${name}`, Math.max(asked.memory.peak, again.memory.peak), MEMORY, megabytes),
  ];
}

/** Measures all, and calls `say` with each part. */
export async function scale(say: (...lines: Line[]) => void): Promise<void> {
  for (const { what, flags } of CLUSTERS) {
    say(...(await oneHour(what, flags)));
  }
  say(...(await streaming('large', nameOf(CLUSTERS[0].what), flagsOf(CLUSTERS[0].flags), LADDER)));
}
