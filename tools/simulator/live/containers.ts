/**
 * The true values of the containers on an agent at a moment: what they have used since they started, which only the agent
 * knows, and what the leader lists as allocated to them. Measured use is computed from both.
 */
import { isActive, type Agent, type Framework } from './model.ts';
import { cpuSeconds, memory } from './use.ts';
import { shapeOf } from './versions/shapes.ts';
import type { World } from './world.ts';

const MIB = 1 << 20;

/** A container as its agent lists it in /monitor/statistics. */
export interface ContainerTruth {
  /** Mesos gives each container one, and does not tell it there: another container may have the same executor ID. */
  id: string;
  frameworkId: string;
  /** Of a task that came with a command, the task's own ID. */
  executorId: string;
  /** User and system time since the container began. */
  cpuSeconds: number;
  memoryBytes: number;
}

/** A container as the leader knows it, by its tasks and its executor. */
export interface PlacedTruth {
  framework: string;
  frameworkId: string;
  executorId: string;
  role: string;
  /** Allocated to its tasks and to its executor, revocable ones left out. */
  cpus: number;
  memoryBytes: number;
  /** What of it is the executor's own, and the leader does not tell: before 0.23 it lists no executors. */
  untold?: { cpus: number; memoryBytes: number };
  /** IDs of the tasks in it. */
  tasks: string[];
}

export interface AgentContainers {
  hostname: string;
  containers: ContainerTruth[];
  placed: PlacedTruth[];
}

/** Seconds until the agent lists a container that has started. */
export const LISTED_AFTER = 1;

/** The truth of the world's own moment. */
export function containersOf(world: World, agent: Agent): AgentContainers {
  return { hostname: agent.hostname, containers: running(world, agent), placed: placed(world, agent) };
}

function running(world: World, agent: Agent): ContainerTruth[] {
  const own = [...agent.tasks]
    .filter(({ executor }) => executor === undefined)
    .map(({ id, container, service }) => ({ id, container, framework: service.framework }));
  return [...agent.executors, ...own]
    .filter(({ container }) => world.now - container.started > LISTED_AFTER)
    .map(({ id, container, framework }) => ({
      id: container.id,
      frameworkId: framework.id,
      executorId: id,
      cpuSeconds: cpuSeconds(container, world.now),
      memoryBytes: memory(container, world.now),
    }));
}

function placed({ plan }: World, agent: Agent): PlacedTruth[] {
  const listsExecutors = shapeOf(plan.mesos)?.keys.executor.length !== 0;
  const found = new Map<string, PlacedTruth>();
  const give = ({ framework, role }: { framework: Framework; role: string }, id: string) => {
    const key = `${framework.id} ${id}`;
    const known = found.get(key) ?? {
      ...{ framework: framework.name, frameworkId: framework.id, executorId: id, role },
      ...{ cpus: 0, memoryBytes: 0, tasks: [] },
    };
    found.set(key, known);
    return known;
  };
  for (const executor of listsExecutors ? agent.listedExecutors : []) {
    const to = give(executor, executor.id);
    to.cpus += executor.resources.cpus;
    to.memoryBytes += executor.resources.mem * MIB;
  }
  for (const task of [...agent.listed].filter(({ state }) => isActive(state))) {
    const to = give(task.service, task.executor?.id ?? task.id);
    to.cpus += task.resources.cpus;
    to.memoryBytes += task.resources.mem * MIB;
    to.tasks.push(task.id);
    if (!listsExecutors && task.executor !== undefined) {
      const { cpus, mem } = task.executor.resources;
      to.untold = { cpus, memoryBytes: mem * MIB };
    }
  }
  return [...found.values()];
}
