// The true measured use, computed without code of the plugin.
//
// Agents are queried one after another, so the true use of an agent is that at the moments of its responses, which the
// simulator records. Cores are exact: a container's CPU time is a closed formula of time in the simulator
// (live/use.ts), so the cores used between two answers are the difference of its integral at both moments by the time
// between them. The agent cuts off two counters, user and system time, at hundredths of a second, as the kernel does: each
// change may be a hundredth off either way, and no more is let pass. Memory is exact to the byte.
//
// What is used counts with what is allocated to the same container, by the leader's latest /state before the answer:
// a container that is missing in either counts in neither.
import type { AgentContainers, ContainerTruth, PlacedTruth } from '../simulator/live/containers.ts';
import type { Compared, Fact } from './compare.ts';
import { type Answered, arrivesWhole, pagesOf, leadershipAt, type Watched } from './watched.ts';

/** A true value that may be inexact or unknown. */
interface Range {
  low: number;
  high: number;
  /** Otherwise the value may be missing. */
  sure: boolean;
  /** A part of it is not told, so that every sum that has it may be missing. */
  untold?: boolean;
}

/** A container that both the agent and the leader list. */
interface Used {
  agent: string;
  placed: PlacedTruth;
  /** Of its use: sure as far as the leader knew of it. */
  memory: Range;
  /** Absent: there is nothing to compare with. */
  cores?: Range;
  /** What was allocated to it. */
  given: { cpus: Range; memory: Range };
  /** The one task in it; several, where one may have followed the other. */
  alone: Array<{ task: string; sure: boolean }>;
}

/** A response of an agent. */
export interface Reading {
  agent: string;
  /** By the plugin's clock. */
  arrived: number;
  used: Used[];
  /** It has no containers, and the leader knows of none: then nothing is used, and that is known. */
  idle?: { sure: boolean };
}

/** The responses of all agents in one interval, one each. */
export type Pass = Reading[];

/** Hundredths of a second: what an agent's counters are cut off at. */
const TICK = 0.01;

/** Use between two answers further apart than this many intervals may go unsaid: what was used then says little of now. */
const FAR_APART = 1.5;

const STATISTICS = '/monitor/statistics';

/**
 * Seconds in which an answer may overtake another on its way into the history, where both are sent in real time: of the
 * /state before and the one after, either may count then.
 */
const OVERTAKES = 1.5;

/** All responses of agents, oldest first. */
export function readingsOf(watched: Watched): Reading[] {
  const { live, oneClock } = watched;
  const numbers = Array.from({ length: live.plan.agents }, (_, i) => i + 1);
  const pages = pagesOf(watched);
  const states = pages
    .filter((page) => tellsState(watched, page))
    .map(({ arrived, at }) => ({ arrived, placed: numbers.map((number) => live.containers(number, at).placed) }));
  const blur = oneClock ? 0 : OVERTAKES;
  /** What the leader may have listed of an agent. */
  const listedAt = (arrived: number, number: number) => {
    const first = Math.max(
      states.findLastIndex((state) => state.arrived <= arrived - blur),
      0
    );
    const last = states.findLastIndex((state) => state.arrived <= arrived + blur);
    return states.slice(first, last + 1).map(({ placed }) => placed[number - 1]);
  };

  const before = new Map<number, { at: number; containers: Map<string, ContainerTruth> }>();
  const readings: Reading[] = [];
  for (const page of pages.filter(({ page }) => page === STATISTICS)) {
    const number = Number(/\d+$/.exec(page.host)?.[0]);
    const truth = live.containers(number, page.at);
    readings.push(reading(watched, page, truth, listedAt(page.arrived, number), before.get(number)));
    before.set(number, { at: page.at, containers: new Map(truth.containers.map((one) => [keyOf(one), one])) });
  }
  return readings;
}

/** Whether a page is the /state of a leader that knows its cluster. */
function tellsState(watched: Watched, { page, host, at }: Answered): boolean {
  const leadership = leadershipAt(watched.live.reachable(), at);
  return (
    page === '/state' &&
    leadership?.ready !== undefined &&
    leadership.ready <= at &&
    host === `master${leadership.master}` &&
    arrivesWhole(watched, 'masters', at)
  );
}

function keyOf({ frameworkId, executorId }: { frameworkId: string; executorId: string }): string {
  return `${frameworkId} ${executorId}`;
}

/** `listed`: what the leader may have said of the agent before. */
function reading(
  { interval, speed }: Watched,
  { arrived, at }: Answered,
  { hostname, containers }: AgentContainers,
  listed: PlacedTruth[][],
  before?: { at: number; containers: Map<string, ContainerTruth> }
): Reading {
  const used = containers.flatMap((container): Used[] => {
    const key = keyOf(container);
    const placed = listed.flatMap((all) => all.filter((one) => keyOf(one) === key));
    const earlier = before?.containers.get(key);
    const cores = before && earlier && coresBetween(earlier, container, at - before.at, FAR_APART * interval * speed);
    const sure = placed.length === listed.length;
    const range = (of: number[]): Range => ({ low: Math.min(...of), high: Math.max(...of), sure });
    const alone = Map.groupBy(
      placed.filter(({ tasks }) => tasks.length === 1),
      ({ tasks: [task] }) => task
    );
    return placed.length === 0
      ? []
      : [
          {
            agent: hostname,
            placed: placed[0],
            memory: range([container.memoryBytes]),
            cores: cores && { ...cores, sure: sure && cores.sure },
            given: {
              cpus: given(range, placed, 'cpus'),
              memory: given(range, placed, 'memoryBytes'),
            },
            alone: [...alone].map(([task, times]) => ({ task, sure: times.length === listed.length })),
          },
        ];
  });
  const empty = containers.length === 0 ? listed.filter((placed) => placed.length === 0).length : 0;
  return { agent: hostname, arrived, used, ...(empty > 0 && { idle: { sure: empty === listed.length } }) };
}

