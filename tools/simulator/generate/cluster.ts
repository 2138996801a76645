/**
 * A generated cluster: agents, frameworks, their services and tasks, moment by moment.
 *
 * It is a function of its plan: the same plan and moment give the same cluster, however often it was asked between. What
 * happens happens in ticks of 15 s: a service is deployed again (all its tasks end and as many others start), and batch
 * frameworks grow and shrink with the time of day. Where the plan has events, tasks are also replaced one by one between ticks.
 */
import { Random } from './random.ts';

/** What a cluster is made from. */
export interface Plan {
  agents: number;
  /** Tasks at noon, when a cluster with a daily rhythm has most. */
  tasks: number;
  frameworks: number;
  seed: number;
  /** Unix seconds at which it begins. */
  start: number;
  /** The share of the tasks that is replaced by others in an hour. */
  churn: number;
  /** The share of the tasks of batch frameworks that is missing at midnight. */
  rhythm: number;
  /**
   * Task events a second, evenly spread, besides those of ticks: four for each task that is replaced. Only tasks without an
   * executor of their framework's own are, because the event stream does not tell what such executors hold.
   */
  events: number;
  /** Nodes of a tree of roles that frameworks subscribe to the leaves of; 0: the few roles of their kinds. */
  roles: number;
  /** Values of an attribute `asset` of agents; 0: they have none. */
  assets: number;
}

/** What a task's life has of events: added, starting, running, ended. */
const EVENTS_PER_TASK = 4;

/** Seconds from TASK_STARTING to TASK_RUNNING. */
export const STARTING = 1.3125;

/** The sizes of the benchmarks. */
export const SIZES = {
  small: { agents: 100, tasks: 1_000, frameworks: 10 },
  medium: { agents: 1_000, tasks: 10_000, frameworks: 30 },
  large: { agents: 10_000, tasks: 100_000, frameworks: 100 },
};

export type Size = keyof typeof SIZES;

export const DEFAULTS = {
  ...{ seed: 1, churn: 0.1, rhythm: 0.2, events: 0, roles: 0, assets: 0 },
  start: Date.UTC(2026, 10, 21, 12) / 1000,
};

/** The most departments of a tree of roles, and teams of each. */
const DEPARTMENTS = 10;
const TEAMS = 19;

/** Returns the roles that have none below them, of a tree of so many in three levels. */
function leavesOf(roles: number): string[] {
  const departments = Array.from({ length: Math.min(DEPARTMENTS, roles) }, (_, i) => `department-${i}`);
  const teams = Array.from(
    { length: Math.min(DEPARTMENTS * TEAMS, Math.max(0, roles - departments.length)) },
    (_, i) => `${departments[i % departments.length]}/team-${Math.floor(i / departments.length)}`
  );
  const left = Math.max(0, roles - departments.length - teams.length);
  const apps = Array.from({ length: left }, (_, i) => `${teams[i % teams.length]}/app-${Math.floor(i / teams.length)}`);
  const all = [...departments, ...teams, ...apps];
  return all.filter((role) => !all.some((other) => other.startsWith(`${role}/`)));
}

/** Seconds between two moments at which something happens. */
export const TICK = 15;

/** Scalars as Mesos counts them: CPUs, MiB, MiB. */
export interface Amount {
  cpus: number;
  mem: number;
  disk: number;
}

export interface Agent {
  id: string;
  hostname: string;
  ip: string;
  port: number;
  rack: string;
  zone: string;
  /** Empty: it has none. */
  asset: string;
  registered: number;
  total: Amount;
  used: Amount;
  /** How many ports are taken, from 31000 on; given back in no order, so that only the number counts. */
  ports: number;
}

export interface Task {
  id: string;
  agent: Agent;
  container: string;
  /** 0: none. */
  port: number;
  launched: number;
  running: boolean;
}

/** A task that has ended. */
export interface Ended {
  task: Task;
  service: Service;
  state: 'TASK_FINISHED' | 'TASK_FAILED' | 'TASK_KILLED';
  at: number;
}

/** A change of a task, as the event stream tells it; `state` undefined: it was added. */
export interface Happening {
  service: Service;
  task: Task;
  state?: 'TASK_STARTING' | 'TASK_RUNNING' | Ended['state'];
  /** Of the status, in Unix seconds. */
  at: number;
}

