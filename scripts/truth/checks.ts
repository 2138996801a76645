// What is compared: a series of the plugin, and what the simulator knows it should be.
import type { Entity, Figures, Truth } from '../../simulator/live/truth.ts';

/** A value with the labels that name it. */
export type Fact = [labels: Record<string, string>, value: number];

export interface Check {
  expr: string;
  /** The labels that name a series of it; others are not looked at. */
  by: string[];
  /** A series that the truth does not name is a zero, as states are that nothing is in. */
  zeros?: boolean;
  facts(truth: Truth): Fact[];
}

/** Task states that have not ended. */
const STATES = ['staging', 'starting', 'running', 'killing', 'unreachable'];

const AMOUNTS: Array<[name: (measure: string) => string, of: (figures: Figures) => number]> = [
  [(measure) => `cpus_${measure}`, ({ cpus }) => cpus],
  [(measure) => `memory_${measure}_bytes`, ({ memoryBytes }) => memoryBytes],
  [(measure) => `disk_${measure}_bytes`, ({ diskBytes }) => diskBytes],
];

/** What an entity has of each kind of resource. */
function amounts<T>(
  entity: string,
  measure: string,
  all: (truth: Truth) => T[],
  labels: (one: T) => Record<string, string>,
  of: (one: T) => Figures | undefined
): Check[] {
  return AMOUNTS.map(([name, value]) => ({
    expr: `mesos_${entity}_${name(measure)}`,
    by: entity === 'cluster' ? [] : [entity],
    facts: (truth) =>
      all(truth).flatMap((one): Fact[] => {
        const figures = of(one);
        return figures === undefined ? [] : [[labels(one), value(figures)]];
      }),
  }));
}

function tasks<T extends Entity>(
  entity: string,
  all: (truth: Truth) => T[],
  labels: (one: T) => Record<string, string>
): Check {
  return {
    expr: `mesos_${entity}_tasks`,
    by: entity === 'cluster' ? ['state'] : [entity, 'state'],
    zeros: true,
    facts: (truth) =>
      all(truth).flatMap((one) => STATES.map((state): Fact => [{ ...labels(one), state }, one.tasks[state] ?? 0])),
  };
}

const cluster = (truth: Truth) => (truth.leader === null ? [] : [truth.cluster]);
const agents = (truth: Truth) => truth.agents;
const frameworks = (truth: Truth) => truth.frameworks;
const roles = (truth: Truth) => truth.roles;
const nothing = () => ({});
const agent = ({ agent }: { agent: string }) => ({ agent });
const framework = ({ framework }: { framework: string }) => ({ framework });
const role = ({ role }: { role: string }) => ({ role });

function counts(name: string, of: (truth: Truth) => Record<string, number>): Check {
  return {
    expr: `mesos_cluster_${name}`,
    by: ['state'],
    zeros: true,
    facts: (truth) =>
      cluster(truth).length === 0 ? [] : Object.entries(of(truth)).map(([state, n]): Fact => [{ state }, n]),
  };
}

export const CHECKS: Check[] = [
  ...amounts('cluster', 'capacity', cluster, nothing, ({ capacity }) => capacity),
  ...amounts('cluster', 'allocated', cluster, nothing, ({ allocated }) => allocated),
  ...amounts('cluster', 'reserved', cluster, nothing, ({ reserved }) => reserved),
  counts('agents', ({ cluster }) => cluster.agents),
  counts('frameworks', ({ cluster }) => cluster.frameworks),
  tasks('cluster', cluster, nothing),
  ...amounts('agent', 'capacity', agents, agent, ({ capacity }) => capacity),
  ...amounts('agent', 'allocated', agents, agent, ({ allocated }) => allocated),
  ...amounts('agent', 'reserved', agents, agent, ({ reserved }) => reserved),
  // A task that cannot be reached is on no agent of the books.
  { ...tasks('agent', agents, agent), expr: 'mesos_agent_tasks{state!="unreachable"}' },
  {
    expr: 'mesos_agent_state',
    by: ['agent', 'state'],
    facts: (truth) => truth.agents.map(({ agent, state }): Fact => [{ agent, state }, 1]),
  },
  ...amounts('framework', 'allocated', frameworks, framework, ({ allocated }) => allocated),
  tasks('framework', frameworks, framework),
  {
    expr: 'mesos_framework_tasks_ended_total',
    by: ['framework', 'state'],
    zeros: true,
    facts: (truth) =>
      truth.frameworks.flatMap(({ framework, ended }) =>
        Object.entries(ended).map(([state, n]): Fact => [{ framework, state }, n])
      ),
  },
  ...amounts('role', 'allocated', roles, role, ({ allocated }) => allocated),
  ...amounts('role', 'reserved', roles, role, ({ reserved }) => reserved),
  // Mesos counts revocable CPUs against quota like others.
  ...amounts('role', 'quota_consumed', roles, role, ({ quotaConsumed }) => ({
    ...quotaConsumed,
    cpus: quotaConsumed.cpus + quotaConsumed.revocableCpus,
  })).slice(0, 2),
  ...amounts('role', 'quota_limit', roles, role, ({ quotaLimit }) => quotaLimit).slice(0, 2),
  ...amounts('role', 'quota_guarantee', roles, role, ({ quotaGuarantee }) => quotaGuarantee).slice(0, 2),
  tasks('role', roles, role),
];
