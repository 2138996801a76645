/**
 * A simulated cluster as time passes: tasks start, run and end, schedulers replace them, and scenarios cause faults.
 *
 * Every event is planned for a moment (agenda.ts), and random numbers are drawn in that order: the same plan, seed and steps
 * give the same cluster, however often it is queried and however fast its clock runs.
 *
 *   world.ts       tasks, executors, what the leading master lists, time
 *   schedulers.ts  frameworks start and end tasks
 *   agents.ts      agents die, return, drain, are marked gone
 *   masters.ts     masters die, are elected, recover
 *   steps.ts       the things a scenario can do
 *
 * "Listed" is what the leading master knows of. A task is listed while its agent is registered.
 */
import { Random } from '../generate/random.ts';
import type { Fault } from '../faults.ts';
import { Agenda } from './agenda.ts';
import { add, amount, fits, least, minus, sum, type Amount } from './amount.ts';
import type {
  Agent,
  Cause,
  Container,
  Executor,
  Framework,
  Master,
  Service,
  Status,
  Task,
  TaskState,
} from './model.ts';
import { withdraw } from './outstanding.ts';
import { EXECUTOR, lineage, makeAgents, makeFrameworks, makeQuota, PORTS, type Plan, type Quota } from './plan.ts';
import { SANDBOXES } from './runs.ts';
import { bursts, relimit } from './use.ts';

/** An event, to explain graphs. */
export interface WorldEvent {
  /** Unix seconds. */
  at: number;
  text: string;
}

/** The time of a leader. Times are Unix seconds. */
export interface Leadership {
  /** The leader's number, from 1. */
  master: number;
  /** When it was elected. */
  from: number;
  /** When the first of its agents registered: before that it knows nothing of its cluster. */
  ready?: number;
  /** When it was lost; absent: it leads. */
  until?: number;
}

/** A fault of the network or of a host, while it lasts. */
export interface Disturbance {
  on: 'masters' | 'agents';
  fault: Fault;
}

/** The end of a task, as the leading master was told of it. */
export interface TaskEnd {
  /** When the master was told, and when it happened. Unix seconds. */
  heard: number;
  at: number;
  taskId: string;
  framework: string;
  agent: string;
  role: string;
  state: TaskState;
  labels: Record<string, string>;
}

/** A task that began to run, with when the master was told. Unix seconds. */
export interface TaskStart {
  heard: number;
  taskId: string;
}

/** An event of the operator API's stream. */
export type Happening =
  | { type: 'TASK_ADDED'; task: Task }
  | { type: 'TASK_UPDATED'; task: Task; status: Status }
  | { type: 'FRAMEWORK_UPDATED' | 'FRAMEWORK_REMOVED'; framework: Framework }
  | { type: 'AGENT_ADDED' | 'AGENT_REMOVED'; agent: Agent };

/** A subscriber of the leader's events. */
export interface Subscriber {
  tell(happening: Happening): void;
  /** How many bytes were sent to it. */
  sent: number;
  /** The leader is gone, and with it the connection; or the leader ends the stream in order. */
  lose(inOrder?: boolean): void;
}

/** What Mesos' own executor may use besides its task (src/slave/slave.cpp: DEFAULT_EXECUTOR_CPUS, _MEM). */
const COMMAND_EXECUTOR = amount({ cpus: 0.1, mem: 32 });

/** Seconds a custom executor stays with nothing to do. */
const IDLE = 60;

export class World {
  readonly plan: Plan;
  readonly random: Random;
  readonly agents: Agent[];
  readonly frameworks: Framework[];
  readonly masters: Master[];
  readonly quota: Map<string, { weight: number } & Quota>;
  readonly events: WorldEvent[] = [];
  /** In the order in which the leading master heard of them. */
  readonly ends: TaskEnd[] = [];
  readonly starts: TaskStart[] = [];
  /** Who led when, oldest first. */
  readonly leaderships: Leadership[];
  readonly disturbances = new Map<string, Disturbance>();
  /** Of the leader's events, oldest first. */
  readonly subscribers = new Set<Subscriber>();
  /** Clients besides the one under test that ask for /metrics/snapshot all the time. */
  crowd = 0;
  /** What the leader reports in /metrics/snapshot instead of its own figures, by key. */
  readonly reported = new Map<string, number>();
  /** Unix seconds. */
  now: number;
  leader?: Master;
  /** ZooKeeper: without, no leader is found. */
  zookeeper = true;
  /** The last leader, whom followers name until they know another. */
  believed?: Master;
  /** What each role itself is allocated, as the leading master lists it. */
  readonly allocated = new Map<string, Amount>();
  /** Changes with the leader, and with it everything it lists. */
  epoch = 0;
  readonly clusterId: string;
  private readonly agenda = new Agenda();
  private numbered = 0;