/** What a framework runs under one name, in several instances that are alike. */
export interface Service {
  framework: Framework;
  name: string;
  role: string;
  /** What a task takes. */
  each: Amount;
  /** What a task takes together with its executor. */
  occupies: Amount;
  ports: boolean;
  labels: boolean;
  /** Each task runs below an executor of the framework's own. */
  executors: boolean;
  /** Instances at noon. */
  instances: number;
  /** Where between two whole numbers its number of instances is cut. */
  rounding: number;
  tasks: Task[];
  /** Changes whenever the tasks do. */
  version: number;
}

export interface Framework {
  id: string;
  name: string;
  principal: string;
  user: string;
  batch: boolean;
  registered: number;
  roles: string[];
  services: Service[];
  used: Amount;
  /** The latest, oldest first. */
  ended: Ended[];
  /** How many tasks have ended, with those that are forgotten. */
  endedEver: number;
  /** Since the beginning. */
  launched: number;
  finished: number;
  failed: number;
  killed: number;
}

/** Kinds of frameworks: what a scheduler calls itself, and what it runs. */
const SCHEDULERS = [
  { name: 'marathon', roles: ['prod', 'prod/web'], batch: false, executors: false },
  { name: 'chronos', roles: ['batch'], batch: true, executors: false },
  { name: 'spark', roles: ['analytics', 'analytics/etl'], batch: true, executors: false },
  { name: 'aurora', roles: ['prod', 'staging'], batch: false, executors: false },
  { name: 'cassandra', roles: ['db'], batch: false, executors: true },
  { name: 'singularity', roles: ['web', 'prod/web'], batch: false, executors: false },
];

const NAMES = ['api', 'web', 'cart', 'search', 'auth', 'mail', 'ingest', 'report', 'index', 'cache', 'feed', 'billing'];

const CPUS = [0.1, 0.25, 0.5, 0.5, 1, 1, 2, 4];
const MEMORY = [64, 128, 256, 512, 1024, 1024, 2048, 4096];

/** What an executor takes for itself. */
export const EXECUTOR: Amount = { cpus: 0.1, mem: 32, disk: 0 };

/** How many of a framework's ended tasks its master remembers, relative to those that run. */
const REMEMBERED = 0.3;

export class Cluster {
  readonly plan: Plan;
  readonly id: string;
  readonly agents: Agent[] = [];
  readonly frameworks: Framework[] = [];
  /** max_completed_tasks_per_framework of the master. */
  readonly remembered: number;
  /** Unix seconds. */
  now: number;
  /** Ticks since the beginning. */
  ticks = 0;
  /** Changes whenever any agent's use does. */
  version = 0;
  /** Are called with each change of a task. */
  readonly watchers = new Set<(happening: Happening) => void>();
  private readonly random: Random;
  private readonly services: Service[] = [];
  /** Services with tasks that run from the next tick on. */
  private readonly starting = new Set<Service>();
  private next: Service;
  private due = 0;
  private numbered = 0;
  /** How many tasks were replaced one by one. */
  private replaced = 0;
  /** Tasks that were launched one by one and do not run yet, the oldest first. */
  private readonly launching: Array<{ service: Service; task: Task; runs: number }> = [];

  constructor(plan: Plan) {
    this.plan = plan;
    this.random = new Random(plan.seed);
    this.id = this.random.uuid();
    this.now = plan.start;
    this.remembered = Math.ceil((plan.tasks * REMEMBERED) / plan.frameworks);
    this.makeAgents();
    this.makeFrameworks();
    this.next = this.random.pick(this.services);
    this.makePast();
  }

  /** The number of tasks that have not ended. */
  get tasks(): number {
    return this.services.reduce((sum, service) => sum + service.tasks.length, 0);
  }

  /** Lets time pass until a moment, in Unix seconds; never back. */
  advance(to: number): void {
    for (;;) {
      const tick = this.plan.start + (this.ticks + 1) * TICK;
      this.flow(Math.min(tick, to));
      if (tick > to) {
        break;
      }
      this.ticks++;
      this.now = tick;
      this.tick();
    }
    this.now = Math.max(this.now, to);
  }

  /** Replaces tasks one by one until a moment. */
  private flow(to: number): void {
    const { events, start } = this.plan;
    if (events === 0) {
      return;
    }
    for (;;) {
      const replaces = start + ((this.replaced + 1) * EVENTS_PER_TASK) / events;
      const [first] = this.launching;
      const next = Math.min(replaces, first?.runs ?? Infinity);
      if (next > to) {
        return;
      }
      this.now = Math.max(this.now, next);
      if (next === first?.runs) {
        this.launching.shift();
        this.run(first.service, first.task);
        continue;
      }
      this.replaced++;
      const service = this.pickReplaced();
      this.end(service, service.tasks.shift() as Task);
      const task = this.launch(service);
      this.launching.push({ service, task, runs: this.now + STARTING });
    }
  }

