/**
 * The true values of a simulated cluster at a moment, taken from the simulator and not from its masters' responses. Graphs
 * are compared with them.
 *
 * All figures are those of the leading master: the tasks of an unreachable agent are not allocated, after a failover an agent
 * counts from the moment at which it has come back. Used is what the machines really use, whether or not somebody asks.
 */
import { amount, add, sum, type Amount } from './amount.ts';
import type { Agent, Container, Framework, Task } from './model.ts';
import { outstanding } from './offers.ts';
import { lineage } from './plan.ts';
import { cores, memory } from './use.ts';
import type { World } from './world.ts';

const MIB = 1 << 20;

/** CPUs, bytes, bytes, GPUs. Revocable CPUs are apart. */
export interface Figures {
  cpus: number;
  memoryBytes: number;
  diskBytes: number;
  gpus: number;
  revocableCpus: number;
}

/** Cores at this moment; bytes. */
export interface Used {
  cpus: number;
  memoryBytes: number;
}

export interface Entity {
  allocated: Figures;
  /** In offers that are outstanding. */
  offered: Figures;
  used: Used;
  /** By state as in series: lower case, without `task_`. Only states that occur. */
  tasks: Record<string, number>;
}

export interface AgentTruth extends Entity {
  agent: string;
  agentId: string;
  /** Custom executors that the leader knows of. */
  executors: number;
  /** active, disconnected, deactivated, draining, drained. */
  state: string;
  capacity: Figures;
  reserved: Figures;
  /** As texts. */
  attributes: Record<string, string>;
}

export interface FrameworkTruth extends Entity {
  framework: string;
  frameworkId: string;
  /** active, disconnected, recovered. */
  state: string;
  /** Tasks ended since the leader was elected, by state. */
  ended: Record<string, number>;
}

export interface RoleTruth extends Entity {
  role: string;
  weight: number;
  /** The role's own, without the roles below; allocated and offered likewise. */
  reserved: Figures;
  quotaLimit?: Figures;
  quotaGuarantee?: Figures;
  /** With the roles below. */
  quotaConsumed: Figures;
}

export interface Truth {
  /** Unix seconds. */
  at: number;
  /** `host:port` of the leader; null: nobody leads. */
  leader: string | null;
  /** Whether it knows its cluster: it has read its registry, and the first agent has registered. */
  ready: boolean;
  /** Whether it has read its registry and heard from every agent that is alive. */
  recovered: boolean;
  cluster: Entity & {
    capacity: Figures;
    reserved: Figures;
    agents: Record<string, number>;
    frameworks: Record<string, number>;
  };
  agents: AgentTruth[];
  frameworks: FrameworkTruth[];
  roles: RoleTruth[];
}

/** The truth of the world's own moment. */
export function truthOf(world: World): Truth {
  const use = measuredUse(world);
  const agents = world.agents.filter(isRegistered).map((agent) => agentTruth(agent, use));
  const frameworks = world.frameworks.filter(isListed).map((framework) => frameworkTruth(framework, use));
  const heard = !world.agents.some(({ registration, process }) => registration === 'recovered' && process !== 'down');
  return {
    at: world.now,
    leader: world.leader?.address ?? null,
    ready: world.ready !== undefined && agents.length > 0,
    recovered: world.ready !== undefined && heard,
    cluster: {
      ...total(agents),
      // A task that has ended, or that cannot be reached, is on no agent.
      tasks: total(frameworks).tasks,
      capacity: addUp(agents.map(({ capacity }) => capacity)),
      reserved: addUp(agents.map(({ reserved }) => reserved)),
      agents: {
        ...countBy(agents.map(({ state }) => state)),
        ...counted('unreachable', world.agents.filter(({ registration }) => registration === 'unreachable').length),
        ...counted('recovered', world.agents.filter(({ registration }) => registration === 'recovered').length),
      },
      frameworks: countBy(frameworks.map(({ state }) => state)),
    },
    agents,
    frameworks,
    roles: world.ready === undefined ? [] : rolesTruth(world, use),
  };
}

export function isRegistered({ registration }: Agent): boolean {
  return registration === 'registered';
}

/** Whether the leader lists a framework as not completed. */
export function isListed({ registration }: Framework): boolean {
  return registration === 'subscribed' || registration === 'disconnected' || registration === 'recovered';
}

/** The tasks a master lists of a framework: those that run, and those that ended unheard. */
export function tasksOf(framework: Framework): Task[] {
  const running = framework.services
    .flatMap((service) => [...service.tasks])
    .filter((task) => task.agent.listed.has(task));
  return [...running, ...[...framework.unacknowledged].filter(({ agent }) => agent.registration === 'registered')];
}

/** The state of a listed agent, by the names of the series. */
export function agentState({ connected, deactivated, drain }: Agent): string {
  if (drain !== undefined) {
    return drain.state.toLowerCase();
  }
  return deactivated ? 'deactivated' : connected ? 'active' : 'disconnected';
}

function agentTruth(agent: Agent, use: Use): AgentTruth {
  return {
    agent: agent.hostname,
    agentId: agent.id,
    executors: agent.listedExecutors.size,
    state: agentState(agent),
    capacity: figures(agent.total),
    reserved: figures(sum(agent.reserved.values())),
    attributes: Object.fromEntries(Object.entries(agent.attributes).map(([name, value]) => [name, String(value)])),
    allocated: figures(agent.used),
    offered: figures(agent.offer?.resources ?? amount()),
    used: use.agents.get(agent) ?? NOTHING,
    tasks: countStates([...agent.listed]),
  };
}