  constructor(plan: Plan) {
    this.plan = plan;
    this.now = plan.start;
    this.random = new Random(plan.seed);
    this.clusterId = this.random.uuid();
    this.agents = makeAgents(plan, this.clusterId);
    this.frameworks = makeFrameworks(plan, this.clusterId, this.random);
    this.quota = makeQuota(plan, this.agents);
    this.masters = Array.from({ length: plan.masters }, (_, number) => ({
      number,
      id: number === 0 ? this.clusterId : this.random.uuid(),
      address: '',
      process: 'up' as const,
      started: plan.start - 30 * 86_400 + number,
      ended: 0,
      elected: 0,
      recovered: true,
      counters: new Map(),
    }));
    this.leader = this.masters[0];
    this.leader.elected = this.leader.started + 0.013;
    this.believed = this.leader;
    this.leaderships = [{ master: 1, from: this.leader.elected, ready: plan.start }];
  }

  // --- time ---

  /** Lets time pass until a moment, in Unix seconds; never back. */
  advance(to: number): void {
    while (this.agenda.next() <= to) {
      const entry = this.agenda.take();
      if (entry !== undefined) {
        this.now = Math.max(this.now, entry.at);
        entry.what();
      }
    }
    this.now = Math.max(this.now, to);
  }

  /** When the next thing happens. */
  next(): number {
    return this.agenda.next();
  }

  in(seconds: number, what: () => void): void {
    this.agenda.plan(this.now + seconds, what);
  }

  at(moment: number, what: () => void): void {
    this.agenda.plan(moment, what);
  }

  between(least: number, most: number): number {
    return least + this.random.unit() * (most - least);
  }

  note(text: string): void {
    this.events.push({ at: this.now, text });
  }

  // --- the current state ---

  /** The leader, once it knows its agents. */
  get ready(): Master | undefined {
    return this.leader?.recovered ? this.leader : undefined;
  }

  /** Sends an event to the leader's subscribers. */
  publish(happening: Happening): void {
    if (this.ready !== undefined) {
      this.subscribers.forEach((subscriber) => subscriber.tell(happening));
    }
  }

  count(key: string, by = 1): void {
    const counters = this.leader?.counters;
    counters?.set(key, (counters.get(key) ?? 0) + by);
  }

  /** Whether the master is told at once of what happens on an agent. */
  hears(agent: Agent): boolean {
    return this.ready !== undefined && agent.registration === 'registered' && agent.connected && agent.process === 'up';
  }

  /** Does it now, or when the agent is back. */
  tell(agent: Agent, what: () => void): void {
    if (this.hears(agent)) {
      what();
    } else {
      agent.unheard.push(what);
    }
  }

  // --- tasks ---

  /** Starts a task; `age`: it has been running for so many seconds. False: no agent has the resources, or the quota is exhausted. */
  launch(service: Service, age?: number): boolean {
    const { framework } = service;
    if (!this.withinQuota(service)) {
      return false;
    }
    const agent = this.agentFor(service);
    if (agent === undefined) {
      return false;
    }
    const began = this.now - (age ?? 0);
    const id = `${framework.name}.${service.name}.${++this.numbered}`;
    const executor = this.executorFor(service, agent, id, began);
    const ports = this.takePorts(agent, service.kind.ports ?? 0);
    const task: Task = {
      id,
      service,
      agent,
      executor,
      container: executor?.container ?? this.makeContainer(service, began, service.each, COMMAND_EXECUTOR),
      state: 'STAGING',
      statuses: [],
      resources: { ...service.each },
      ports,
    };
    if (executor !== undefined) {
      executor.tasks.add(task);
      relimit(executor.container, task.resources, 1, this.now);
    }
    if (service.kind.bound && !service.places.includes(agent)) {
      service.places.push(agent);
    }
    service.tasks.add(task);
    agent.tasks.add(task);
    this.list(task);
    framework.counters.launched++;
    this.count('messages_launch_tasks');
    if (age !== undefined) {
      this.report(task, 'STARTING', began);
      this.report(task, 'RUNNING', Math.min(this.now, began + 1.3125));
    } else {
      this.in(this.between(0.2, 1), () => this.reaches(task, 'STAGING', 'STARTING'));
      this.in(this.between(1, service.kind.docker === undefined ? 3 : 12), () =>
        this.reaches(task, 'STARTING', 'RUNNING')
      );
    }
    this.planEnd(task, age ?? 0);
    return true;
  }