  /** A service, chosen at random, whose oldest task is replaced. */
  private pickReplaced(): Service {
    for (;;) {
      const service = this.random.pick(this.services);
      if (!service.executors && service.tasks[0]?.running) {
        return service;
      }
    }
  }

  private run(service: Service, task: Task): void {
    if (task.running || !service.tasks.includes(task)) {
      return;
    }
    task.running = true;
    service.version++;
    this.tell({ service, task, state: 'TASK_RUNNING', at: task.launched + STARTING });
  }

  private tell(happening: Happening): void {
    this.watchers.forEach((watcher) => watcher(happening));
  }

  private tick(): void {
    for (const service of this.starting) {
      [...service.tasks].forEach((task) => this.run(service, task));
    }
    this.starting.clear();
    this.due += (this.tasks * this.plan.churn * TICK) / 3600;
    while (this.due >= this.next.tasks.length) {
      this.due -= this.next.tasks.length;
      this.deploy(this.next);
      this.next = this.random.pick(this.services);
    }
    this.breathe();
  }

  /** All tasks of a service end, others start. */
  private deploy(service: Service): void {
    const instances = service.tasks.length;
    service.tasks.splice(0).forEach((task) => this.end(service, task));
    for (let i = 0; i < instances; i++) {
      this.launch(service);
    }
    this.starting.add(service);
  }

  /** Batch services have as many tasks as the time of day wants. */
  private breathe(): void {
    const { rhythm } = this.plan;
    if (rhythm === 0) {
      return;
    }
    const day = (this.now % 86400) / 86400;
    const wanted = 1 - (rhythm * (1 + Math.cos(2 * Math.PI * day))) / 2;
    for (const service of this.services) {
      if (!service.framework.batch) {
        continue;
      }
      const instances = Math.max(1, Math.floor(service.instances * wanted + service.rounding));
      while (service.tasks.length < Math.min(instances, service.instances)) {
        this.launch(service);
        this.starting.add(service);
      }
      while (service.tasks.length > instances) {
        this.end(service, service.tasks.shift() as Task);
      }
    }
  }

  private launch(service: Service): Task {
    const { framework, occupies } = service;
    const agent = this.agentFor(occupies);
    take(agent.used, occupies, 1);
    take(framework.used, occupies, 1);
    if (service.ports) {
      agent.ports++;
    }
    const task: Task = {
      id: `${service.name}.${++this.numbered}.${this.random.uuid().slice(0, 13)}`,
      agent,
      container: this.random.uuid(),
      port: service.ports ? 31000 + (agent.ports % 1000) : 0,
      launched: this.now - this.random.unit(),
      running: false,
    };
    service.tasks.push(task);
    framework.launched++;
    service.version++;
    this.version++;
    this.tell({ service, task, at: task.launched });
    this.tell({ service, task, state: 'TASK_STARTING', at: task.launched });
    return task;
  }

  private end(service: Service, task: Task): void {
    const { framework, occupies } = service;
    take(task.agent.used, occupies, -1);
    take(framework.used, occupies, -1);
    if (service.ports) {
      task.agent.ports--;
    }
    const failed = this.random.unit() < 0.05;
    const state = failed ? 'TASK_FAILED' : framework.batch ? 'TASK_FINISHED' : 'TASK_KILLED';
    if (failed) {
      framework.failed++;
    } else if (framework.batch) {
      framework.finished++;
    } else {
      framework.killed++;
    }
    const at = this.now - this.random.unit();
    framework.ended.push({ task, service, state, at });
    if (framework.ended.length > this.remembered) {
      framework.ended.shift();
    }
    framework.endedEver++;
    service.version++;
    this.version++;
    this.tell({ service, task, state, at });
  }

  /** An agent with enough free resources, chosen at random. */
  private agentFor(each: Amount): Agent {
    for (let tries = 0; tries < 100; tries++) {
      const agent = this.random.pick(this.agents);
      if (agent.used.cpus + each.cpus <= agent.total.cpus && agent.used.mem + each.mem <= agent.total.mem) {
        return agent;
      }
    }
    throw new Error(`the ${this.plan.agents} agents are too small for ${this.plan.tasks} tasks: plan more agents`);
  }

