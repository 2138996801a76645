// The checks of series that come from the leader: a series of the plugin, and its true values from the simulator.
import type { Entity, Figures, Truth } from '../simulator/live/truth.ts';
import type { Compared, Fact } from './compare.ts';

/** A series that comes from a page of the leader. */
export interface Check extends Compared {
  page: Page;
  /** The query to ask; absent: `expr` as PromQL. */
  query?: object;
  /** A series that is written together with those that the query reads; absent: `expr`. */
  timesOf?: string;
  /** The true values at the moment of the page's response. */
  facts(truth: Truth): Fact[];
}

/** The leader's pages that are polled, and the label `poll` of each. */
export const POLLS = { '/state': 'state', '/roles': 'roles', '/metrics/snapshot': 'snapshot' } as const;

export type Page = keyof typeof POLLS;

/** Task states that have not ended. */
const STATES = ['staging', 'starting', 'running', 'killing', 'unreachable'];

const AMOUNTS: Array<[name: (measure: string) => string, of: (figures: Figures) => number]> = [
  [(measure) => `cpus_${measure}`, ({ cpus }) => cpus],
  [(measure) => `memory_${measure}_bytes`, ({ memoryBytes }) => memoryBytes],
  [(measure) => `disk_${measure}_bytes`, ({ diskBytes }) => diskBytes],
];

/** An entity's amounts of each resource. */
function amounts<T>(
  entity: string,
  measure: string,
  all: (truth: Truth) => T[],
  labels: (one: T) => Record<string, string>,
  of: (one: T) => Figures | undefined
): Check[] {
  return AMOUNTS.map(([name, value]) => ({
    expr: `mesos_${entity}_${name(measure)}`,
    page: entity === 'role' ? '/roles' : '/state',
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
    page: '/state',
    by: entity === 'cluster' ? ['state'] : [entity, 'state'],
    zeros: true,
    facts: (truth) =>
      all(truth).flatMap((one) => STATES.map((state): Fact => [{ ...labels(one), state }, one.tasks[state] ?? 0])),
  };
}

const cluster = (truth: Truth) => [truth.cluster];
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
    page: '/state',
    by: ['state'],
    zeros: true,
    facts: (truth) => Object.entries(of(truth)).map(([state, n]): Fact => [{ state }, n]),
  };
}

export const CHECKS: Check[] = [
  ...amounts('cluster', 'capacity', cluster, nothing, ({ capacity }) => capacity),
  ...amounts('cluster', 'allocated', cluster, nothing, ({ allocated }) => allocated),
  ...amounts('cluster', 'offered', cluster, nothing, ({ offered }) => offered),
  ...amounts('cluster', 'reserved', cluster, nothing, ({ reserved }) => reserved),
  counts('agents', ({ cluster }) => cluster.agents),
  counts('frameworks', ({ cluster }) => cluster.frameworks),
  tasks('cluster', cluster, nothing),
  ...amounts('agent', 'capacity', agents, agent, ({ capacity }) => capacity),
  ...amounts('agent', 'allocated', agents, agent, ({ allocated }) => allocated),
  ...amounts('agent', 'offered', agents, agent, ({ offered }) => offered),
  ...amounts('agent', 'reserved', agents, agent, ({ reserved }) => reserved),
  // A task that cannot be reached is on no agent that the leader lists.
  { ...tasks('agent', agents, agent), expr: 'mesos_agent_tasks{state!="unreachable"}' },
  {
    expr: 'mesos_agent_state',
    page: '/state',
    by: ['agent', 'state'],
    facts: (truth) => truth.agents.map(({ agent, state }): Fact => [{ agent, state }, 1]),
  },
  ...amounts('framework', 'allocated', frameworks, framework, ({ allocated }) => allocated),
  ...amounts('framework', 'offered', frameworks, framework, ({ offered }) => offered),
  tasks('framework', frameworks, framework),
  {
    expr: 'mesos_framework_tasks_ended_total',
    page: '/metrics/snapshot',
    by: ['framework', 'state'],
    zeros: true,
    facts: (truth) =>
      truth.frameworks.flatMap(({ framework, ended }) =>
        Object.entries(ended).map(([state, n]): Fact => [{ framework, state }, n])
      ),
  },
  // Roles are listed by /roles; what they are allocated and offered comes from /state, and has its time.
  ...[
    ...amounts('role', 'allocated', roles, role, ({ allocated }) => allocated),
    ...amounts('role', 'offered', roles, role, ({ offered }) => offered),
  ].map((check): Check => ({ ...check, page: '/state' })),
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
