/**
 * Agents die, return, drain and are marked gone, with the delays of Mesos: a broken connection is seen
 * at once, an agent that does not answer pings becomes unreachable, one that starts listens before it knows its containers.
 */
import { isActive, type Agent, type Cause, type Task } from './model.ts';
import { withdraw } from './outstanding.ts';
import { shapeOf } from './versions/shapes.ts';
import { EXECUTOR_TERMINATED, type World } from './world.ts';

/** Seconds from an agent's start until its port is open, until it knows its routes, and until it has recovered. */
export const AGENT_START = { routes: 1, recovered: 3 };

/** Seconds a marked agent keeps running: recorded of Mesos 1.12 for minutes. */
const GONE_KEEPS_RUNNING = 300;

/** The process ends; with the machine, its containers do too. */
export function dies(world: World, agent: Agent, machine: boolean): void {
  if (agent.process === 'down') {
    return;
  }
  agent.process = 'down';
  agent.since = world.now;
  if (machine) {
    [...agent.tasks].forEach((task) => world.end(task, 'FAILED', EXECUTOR_TERMINATED));
    agent.executors.clear();
  }
  disconnect(world, agent);
}

function disconnect(world: World, agent: Agent): void {
  withdraw(agent);
  agent.connected = false;
  agent.version++;
  const { since } = agent;
  if (world.ready !== undefined && agent.registration === 'registered') {
    world.in(world.plan.pingTimeout, () => {
      if (agent.process === 'down' && agent.since === since && agent.registration === 'registered' && world.ready) {
        becomesUnreachable(world, agent);
      }
    });
  }
}

/** The master gives up on an agent (src/master/master.cpp, markUnreachable). */
export function becomesUnreachable(world: World, agent: Agent): void {
  if (shapeOf(world.plan.mesos)?.partitions === false) {
    isRemoved(world, agent);
    return;
  }
  const recovered = agent.registration === 'recovered';
  agent.registration = 'unreachable';
  world.note(`${agent.hostname} is unreachable`);
  world.count('slave_unreachable_scheduled');
  world.count('slave_unreachable_completed');
  world.count('slave_removals');
  world.count('slave_removals/reason_unhealthy');
  if (recovered) {
    world.count('recovery_slave_removals');
  }
  const tasks = [...agent.listed];
  world.unlistAll(agent);
  tasks.forEach((task) => loses(world, task));
  agent.version++;
}

/** Before partitions were known: the agent is removed, and its tasks are lost (shutdownSlave). */
function isRemoved(world: World, agent: Agent): void {
  world.note(`${agent.hostname} is removed`);
  if (agent.registration === 'recovered') {
    world.count('recovery_slave_removals');
  }
  leaves(world, agent, 'LOST');
}

/** Its scheduler is told of a task that it cannot reach, and replaces it. */
function loses(world: World, task: Task): void {
  const { service } = task;
  const { framework } = service;
  // Schedulers that do not know unreachable tasks are told that they are lost; both are listed as unreachable.
  const state = framework.capabilities.includes('PARTITION_AWARE') ? 'UNREACHABLE' : 'LOST';
  const cause: Cause = { source: 'master', reason: 'slave_removed', unreachable: true };
  world.report(task, state, world.now, cause);
  world.count(`task_${state.toLowerCase()}/source_${cause.source}/reason_${cause.reason}`);
  if (state === 'LOST') {
    world.count('tasks_lost');
    world.noteEnd(task, state, world.now);
    framework.counters.ended.set('LOST', (framework.counters.ended.get('LOST') ?? 0) + 1);
  }
  service.tasks.delete(task);
  framework.unreachable.add(task);
  framework.version++;
  world.wakeScheduler(service);
}

/** The process starts again. */
export function returns(world: World, agent: Agent): void {
  if (agent.process !== 'down' || agent.registration === 'removed') {
    return;
  }
  agent.process = 'starting';
  agent.since = agent.started = world.now;
  const { since } = agent;
  world.in(AGENT_START.recovered, () => {
    if (agent.process === 'starting' && agent.since === since) {
      agent.process = 'up';
      agent.since = world.now;
      reregisters(world, agent);
    }
  });
}