/** What was allocated to a container: with or without what the leader does not tell of it. */
function given(range: (of: number[]) => Range, placed: PlacedTruth[], kind: 'cpus' | 'memoryBytes'): Range {
  const told = range(placed.flatMap(({ [kind]: value, untold }) => [value, value + (untold?.[kind] ?? 0)]));
  return placed.some(({ untold }) => untold) ? { ...told, untold: true } : told;
}

/** Cores used between two answers, `passed` seconds apart. */
function coresBetween(
  earlier: ContainerTruth,
  now: ContainerTruth,
  passed: number,
  farApart: number
): Range | undefined {
  if (passed < 1) {
    return undefined;
  }
  const blur = (2 * TICK) / passed;
  if (earlier.id !== now.id) {
    // An executor that was restarted under its old name. /monitor/statistics tells nothing by which to know; where its
    // counters are above those of before it looks as if it had used the difference: no more than what it really used.
    return { low: 0, high: now.cpuSeconds / passed + blur, sure: false };
  }
  const cores = (now.cpuSeconds - earlier.cpuSeconds) / passed;
  return { low: Math.max(0, cores - blur), high: cores + blur, sure: passed <= farApart };
}

/** The responses of the poll that was over at a moment: the latest of each agent. */
export function passAt(readings: Reading[], over: number, interval: number): Pass {
  const latest = new Map<string, Reading>();
  for (const one of readings) {
    if (one.arrived > over - 0.95 * interval && one.arrived <= over) {
      latest.set(one.agent, one);
    }
  }
  return [...latest.values()];
}

// --- what is compared ---

/** A series that comes from responses of agents. */
export interface UseCheck extends Compared {
  facts(pass: Pass): Fact[];
}

interface Measure {
  name: string;
  of(used: Used): Range | undefined;
}

const MEASURES: Measure[] = [
  { name: 'cpus_used', of: ({ cores }) => cores },
  {
    name: 'cpus_measured',
    of: ({ cores, given: { cpus } }) => cores && { ...cpus, sure: cpus.sure && cores.sure },
  },
  { name: 'memory_used_bytes', of: ({ memory }) => memory },
  { name: 'memory_measured_bytes', of: ({ given }) => given.memory },
];

interface Entity {
  name: string;
  by: string[];
  /** The series that include a container, and whether that is certain. */
  counts(used: Used): Array<{ labels: Record<string, string>; sure: boolean }>;
  /** Entities without containers, whose use is known to be 0. */
  idle?(pass: Pass): Fact[];
}

const one = (labels: Record<string, string>) => [{ labels, sure: true }];

/** The value without use: 0, or missing where that is uncertain. */
const zero = (labels: Record<string, string>, sure: boolean): Fact => [labels, 0, { low: 0, high: 0, mayLack: !sure }];

const ENTITIES: Entity[] = [
  {
    name: 'cluster',
    by: [],
    counts: () => one({}),
    idle: (pass) => (pass.length > 0 && pass.every(({ idle }) => idle?.sure) ? [zero({}, true)] : []),
  },
  {
    name: 'agent',
    by: ['agent'],
    counts: ({ agent }) => one({ agent }),
    idle: (pass) => pass.flatMap(({ agent, idle }) => (idle ? [zero({ agent }, idle.sure)] : [])),
  },
  {
    name: 'framework',
    by: ['framework'],
    counts: ({ placed: { framework } }) => one({ framework }),
  },
  { name: 'role', by: ['role'], counts: ({ placed: { role } }) => one({ role }) },
  {
    name: 'executor',
    by: ['agent', 'framework_id', 'executor_id'],
    counts: ({ agent, placed: { frameworkId, executorId } }) =>
      one({ agent, framework_id: frameworkId, executor_id: executorId }),
  },
  {
    name: 'task',
    by: ['task_id'],
    // A task that shares its container has no use of its own: nothing is divided.
    counts: ({ alone }) => alone.map(({ task, sure }) => ({ labels: { task_id: task }, sure })),
  },
];

export const USE_CHECKS: UseCheck[] = ENTITIES.flatMap((entity) =>
  MEASURES.map(({ name, of }) => ({
    expr: `mesos_${entity.name}_${name}`,
    by: entity.by,
    facts: (pass) => [...added(pass, entity, of), ...(entity.idle?.(pass) ?? [])],
  }))
);

function added(pass: Pass, { counts }: Entity, of: Measure['of']): Fact[] {
  const sums = new Map<string, { labels: Record<string, string>; sum: Required<Range> }>();
  for (const used of pass.flatMap((reading) => reading.used)) {
    const more = of(used);
    if (more === undefined) {
      continue;
    }
    for (const { labels, sure: surely } of counts(used)) {
      const key = JSON.stringify(labels);
      const { sum } = sums.get(key) ?? { sum: { low: 0, high: 0, sure: false, untold: false } };
      const sure = surely && more.sure;
      sum.low += sure ? more.low : 0;
      sum.high += more.high;
      sum.sure ||= sure;
      sum.untold ||= more.untold === true;
      sums.set(key, { labels, sum });
    }
  }
  return [...sums.values()].map(({ labels, sum: { low, high, sure, untold } }) => [
    labels,
    (low + high) / 2,
    // What is not sure may be left out alone: then the rest is a sum of its own.
    { low, high, mayLack: !sure || untold },
  ]);
}
