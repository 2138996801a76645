/**
 * What a simulated cluster is made from, and what it has before time begins: agents, roles with quota, frameworks with
 * services. Same plan, same cluster.
 */
import { Random } from '../generate/random.ts';
import { add, amount, type Amount } from './amount.ts';
import type { Agent, Framework, Service } from './model.ts';
import type { Version } from './versions/shapes.ts';
import { fitAgents, frameworksFor, rolesFor } from './versions/workload.ts';
import type { FrameworkKind, ServiceKind } from './workload.ts';

export interface Plan {
  /** `--cluster` of the masters. */
  cluster: string;
  agents: number;
  /** Tasks that have not ended, when everything runs at its busiest. */
  tasks: number;
  masters: number;
  seed: number;
  /** Unix seconds at which time begins. */
  start: number;
  /** Seconds that are added to the time of day, by which services want more or less (0). */
  dayShift?: number;
  /** Of each service, how often an hour all its tasks are replaced, one after another. */
  deploys: number;
  /** Seconds until a silent agent is unreachable: agent_ping_timeout x max_agent_ping_timeouts. */
  pingTimeout: number;
  /** Seconds from the loss of a leader to the next one: zk_session_timeout. */
  sessionTimeout: number;
  /** Seconds within which agents come back to a new leader. */
  reregistration: number;
  /** Principals by name; without, nobody has to say who he is. */
  principals?: Record<string, Principal>;
  /** How many tasks of a framework a master remembers after their end: max_completed_tasks_per_framework. */
  remembered: number;
  /** How many event streams a master keeps open; one more, and the oldest is closed: max_operator_event_stream_subscribers. */
  subscribers: number;
  /** The version of masters and agents; without, the recorded one (1.12). */
  mesos?: Version;
  /** What is in front of the masters, so that only it can be reached. */
  front?: Front;
}

/** What is in front of masters (front.ts). */
export type Front =
  | { kind: 'dcos'; /** What clients send as `Authorization: token=...`. */ token: string }
  | {
      kind: 'balancer';
      /** Each request to any master that runs, as in turn with other clients; or all to the leader, by a page only that has. */
      picks: 'any' | 'leader';
    };

export interface Principal {
  password: string;
  /** Whether ACLs hide everything but the agents from it. */
  restricted?: boolean;
}

export const DEFAULTS: Plan = {
  cluster: 'simulated',
  agents: 12,
  tasks: 120,
  masters: 1,
  seed: 1,
  start: Date.UTC(2026, 10, 21, 12) / 1000,
  deploys: 0.5,
  pingTimeout: 75,
  sessionTimeout: 10,
  reregistration: 15,
  remembered: 200,
  subscribers: 1000,
};

/** The share of the cluster's CPUs and memory that the planned tasks take together. */
const FILLED = 0.6;

/** The ports every agent has to give away. */
export const PORTS = { first: 31_000, last: 31_999 };

/** What a custom executor takes for itself; Mesos' own is allocated nothing. */
export const EXECUTOR = amount({ cpus: 0.1, mem: 32 });

const SIZES: Amount[] = [
  amount({ cpus: 16, mem: 65_536, disk: 500_000 }),
  amount({ cpus: 8, mem: 32_768, disk: 250_000 }),
  amount({ cpus: 32, mem: 131_072, disk: 1_000_000 }),
];

/** Agents of a rack. */
const RACK = 20;

/** Clusters with fewer agents still have this many racks. */
const LEAST_RACKS = 3;

export function makeAgents(plan: Plan, clusterId: string): Agent[] {
  const racks = Math.max(LEAST_RACKS, Math.ceil(plan.agents / RACK));
  const agents = Array.from({ length: plan.agents }, (_, number): Agent => {
    const zone = 'abc'[number % 3];
    const rack = `r${(number % racks) + 1}`;
    return {
      number,
      id: `${clusterId}-S${number}`,
      hostname: `agent${String(number + 1).padStart(String(plan.agents).length, '0')}.example.com`,
      address: '',
      rack,
      zone,
      attributes: { rack, zone, os: 'debian12', ...(number % 4 === 0 && { level: 10 }) },
      total: amount({
        ...SIZES[number % SIZES.length],
        gpus: number % 8 === 1 ? 4 : 0,
        revocable: number % 5 === 2 ? 4 : 0,
      }),
      cgroups: number % 7 !== 3,
      reserved: new Map(number % 10 === 0 ? [['prod', amount({ cpus: 1, mem: 2048 })]] : []),
      process: 'up',
      since: plan.start,
      started: plan.start - 30 * 86_400,
      tasks: new Set(),
      executors: new Set(),
      ports: new Set(),
      ended: [],
      counters: new Map(),
      unheard: [],
      registration: 'registered',
      connected: true,
      deactivated: false,
      registered: plan.start - 20 * 86_400 + number,
      reregistered: number % 3 === 0 ? plan.start - 86_400 + number : 0,
      listed: new Set(),
      listedExecutors: new Set(),
      used: amount(),
      usedReserved: new Map(),
      version: 0,
    };
  });
  return fitAgents(agents, plan.mesos);
}

/** How often each kind of framework is there: one of each up to 5,000 tasks, then more. */
function copies(plan: Plan): number {
  return Math.ceil(plan.tasks / 5000);
}