/** An agent tells the leader what it runs. Without a leader it tries again when there is one (masters.ts). */
export function reregisters(world: World, agent: Agent): void {
  if (world.ready === undefined || agent.process !== 'up' || agent.registration === 'removed') {
    return;
  }
  if (agent.registration === 'recovered') {
    sendsEnded(world, agent);
  }
  const added = agent.registration !== 'registered';
  if (!added) {
    agent.reregistered = world.now;
  } else {
    agent.registered = world.now;
    agent.reregistered = world.now + 0.0005;
  }
  world.count('messages_reregister_slave');
  world.count('slave_reregistrations');
  agent.registration = 'registered';
  agent.connected = true;
  world.leaderships[world.leaderships.length - 1].ready ??= world.now;
  agent.listedExecutors.forEach((executor) => {
    if (!agent.executors.has(executor)) {
      world.unlistExecutor(executor);
    }
  });
  agent.executors.forEach((executor) => world.listExecutor(executor));
  for (const task of agent.tasks) {
    const { service } = task;
    const { framework } = service;
    if (framework.unreachable.delete(task) || isLost(task)) {
      // The master takes the agent's version of it.
      task.statuses = task.statuses.filter(({ state }) => state !== 'UNREACHABLE' && state !== 'LOST');
      task.state = task.statuses.at(-1)?.state ?? 'STAGING';
    }
    service.tasks.add(task);
    world.list(task);
    if (framework.registration === 'absent') {
      framework.registration = 'recovered';
      framework.registered = framework.reregistered = 0;
    }
    world.wakeScheduler(service);
  }
  if (added) {
    // Behind its tasks, as recorded.
    world.publish({ type: 'AGENT_ADDED', agent });
  }
  agent.unheard.splice(0).forEach((tell) => tell());
  world.note(`${agent.hostname} is registered again`);
  agent.version++;
}

/** What a new master knows of tasks that have ended, it knows from agents. */
function sendsEnded(world: World, agent: Agent): void {
  for (const task of agent.ended.slice(-world.plan.remembered)) {
    const { framework } = task.service;
    if (!isActive(task.state) && !framework.unacknowledged.has(task)) {
      world.remember(framework, task);
    }
  }
}

function isLost({ state }: Task): boolean {
  return state === 'UNREACHABLE' || state === 'LOST';
}

const DRAINING: Cause = { source: 'executor', reason: 'slave_draining' };

/** DRAIN_AGENT: no more offers, and its tasks are killed. */
export function drains(world: World, agent: Agent, grace: number, markGone: boolean): void {
  withdraw(agent);
  agent.deactivated = true;
  agent.drain = { state: 'DRAINING', began: world.now, grace };
  agent.version++;
  agent.tasks.forEach((task) => world.kill(task, Math.max(1, grace), DRAINING));
  drained(world, agent, markGone);
}

function drained(world: World, agent: Agent, markGone: boolean): void {
  world.in(1, () => {
    if (agent.drain?.state !== 'DRAINING') {
      return;
    }
    agent.tasks.forEach((task) => world.kill(task, 1, DRAINING));
    agent.executors.forEach((executor) => world.retire(executor));
    if (agent.tasks.size + agent.listed.size + agent.executors.size > 0) {
      drained(world, agent, markGone);
      return;
    }
    agent.drain.state = 'DRAINED';
    agent.version++;
    world.note(`${agent.hostname} is drained`);
    if (markGone) {
      isMarkedGone(world, agent);
    }
  });
}

export function isDeactivated(world: World, agent: Agent): void {
  withdraw(agent);
  agent.deactivated = true;
  agent.version++;
  world.note(`${agent.hostname} gets no more tasks`);
}

/** REACTIVATE_AGENT. */
export function isReactivated(world: World, agent: Agent): void {
  agent.deactivated = false;
  agent.drain = undefined;
  agent.version++;
  world.note(`${agent.hostname} gets tasks again`);
}

/** MARK_AGENT_GONE: it never comes back, but its process runs for a while and answers as before. */
export function isMarkedGone(world: World, agent: Agent): void {
  leaves(world, agent, 'GONE_BY_OPERATOR');
  world.in(GONE_KEEPS_RUNNING, () => {
    agent.process = 'down';
    agent.since = world.now;
  });
}

/** SIGUSR1: it kills its tasks and unregisters. */
export function unregisters(world: World, agent: Agent): void {
  world.count('messages_unregister_slave');
  world.count('slave_removals/reason_unregistered');
  leaves(world, agent, 'LOST');
  world.publish({ type: 'AGENT_REMOVED', agent });
  agent.process = 'down';
  agent.since = world.now;
  agent.tasks.clear();
  agent.executors.clear();
}

function leaves(world: World, agent: Agent, state: 'GONE_BY_OPERATOR' | 'LOST'): void {
  world.count('slave_removals');
  withdraw(agent);
  agent.registration = 'removed';
  agent.connected = false;
  for (const task of [...agent.listed]) {
    const aware = task.service.framework.capabilities.includes('PARTITION_AWARE');
    world.close(task, aware ? state : 'LOST', world.now, {
      source: 'master',
      reason: state === 'LOST' || !aware ? 'slave_removed' : 'slave_removed_by_operator',
    });
  }
  world.unlistAll(agent);
  agent.version++;
}
