/**
 * The data model of a simulated cluster. world.ts changes it with time; state.ts and the files beside it write the pages of
 * Mesos.
 */
import type { Amount } from './amount.ts';
import type { ServiceKind } from './workload.ts';

/** Task states without TASK_. The last eight end a task. */
export type TaskState =
  | ('STAGING' | 'STARTING' | 'RUNNING' | 'KILLING' | 'UNREACHABLE')
  | ('FINISHED' | 'FAILED' | 'KILLED' | 'LOST' | 'ERROR' | 'DROPPED' | 'GONE' | 'GONE_BY_OPERATOR');

/** Whether a task in that state is on its agent, as far as the master knows. */
export function isActive(state: TaskState): boolean {
  return state === 'STAGING' || state === 'STARTING' || state === 'RUNNING' || state === 'KILLING';
}

/** What is known of why a task ended: Mesos' source and reason, as in metric keys. */
export interface Cause {
  source: 'master' | 'slave' | 'executor';
  reason: string;
  /** Whether its agent was unreachable then, not gone. */
  unreachable?: true;
}

export interface Status {
  state: TaskState;
  /** Unix seconds. */
  at: number;
  /** Of health-checked tasks, once they run. */
  healthy?: boolean;
  /** Absent: the task did so by itself, as its executor says. */
  cause?: Cause;
}

export interface Agent {
  /** Its place in the plan, from 0. */
  number: number;
  id: string;
  hostname: string;
  /** host:port. */
  address: string;
  rack: string;
  zone: string;
  attributes: Record<string, string | number>;
  total: Amount;
  /** What it had before a scenario changed it. */
  planned?: Amount;
  /** How the agent measures containers: with cgroups, or only what a POSIX system knows. */
  cgroups: boolean;
  /** Reserved for roles, out of `total`. */
  reserved: Map<string, Amount>;

  // --- what is true of the machine ---

  /** `starting`: its process listens, and does not know its containers yet. */
  process: 'up' | 'down' | 'starting';
  /** Since when its process is what it is. */
  since: number;
  /** When its process began. */
  started: number;
  tasks: Set<Task>;
  executors: Set<Executor>;
  ports: Set<number>;
  /** The latest that ended on it, oldest first. */
  ended: Task[];
  counters: Counters;
  /** What its master has not been told yet. */
  unheard: Array<() => void>;

  // --- what the leading master knows ---

  /** `recovered`: known from the registry of the master before. `removed`: unregistered or marked gone. */
  registration: 'registered' | 'recovered' | 'unreachable' | 'removed';
  connected: boolean;
  /** By an operator; also while and after draining. */
  deactivated: boolean;
  drain?: { state: 'DRAINING' | 'DRAINED'; began: number; grace: number };
  registered: number;
  /** 0: never. */
  reregistered: number;
  listed: Set<Task>;
  listedExecutors: Set<Executor>;
  /** What a framework has been offered of it and has not answered. */
  offer?: Offer;
  /** What is allocated to them. */
  used: Amount;
  /** The part of it that comes out of reservations, by role. */
  usedReserved: Map<string, Amount>;
  /** Changes whenever something of it that /state shows does. */
  version: number;
}

/** Resources of an agent that a framework may take, until it answers. */
export interface Offer {
  /** From 0, for as long as a cluster lives; its id ends in it. */
  number: number;
  framework: Framework;
  agent: Agent;
  role: string;
  resources: Amount;
  ports: number[];
}

export interface Executor {
  id: string;
  name: string;
  framework: Framework;
  agent: Agent;
  role: string;
  resources: Amount;
  container: Container;
  tasks: Set<Task>;
  /** How its tasks ended, oldest first. */
  over: Array<{ id: string; state: TaskState; at: number }>;
}

/** What runs: the unit of measured use. */
export interface Container {
  id: string;
  started: number;
  kind: ServiceKind;
  /** CPUs and MiB its tasks and executor may use. */
  limit: Amount;
  /** CPU seconds up to the moment at which its limit last changed. */
  counted: number;
  countedAt: number;
  /** 0 to 1, for what differs from one container to the next. */
  character: number;
  /** Fills its memory from this moment on; absent: behaves. */
  leaks?: number;
  /** Of its limit, what leaks a second; absent: LEAK of use.ts. */
  leakRate?: number;
  /** Whether the quota of its CPUs holds it back in most periods. */
  throttled?: boolean;
}

export interface Task {
  id: string;
  service: Service;
  agent: Agent;
  executor?: Executor;
  container: Container;
  state: TaskState;
  statuses: Status[];
  resources: Amount;
  ports: number[];
}

export interface Service {
  framework: Framework;
  name: string;
  role: string;
  kind: ServiceKind;
  each: Amount;
  /** How many a scenario wants instead of what the plan says. */
  demanded?: number;
  /** Instances at noon. */
  instances: number;
  /** 0 to 1, for what differs from one service to the next. */
  character: number;
  /** Those that have not ended, on agents the scheduler can reach. */
  tasks: Set<Task>;
  /** Agents its tasks are bound to, by reservation and volume. */
  places: Agent[];
  /** What every new task does instead of what it should. */
  trouble?: 'crashes' | 'leaks' | 'throttled';
  /** With the trouble `leaks`: of a container's limit, what leaks a second. */
  leakRate?: number;
  /** Whether a look at it is on the agenda already. */
  watched: boolean;
  /** Changes whenever something of it that /state shows does. */
  version: number;
}

export interface Framework {
  /** Its place in the plan, from 0. */
  number: number;
  id: string;
  name: string;
  user: string;
  principal?: string;
  hostname: string;
  webui: string;
  roles: string[];
  capabilities: string[];
  failoverTimeout: number;
  services: Service[];

  /** Its scheduler. */
  process: 'up' | 'down';
  /** The allocator offers it nothing. */
  starved?: boolean;
  /** How the leading master lists it. `absent`: not (yet, or any more). */
  registration: 'subscribed' | 'disconnected' | 'recovered' | 'absent' | 'completed';
  registered: number;
  reregistered: number;
  unregistered: number;
  used: Amount;
  /** Not answered yet. */
  offers: Set<Offer>;
  /** On agents that are unreachable. */
  unreachable: Set<Task>;
  /** Ended, but the scheduler has not acknowledged it: still among its tasks. */
  unacknowledged: Set<Task>;
  /** The latest, oldest first. */
  completed: Task[];
  counters: FrameworkCounters;
  /** Changes whenever its executors do. */
  version: number;
}

export interface FrameworkCounters {
  subscribed: number;
  launched: number;
  updates: number;
  declined: number;
  /** Offers that were taken back before they were answered. */
  rescinded: number;
  killed: number;
  ended: Map<TaskState, number>;
}

/** Counts by a Mesos key, without the process' name: `tasks_failed`, `task_failed/source_slave/reason_...`. */
export type Counters = Map<string, number>;

export interface Master {
  /** Its place, from 0. */
  number: number;
  /** Of this life of its process. */
  id: string;
  address: string;
  process: 'up' | 'down';
  started: number;
  /** When its process last ended; 0: never. */
  ended: number;
  /** 0: does not lead. */
  elected: number;
  /** Whether it has read the registry; only then does it know agents. */
  recovered: boolean;
  counters: Counters;
}