  private makeAgents(): void {
    const sizes: Amount[] = [
      { cpus: 16, mem: 65536, disk: 500_000 },
      { cpus: 32, mem: 131072, disk: 1_000_000 },
      { cpus: 64, mem: 262144, disk: 2_000_000 },
    ];
    for (let n = 0; n < this.plan.agents; n++) {
      this.agents.push({
        id: `${this.id}-S${n}`,
        hostname: `agent${String(n).padStart(5, '0')}.example.com`,
        ip: `10.${n >> 16}.${(n >> 8) & 255}.${n & 255}`,
        port: 5051,
        rack: `r${n % Math.ceil(this.plan.agents / 40)}`,
        zone: 'abc'[n % 3],
        asset: this.plan.assets > 0 ? `asset-${n % this.plan.assets}` : '',
        registered: this.plan.start - 86400 * this.random.unit() * 30,
        total: sizes[n % sizes.length],
        used: { cpus: 0, mem: 0, disk: 0 },
        ports: 0,
      });
    }
  }

  private makeFrameworks(): void {
    const leaves = leavesOf(this.plan.roles);
    const each = Math.max(2, Math.ceil(leaves.length / this.plan.frameworks));
    const rolesOf = (n: number) => Array.from({ length: each }, (_, i) => leaves[(n * each + i) % leaves.length]);
    for (let n = 0; n < this.plan.frameworks; n++) {
      const kind = SCHEDULERS[n % SCHEDULERS.length];
      const framework: Framework = {
        id: `${this.id}-${String(n).padStart(4, '0')}`,
        name: `${kind.name}-${Math.floor(n / SCHEDULERS.length) + 1}`,
        principal: kind.name,
        user: 'root',
        batch: kind.batch,
        registered: this.plan.start - 86400 * this.random.unit() * 20,
        roles: leaves.length > 0 ? [...new Set(rolesOf(n))] : kind.roles,
        services: [],
        used: { cpus: 0, mem: 0, disk: 0 },
        ended: [],
        endedEver: 0,
        launched: 0,
        finished: 0,
        failed: 0,
        killed: 0,
      };
      this.frameworks.push(framework);
      // The same for each, the rest to the first ones.
      const { tasks, frameworks } = this.plan;
      let left = Math.floor(tasks / frameworks) + (n < tasks % frameworks ? 1 : 0);
      while (left > 0) {
        const instances = Math.min(left, 1 + this.random.int(20));
        left -= instances;
        this.makeService(framework, kind.executors, instances);
      }
    }
  }

  private makeService(framework: Framework, executors: boolean, instances: number): void {
    const size = this.random.int(CPUS.length);
    const number = framework.services.length;
    const each = { cpus: CPUS[size], mem: MEMORY[size], disk: number % 4 === 0 ? 256 : 0 };
    const service: Service = {
      framework,
      name: `${framework.name}.${NAMES[number % NAMES.length]}-${number}`,
      role: framework.roles[number % framework.roles.length],
      each,
      occupies: executors ? { ...each, cpus: tidy(each.cpus + EXECUTOR.cpus), mem: each.mem + EXECUTOR.mem } : each,
      ports: !framework.batch && number % 2 === 0,
      labels: !framework.batch,
      executors,
      instances,
      rounding: this.random.unit(),
      tasks: [],
      version: 0,
    };
    framework.services.push(service);
    this.services.push(service);
    for (let i = 0; i < instances; i++) {
      this.launch(service);
    }
  }

  /** What happened before the beginning: all tasks run, at different ages, and as many have ended as are remembered. */
  private makePast(): void {
    const before = this.now;
    for (const framework of this.frameworks) {
      while (framework.ended.length < this.remembered) {
        const service = this.random.pick(framework.services);
        this.now = before - 3600 * this.random.unit();
        this.end(service, service.tasks.shift() as Task);
        this.launch(service);
      }
    }
    this.now = before;
    for (const service of this.services) {
      for (const task of service.tasks) {
        task.launched = before - 36000 * this.random.unit();
        task.running = true;
      }
    }
  }
}

/** Adds an amount so many times, without rounding errors of binary fractions. */
function take(from: Amount, what: Amount, times: 1 | -1): void {
  from.cpus = tidy(from.cpus + times * what.cpus);
  from.mem += times * what.mem;
  from.disk += times * what.disk;
}

/** Mesos keeps three digits of a scalar (src/common/values.cpp). */
export function tidy(value: number): number {
  return Math.round(value * 1000) / 1000;
}