  /** Ends a task: it is no longer on its agent, whether or not its master hears of it at once. */
  end(task: Task, state: TaskState, cause?: Cause): void {
    const { agent, executor } = task;
    if (!agent.tasks.delete(task)) {
      return;
    }
    task.ports.forEach((port) => agent.ports.delete(port));
    agent.ended.push(task);
    if (agent.ended.length > SANDBOXES) {
      agent.ended.shift();
    }
    const terminal = `tasks_${state.toLowerCase()}`;
    agent.counters.set(terminal, (agent.counters.get(terminal) ?? 0) + 1);
    if (executor !== undefined) {
      executor.tasks.delete(task);
      executor.over.push({ id: task.id, state, at: this.now });
      relimit(executor.container, task.resources, -1, this.now);
      if (executor.tasks.size === 0) {
        this.in(IDLE, () => this.retire(executor));
      }
    }
    const at = this.now;
    this.tell(agent, () => this.close(task, state, at, cause));
  }

  /** Removes an ended task from the leading master's list. */
  close(task: Task, state: TaskState, at: number, cause?: Cause): void {
    const { service } = task;
    const { framework } = service;
    this.unlist(task);
    service.tasks.delete(task);
    framework.unreachable.delete(task);
    this.report(task, state, at, cause);
    this.noteEnd(task, state, at);
    framework.counters.ended.set(state, (framework.counters.ended.get(state) ?? 0) + 1);
    this.count(`tasks_${state.toLowerCase()}`);
    if (cause !== undefined) {
      this.count(`task_${state.toLowerCase()}/source_${cause.source}/reason_${cause.reason}`);
    }
    if (framework.registration === 'subscribed' || framework.registration === 'completed') {
      this.remember(framework, task);
    } else {
      framework.unacknowledged.add(task);
    }
    this.wakeScheduler(service);
  }

  noteEnd({ id: taskId, service, agent }: Task, state: TaskState, at: number): void {
    const { framework, role } = service;
    this.ends.push({
      ...{ heard: this.now, at, taskId, role, state, labels: service.kind.labels ?? {} },
      framework: framework.name,
      agent: agent.hostname,
    });
  }

  remember(framework: Framework, task: Task): void {
    framework.completed.push(task);
    if (framework.completed.length > this.plan.remembered) {
      framework.completed.shift();
    }
    framework.version++;
  }

  /** Kills a task, for its scheduler or for an agent that drains. */
  kill(task: Task, grace = 5, cause?: Cause): void {
    const { framework } = task.service;
    if (task.state === 'KILLING' || !task.agent.tasks.has(task)) {
      return;
    }
    this.count('messages_kill_task');
    framework.counters.killed++;
    if (framework.capabilities.includes('TASK_KILLING_STATE') && task.state === 'RUNNING') {
      this.report(task, 'KILLING', this.now, cause);
    }
    this.in(this.between(grace / 5, grace), () => this.end(task, 'KILLED', cause));
  }

  /** Notes a task's new state; the master counts every update, and its acknowledgement. */
  report(task: Task, state: TaskState, at: number, cause?: Cause): void {
    const { service, agent } = task;
    const healthy = state === 'RUNNING' && service.kind.checked === true;
    task.state = state;
    const status: Status = { state, at, ...(healthy && { healthy }), ...(cause && { cause }) };
    task.statuses.push(status);
    if (state === 'RUNNING' && task.statuses.filter((one) => one.state === state).length === 1) {
      this.starts.push({ heard: this.now, taskId: task.id });
    }
    service.framework.counters.updates++;
    this.count('messages_status_update');
    this.count('valid_status_updates');
    this.publish({ type: 'TASK_UPDATED', task, status });
    service.version++;
    agent.version++;
  }