export function makeFrameworks(plan: Plan, clusterId: string, random: Random): Framework[] {
  const frameworks: Framework[] = [];
  const kinds = frameworksFor(plan.mesos);
  const wanted = shares(plan, kinds);
  for (let copy = 0; copy < copies(plan); copy++) {
    for (const kind of kinds) {
      const framework = makeFramework(plan, kind, copy, frameworks.length, clusterId);
      for (const service of kind.services) {
        const all = wanted.get(service) ?? 0;
        const instances = Math.floor(all / copies(plan)) + (copy < all % copies(plan) ? 1 : 0);
        // Many small services rather than one of thousands of tasks, as people have them.
        for (let part = 0, left = instances; left > 0; part++) {
          const some = Math.min(left, PER_SERVICE);
          left -= some;
          framework.services.push(makeService(framework, service, part, some, random));
        }
      }
      frameworks.push(framework);
    }
  }
  scale(plan, frameworks);
  return frameworks;
}

/** Most instances of one service. */
const PER_SERVICE = 50;

/** How many tasks each kind of service has: by its share, at least one of each as far as the tasks reach. */
function shares(plan: Plan, frameworks: FrameworkKind[]): Map<ServiceKind, number> {
  const kinds = frameworks.flatMap((f) => f.services.map((s) => ({ kind: s, share: (f.share * s.share) / 100 })));
  const bySize = [...kinds].sort((a, b) => b.share - a.share);
  const whole = bySize.reduce((total, { share }) => total + share, 0);
  const result = new Map<ServiceKind, number>();
  let left = plan.tasks;
  let share = whole;
  for (const [i, one] of [...bySize].reverse().entries()) {
    // The small ones first, so that what is left over goes to the big ones.
    const others = bySize.length - 1 - i;
    const most = one.kind.bound ? plan.agents : one.kind.each.gpus ? gpus(plan) : Infinity;
    const fair = Math.round((left * one.share) / share);
    const own = Math.min(most, Math.max(left > others ? 1 : 0, fair), left);
    result.set(one.kind, own);
    left -= own;
    share -= one.share;
  }
  return result;
}

function gpus(plan: Plan): number {
  return 4 * Math.floor((plan.agents + 6) / 8);
}

function makeFramework(plan: Plan, kind: FrameworkKind, copy: number, number: number, clusterId: string): Framework {
  return {
    number,
    id: `${clusterId}-${String(number).padStart(4, '0')}`,
    name: copy === 0 ? kind.name : `${kind.name}-${copy + 1}`,
    user: kind.user,
    principal: kind.principal,
    hostname: kind.webui === undefined ? '' : new URL(kind.webui).hostname,
    webui: kind.webui ?? '',
    roles: [...new Set(kind.services.map(({ role }) => role))],
    capabilities: kind.capabilities,
    failoverTimeout: kind.failoverTimeout,
    services: [],
    process: 'up',
    registration: 'subscribed',
    registered: plan.start - 15 * 86_400 + number,
    reregistered: 0,
    unregistered: 0,
    used: amount(),
    offers: new Set(),
    unreachable: new Set(),
    unacknowledged: new Set(),
    completed: [],
    counters: { subscribed: 1, launched: 0, updates: 0, declined: 0, rescinded: 0, killed: 0, ended: new Map() },
    version: 0,
  };
}

function makeService(
  framework: Framework,
  kind: ServiceKind,
  part: number,
  instances: number,
  random: Random
): Service {
  return {
    framework,
    name: part === 0 ? kind.name : `${kind.name}-${part + 1}`,
    role: kind.role,
    kind,
    each: amount(kind.each),
    instances,
    character: random.unit(),
    tasks: new Set(),
    places: [],
    watched: false,
    version: 0,
  };
}

/** Makes the tasks as large as they must be to fill the cluster as planned, in the proportions of the workload. */
function scale(plan: Plan, frameworks: Framework[]): void {
  const wanted = amount();
  for (const service of frameworks.flatMap(({ services }) => services)) {
    add(wanted, service.each, service.instances);
  }
  const capacity = amount();
  for (let n = 0; n < plan.agents; n++) {
    add(capacity, SIZES[n % SIZES.length]);
  }
  const by = (kind: 'cpus' | 'mem' | 'disk') => (wanted[kind] > 0 ? (FILLED * capacity[kind]) / wanted[kind] : 1);
  const factors = { cpus: by('cpus'), mem: by('mem'), disk: Math.min(1, by('disk')) };
  for (const service of frameworks.flatMap(({ services }) => services)) {
    const { each } = service;
    const smallest = SIZES[1];
    // Nothing is larger than a quarter of the smallest agent, or it would find no place.
    each.cpus = bounded(each.cpus * factors.cpus, smallest.cpus / 4, 0.05);
    each.mem = bounded(each.mem * factors.mem, smallest.mem / 4, 16);
    each.disk = bounded(each.disk * factors.disk, smallest.disk / 4, 1);
    each.revocable = bounded(each.revocable, 1, 0.1);
  }
}

/** In steps; 0 stays 0. */
function bounded(value: number, most: number, step: number): number {
  return value === 0 ? 0 : Math.round(Math.max(1, Math.round(Math.min(value, most) / step)) * step * 1000) / 1000;
}

export interface Quota {
  guarantee?: Amount;
  limit?: Amount;
}

/** Weight and quota of the roles that have any, in whole CPUs and MiB. */
export function makeQuota({ mesos }: Plan, agents: Agent[]): Map<string, { weight: number } & Quota> {
  const capacity = amount();
  agents.forEach(({ total }) => add(capacity, total));
  const share = (of: number | undefined) =>
    of === undefined ? undefined : amount({ cpus: Math.ceil(of * capacity.cpus), mem: Math.ceil(of * capacity.mem) });
  return new Map(
    rolesFor(mesos).map(({ name, weight, guarantee, limit }) => [
      name,
      { weight, guarantee: share(guarantee), limit: share(limit) },
    ])
  );
}

/** A role with those it is below of, itself first: a/b, a. */
export function lineage(role: string): string[] {
  const parts = role.split('/');
  return parts.map((_, i) => parts.slice(0, parts.length - i).join('/'));
}