function frameworkTruth(framework: Framework, use: Use): FrameworkTruth {
  return {
    framework: framework.name,
    frameworkId: framework.id,
    state: framework.registration === 'subscribed' ? 'active' : framework.registration,
    allocated: figures(framework.used),
    offered: figures(sum([...framework.offers].map(({ resources }) => resources))),
    used: use.frameworks.get(framework) ?? NOTHING,
    tasks: countStates([...tasksOf(framework), ...framework.unreachable]),
    ended: Object.fromEntries([...framework.counters.ended].map(([state, n]) => [state.toLowerCase(), n])),
  };
}

function rolesTruth(world: World, use: Use): RoleTruth[] {
  const registered = world.agents.filter(isRegistered);
  const tasks = Map.groupBy(
    world.frameworks.filter(isListed).flatMap((framework) => [...tasksOf(framework), ...framework.unreachable]),
    ({ service }) => service.role
  );
  return rolesInUse(world).map((role) => {
    const quota = world.quota.get(role);
    return {
      role,
      weight: quota?.weight ?? 1,
      allocated: figures(world.allocated.get(role) ?? amount()),
      offered: figures(sum(outstanding(world).flatMap((offer) => (offer.role === role ? offer.resources : [])))),
      used: use.roles.get(role) ?? NOTHING,
      tasks: countStates(tasks.get(role) ?? []),
      reserved: figures(sum(registered.flatMap(({ reserved }) => reserved.get(role) ?? []))),
      quotaLimit: quota?.limit && figures(quota.limit),
      quotaGuarantee: quota?.guarantee && figures(quota.guarantee),
      quotaConsumed: figures(consumed(world, role)),
    };
  });
}

/** Roles that a framework subscribes to, that have a weight or quota, or that something is reserved for; and those above. */
export function rolesInUse(world: World): string[] {
  const roles = new Set([
    ...world.quota.keys(),
    ...world.frameworks.filter(isListed).flatMap(({ roles }) => roles),
    ...world.agents.filter(isRegistered).flatMap(({ reserved }) => [...reserved.keys()]),
  ]);
  return [...new Set([...roles].flatMap(lineage))].sort();
}

/** What counts against a role's quota: all that is allocated to it and below, and what is reserved but not allocated. */
export function consumed(world: World, role: string): Amount {
  const total = { ...world.subtree(role) };
  const below = (name: string) => name === role || name.startsWith(`${role}/`);
  for (const { reserved, usedReserved } of world.agents.filter(isRegistered)) {
    reserved.forEach((what, name) => below(name) && add(total, what));
    usedReserved.forEach((what, name) => below(name) && add(total, what, -1));
  }
  return total;
}

// --- use ---

interface Use {
  agents: Map<Agent, Used>;
  frameworks: Map<Framework, Used>;
  roles: Map<string, Used>;
}

const NOTHING: Used = { cpus: 0, memoryBytes: 0 };

/** What the containers of registered agents use. */
function measuredUse(world: World): Use {
  const use: Use = { agents: new Map(), frameworks: new Map(), roles: new Map() };
  const count = <Key>(uses: Map<Key, Used>, key: Key, { cpus, memoryBytes }: Used) => {
    const before = uses.get(key) ?? NOTHING;
    uses.set(key, { cpus: before.cpus + cpus, memoryBytes: before.memoryBytes + memoryBytes });
  };
  for (const agent of world.agents.filter(isRegistered)) {
    for (const { container, framework, role } of containersOn(agent)) {
      const used = { cpus: cores(container, world.now), memoryBytes: memory(container, world.now) };
      count(use.agents, agent, used);
      count(use.frameworks, framework, used);
      count(use.roles, role, used);
    }
  }
  return use;
}

/** The containers on an agent: of its custom executors, and of the tasks that run under Mesos' own. */
export function containersOn(agent: Agent): Array<{ container: Container; framework: Framework; role: string }> {
  const own = [...agent.tasks].filter(({ executor }) => executor === undefined);
  return [
    ...own.map(({ container, service }) => ({ container, framework: service.framework, role: service.role })),
    ...agent.executors,
  ];
}

// --- sums ---

function figures({ cpus, mem, disk, gpus, revocable }: Amount): Figures {
  return { cpus, memoryBytes: mem * MIB, diskBytes: disk * MIB, gpus, revocableCpus: revocable };
}

function addUp(all: Figures[]): Figures {
  const total: Figures = { cpus: 0, memoryBytes: 0, diskBytes: 0, gpus: 0, revocableCpus: 0 };
  for (const one of all) {
    for (const [kind, value] of Object.entries(one) as Array<[keyof Figures, number]>) {
      total[kind] = Math.round((total[kind] + value) * 1000) / 1000;
    }
  }
  return total;
}

function total(entities: Entity[]): Entity {
  const tasks: Record<string, number> = {};
  for (const [state, n] of entities.flatMap((entity) => Object.entries(entity.tasks))) {
    tasks[state] = (tasks[state] ?? 0) + n;
  }
  return {
    allocated: addUp(entities.map(({ allocated }) => allocated)),
    offered: addUp(entities.map(({ offered }) => offered)),
    used: {
      cpus: entities.reduce((sum, { used }) => sum + used.cpus, 0),
      memoryBytes: entities.reduce((sum, { used }) => sum + used.memoryBytes, 0),
    },
    tasks,
  };
}

function countStates(tasks: Task[]): Record<string, number> {
  return countBy(tasks.map(({ state }) => state.toLowerCase()));
}

function countBy(names: string[]): Record<string, number> {
  const counts: Record<string, number> = {};
  names.forEach((name) => (counts[name] = (counts[name] ?? 0) + 1));
  return counts;
}

function counted(name: string, n: number): Record<string, number> {
  return n === 0 ? {} : { [name]: n };
}