  /** Set by schedulers.ts: what a scheduler does when its tasks change. */
  wakeScheduler: (service: Service) => void = () => {};

  private reaches(task: Task, from: TaskState, state: TaskState): void {
    if (task.agent.tasks.has(task)) {
      const at = this.now;
      this.tell(task.agent, () => {
        if (task.state === from) {
          this.report(task, state, at);
        }
      });
    }
  }

  private planEnd(task: Task, age: number): void {
    const { kind, trouble } = task.service;
    if (trouble === 'crashes') {
      this.in(this.between(5, 15), () => this.end(task, 'FAILED', EXECUTOR_TERMINATED));
      return;
    }
    if (trouble === 'throttled') {
      task.container.throttled = true;
    }
    if (trouble === 'leaks') {
      task.container.leakRate = task.service.leakRate;
      task.container.leaks = this.now + this.between(5, 30);
      this.at(bursts(task.container), () => this.end(task, 'FAILED', OUT_OF_MEMORY));
      return;
    }
    if (kind.lasts !== undefined) {
      const [shortest, longest] = kind.lasts;
      const lasts = this.between(shortest, longest);
      const failed = this.random.unit() * 100 < (kind.fails ?? 0);
      // One that has run for a while has a part of its time left.
      const left = age > 0 ? lasts * this.random.unit() : lasts;
      this.in(left, () => this.end(task, failed ? 'FAILED' : 'FINISHED'));
    }
  }

  // --- where tasks run ---

  /** Returns an agent's free resources that are not reserved. */
  available(agent: Agent): Amount {
    // What a role uses beyond its reservation, as of an executor that idles beside its successor, is not reserved.
    const own = [...agent.usedReserved].map(([role, used]) => least(used, agent.reserved.get(role) ?? amount()));
    const taken = minus(agent.used, sum(own));
    return minus(minus(agent.total, sum(agent.reserved.values())), taken);
  }

  /** Whether a master offers an agent's resources. */
  offers(agent: Agent): boolean {
    return agent.registration === 'registered' && agent.connected && !agent.deactivated;
  }

  private agentFor(service: Service): Agent | undefined {
    const needs = { ...service.each };
    add(needs, EXECUTOR, service.kind.executor === undefined ? 0 : 1);
    if (service.kind.bound) {
      return this.placeFor(service, needs);
    }
    const suits = (agent: Agent) =>
      this.offers(agent) && fits(needs, this.available(agent)) && this.free(agent, service.kind.ports ?? 0);
    for (let tries = 0; tries < 20; tries++) {
      const agent = this.random.pick(this.agents);
      if (suits(agent)) {
        return agent;
      }
    }
    const first = this.random.int(this.agents.length);
    return [...this.agents.slice(first), ...this.agents.slice(0, first)].find(suits);
  }

  /** The agent with this service's own reservation that has no task of it; else one where a reservation can be made. */
  private placeFor(service: Service, needs: Amount): Agent | undefined {
    const taken = new Set([...service.tasks].map(({ agent }) => agent));
    const own = service.places.find((agent) => !taken.has(agent) && this.offers(agent));
    if (own !== undefined || service.places.length >= service.instances) {
      return own;
    }
    const { role } = service;
    const agent = this.agents.find(
      (one) => !one.reserved.has(role) && this.offers(one) && fits(needs, this.available(one)) && this.free(one, 0)
    );
    agent?.reserved.set(role, needs);
    return agent;
  }

  private free({ ports }: Agent, wanted: number): boolean {
    return PORTS.last - PORTS.first + 1 - ports.size >= wanted;
  }

  private takePorts(agent: Agent, wanted: number): number[] {
    const ports: number[] = [];
    for (let port = PORTS.first; ports.length < wanted; port++) {
      if (!agent.ports.has(port)) {
        agent.ports.add(port);
        ports.push(port);
      }
    }
    return ports;
  }

