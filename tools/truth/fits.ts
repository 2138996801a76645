// The checks of measure `fits`: how many more tasks of a shape the agents have room for.
//
// The true count comes from the simulator's agents alone: tasks are placed on each agent one by one, until the next one needs
// more than is left of some resource. An agent that is not active gets no offers, so it takes none.
import type { AgentTruth, Figures, Truth } from '../simulator/live/truth.ts';
import type { Check } from './checks.ts';
import type { Fact } from './compare.ts';

/** What one task needs: CPUs, MiB, MiB, GPUs. */
interface Shape {
  cpus?: number;
  memory?: number;
  disk?: number;
  gpus?: number;
}

const SHAPES: Record<string, Shape> = {
  'a tenth of a CPU': { cpus: 0.1 },
  'a third of a CPU': { cpus: 0.333, memory: 100 },
  'half a CPU, 1.5 GiB': { cpus: 0.5, memory: 1536 },
  'memory alone': { memory: 102.4 },
  'with disk': { cpus: 1, memory: 512, disk: 10_240 },
  'disk alone': { disk: 333.25 },
  'with a GPU': { cpus: 0.25, memory: 256, gpus: 1 },
  'larger than any agent': { cpus: 1000 },
};

type Aggregate = 'max' | 'min' | 'avg' | 'count';

/** A way to ask for a shape, and what is true of the counts of a group of agents. */
interface Way {
  name: string;
  entity: 'cluster' | 'agent';
  /** The label of a group; absent: one total. */
  groupBy?: string;
  group?(agent: AgentTruth): string | undefined;
  aggregate?: Aggregate;
  filters?: object[];
  only?(agent: AgentTruth): boolean;
}

const attribute = (name: string) => (agent: AgentTruth) => agent.attributes[name];
const zone = attribute('zone');

const WAYS: Way[] = [
  { name: 'in all', entity: 'cluster' },
  { name: 'by agent', entity: 'agent', groupBy: 'agent', group: ({ agent }) => agent },
  { name: 'by rack', entity: 'cluster', groupBy: 'attr_rack', group: attribute('rack') },
  { name: 'by level, which few agents have', entity: 'agent', groupBy: 'attr_level', group: attribute('level') },
  {
    ...{ name: 'in zones a and b', entity: 'cluster' },
    filters: [{ label: 'attr_zone', operator: '=~', value: ['a', 'b'] }],
    only: (agent) => zone(agent) === 'a' || zone(agent) === 'b',
  },
  // The largest single hole, and the others.
  { name: 'in all, max', entity: 'cluster', aggregate: 'max' },
  { name: 'by rack, max', entity: 'cluster', aggregate: 'max', groupBy: 'attr_rack', group: attribute('rack') },
  { name: 'in all, min', entity: 'cluster', aggregate: 'min' },
  { name: 'by zone, avg', entity: 'cluster', aggregate: 'avg', groupBy: 'attr_zone', group: zone },
  { name: 'in all, count', entity: 'cluster', aggregate: 'count' },
];

/** The checks of all shapes, asked for in all ways. */
export const FITS_CHECKS: Check[] = Object.entries(SHAPES).flatMap(([title, shape]) =>
  WAYS.map(({ name, entity, groupBy, group, aggregate, filters, only }): Check => ({
    expr: `fits: ${title}, ${name}`,
    query: {
      ...{ queryType: 'metrics', entity, resource: 'tasks', measure: 'fits', shape: asQueried(shape) },
      ...{ groupBy: groupBy === undefined ? [] : [groupBy], aggregate, filters },
    },
    // It is calculated from series that are written together with these.
    timesOf: 'mesos_agent_cpus_capacity',
    page: '/state',
    by: groupBy === undefined ? [] : [groupBy],
    facts: (truth) => {
      const groups = Map.groupBy(truth.agents.filter(only ?? (() => true)), (agent) => group?.(agent) ?? '');
      return [...groups].flatMap(([value, agents]): Fact[] => {
        const found = aggregated(agents, shape, aggregate);
        return found === undefined ? [] : [[groupBy === undefined ? {} : { [groupBy]: value }, found]];
      });
    },
  }))
);

function asQueried({ cpus, memory, disk, gpus }: Shape): object {
  return { cpus, gpus, memory: memory && `${memory}MiB`, disk: disk && `${disk}MiB` };
}

/** What was counted already: each agent is asked for in many ways. */
const counted = new WeakMap<AgentTruth, Map<Shape, number>>();

function countOn(agent: AgentTruth, shape: Shape): number {
  const counts = counted.get(agent) ?? new Map<Shape, number>();
  counted.set(agent, counts);
  const count = counts.get(shape) ?? placedOn(agent, shape);
  counts.set(shape, count);
  return count;
}

/** `min`, `avg` and `count` are those of active agents: there may be none. */
function aggregated(agents: AgentTruth[], shape: Shape, aggregate?: Aggregate): number | undefined {
  const active = agents.filter(({ state }) => state === 'active').map((agent) => countOn(agent, shape));
  const counts = [...active, ...agents.slice(active.length).map(() => 0)];
  switch (aggregate) {
    case undefined:
      return counts.reduce((sum, count) => sum + count, 0);
    case 'max':
      return Math.max(...counts);
    case 'count':
      return active.length || undefined;
    case 'min':
      return active.length > 0 ? Math.min(...active) : undefined;
    case 'avg':
      return active.length > 0 ? active.reduce((sum, count) => sum + count, 0) / active.length : undefined;
  }
}

/** CPUs, MiB and GPUs in thousandths: Mesos tells no smaller parts apart. */
function thousandths({ cpus, memory, disk, gpus }: Required<Shape>): number[] {
  return [cpus, memory, disk, gpus].map((amount) => Math.round(1000 * amount));
}

const MIB = 2 ** 20;

const shapeOf = ({ cpus, memoryBytes, diskBytes, gpus }: Figures): Required<Shape> => ({
  ...{ cpus, gpus },
  memory: memoryBytes / MIB,
  disk: diskBytes / MIB,
});

/** Places tasks on an agent, one after another, and counts them. */
export function placedOn(
  { capacity, allocated, offered }: Pick<AgentTruth, 'capacity' | 'allocated' | 'offered'>,
  shape: Shape
): number {
  const left = thousandths(shapeOf(capacity));
  for (const taken of [allocated, offered]) {
    thousandths(shapeOf(taken)).forEach((amount, i) => (left[i] -= amount));
  }
  const needs = thousandths({ cpus: 0, memory: 0, disk: 0, gpus: 0, ...shape });
  for (let count = 0; ; count++) {
    for (let i = 0; i < needs.length; i++) {
      if (needs[i] > 0 && needs[i] > left[i]) {
        return count;
      }
      left[i] -= needs[i];
    }
  }
}