  /** Whether no role above has a limit that one more task would exceed. */
  private withinQuota({ role, each, kind }: Service): boolean {
    const more = { ...each };
    add(more, EXECUTOR, kind.executor === undefined ? 0 : 1);
    return lineage(role).every((name) => {
      const limit = this.quota.get(name)?.limit;
      if (limit === undefined) {
        return true;
      }
      const { cpus, mem } = this.subtree(name);
      return cpus + more.cpus <= limit.cpus + 1e-9 && mem + more.mem <= limit.mem + 1e-9;
    });
  }

  /** What a role and all below it are allocated, as the leading master lists it. */
  subtree(role: string): Amount {
    const parts = [...this.allocated].filter(([name]) => name === role || name.startsWith(`${role}/`));
    return sum(parts.map(([, own]) => own));
  }

  // --- executors and containers ---

  private executorFor(service: Service, agent: Agent, taskId: string, began: number): Executor | undefined {
    const { framework, role, kind } = service;
    if (kind.executor === undefined) {
      return undefined;
    }
    const shared = kind.executor === 'per agent';
    const id = shared ? `${framework.name}-${role.replaceAll('/', '_')}-${agent.hostname}` : `executor-${taskId}`;
    const known = [...agent.executors].find((executor) => executor.id === id);
    if (known !== undefined) {
      return known;
    }
    const executor: Executor = {
      id,
      name: `${framework.name} executor`,
      framework,
      agent,
      role,
      resources: { ...EXECUTOR },
      container: this.makeContainer(service, began, EXECUTOR),
      tasks: new Set(),
      over: [],
    };
    agent.executors.add(executor);
    this.listExecutor(executor);
    return executor;
  }

  /** An executor with nothing to do ends. */
  retire(executor: Executor): void {
    const { agent } = executor;
    if (executor.tasks.size === 0 && agent.executors.delete(executor)) {
      this.tell(agent, () => this.unlistExecutor(executor));
    }
  }

  private makeContainer(service: Service, started: number, ...limits: Amount[]): Container {
    return {
      id: this.random.uuid(),
      kind: service.kind,
      started,
      counted: 0,
      countedAt: started,
      limit: sum(limits),
      character: this.random.unit(),
    };
  }

  // --- what the leading master lists ---

  list(task: Task): void {
    if (!task.agent.listed.has(task)) {
      task.agent.listed.add(task);
      this.allot(task.agent, task.service, task.resources, 1);
      this.publish({ type: 'TASK_ADDED', task });
      task.service.version++;
    }
  }

  unlist(task: Task): void {
    if (task.agent.listed.delete(task)) {
      this.allot(task.agent, task.service, task.resources, -1);
      task.service.version++;
    }
  }

  listExecutor(executor: Executor): void {
    if (!executor.agent.listedExecutors.has(executor)) {
      executor.agent.listedExecutors.add(executor);
      this.allot(executor.agent, executor, executor.resources, 1);
      executor.framework.version++;
    }
  }

  unlistExecutor(executor: Executor): void {
    if (executor.agent.listedExecutors.delete(executor)) {
      this.allot(executor.agent, executor, executor.resources, -1);
      executor.framework.version++;
    }
  }

  /** Removes all that an agent runs from the leading master's list. */
  unlistAll(agent: Agent): void {
    agent.listed.forEach((task) => this.unlist(task));
    agent.listedExecutors.forEach((executor) => this.unlistExecutor(executor));
  }

  private allot(agent: Agent, whose: Service | Executor, what: Amount, times: 1 | -1): void {
    const { role, framework } = whose;
    const kind = 'kind' in whose ? whose.kind : whose.container.kind;
    const of = (amounts: Map<string, Amount>) => {
      const own = amounts.get(role) ?? amount();
      amounts.set(role, own);
      return own;
    };
    add(agent.used, what, times);
    add(framework.used, what, times);
    add(of(this.allocated), what, times);
    if (kind.bound) {
      add(of(agent.usedReserved), what, times);
    }
    if (times > 0) {
      withdraw(agent, framework);
    }
    agent.version++;
  }
}

export const EXECUTOR_TERMINATED: Cause = { source: 'slave', reason: 'executor_terminated' };
export const OUT_OF_MEMORY: Cause = { source: 'slave', reason: 'container_limitation_memory' };
