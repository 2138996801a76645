/**
 * Masters die; another one is elected, reads the registry, and agents and schedulers register with it one after another.
 */
import { becomesUnreachable, reregisters } from './agents.ts';
import type { Framework, Master } from './model.ts';
import { withdraw } from './outstanding.ts';
import { wake } from './schedulers.ts';
import { shapeOf } from './versions/shapes.ts';
import type { World } from './world.ts';

/** Seconds from election until the registry is read. */
const REGISTRY = 1;

/** Seconds within which schedulers subscribe again. */
const SCHEDULERS = 3;

/** agent_reregister_timeout: agents that have not come back by then are unreachable. */
const REREGISTER_TIMEOUT = 600;

export function dies(world: World, master: Master): void {
  if (master.process === 'down') {
    return;
  }
  master.process = 'down';
  master.ended = world.now;
  if (world.leader === master) {
    loseLeader(world);
    // Others find out when its ZooKeeper session expires; a master alone is elected when it starts.
    world.in(world.plan.sessionTimeout * world.between(0.6, 1), () => elect(world));
  }
}

export function starts(world: World, master: Master): void {
  if (master.process === 'up') {
    return;
  }
  master.process = 'up';
  master.started = world.now;
  master.id = world.random.uuid();
  master.elected = 0;
  master.counters = new Map();
  if (world.plan.masters === 1) {
    elect(world);
  } else {
    world.in(1, () => elect(world));
  }
}

/** Without ZooKeeper a leader exits, and no other is known. */
export function zookeeperFails(world: World): void {
  world.zookeeper = false;
  const { leader } = world;
  if (leader !== undefined) {
    leader.process = 'down';
    leader.ended = world.now;
    loseLeader(world);
  }
  world.believed = undefined;
}

export function zookeeperReturns(world: World): void {
  world.zookeeper = true;
  world.in(world.between(1, 3), () => elect(world));
}

/** Elects the first running master, unless one leads. */
function elect(world: World): void {
  const next = world.masters.find(({ process }) => process === 'up');
  if (world.leader !== undefined || next === undefined || !world.zookeeper) {
    return;
  }
  next.elected = world.now;
  next.recovered = false;
  next.counters = new Map();
  world.leader = world.believed = next;
  world.leaderships.push({ master: next.number + 1, from: world.now });
  world.epoch++;
  world.note(`${next.address || `master ${next.number + 1}`} leads, and has yet to hear from agents`);
  world.in(REGISTRY, () => {
    if (world.leader === next) {
      recovers(world, next);
    }
  });
}

function loseLeader(world: World): void {
  world.leader = undefined;
  world.leaderships[world.leaderships.length - 1].until ??= world.now;
  world.subscribers.forEach((subscriber) => subscriber.lose());
  world.subscribers.clear();
  world.epoch++;
  for (const agent of world.agents) {
    withdraw(agent);
    if (agent.registration !== 'removed' && agent.registration !== 'unreachable') {
      agent.registration = 'recovered';
    }
    agent.connected = false;
    world.unlistAll(agent);
    agent.version++;
  }
  for (const framework of world.frameworks) {
    if (framework.registration !== 'completed') {
      framework.registration = 'absent';
    }
    framework.unreachable.clear();
    framework.completed = [];
    framework.counters = {
      subscribed: 0,
      launched: 0,
      updates: 0,
      declined: 0,
      rescinded: 0,
      killed: 0,
      ended: new Map(),
    };
  }
}

function recovers(world: World, master: Master): void {
  master.recovered = true;
  const { epoch } = world;
  const { reregistration } = world.plan;
  // Where recovered frameworks are not listed, schedulers are first here, so that no task is an orphan.
  const first = shapeOf(world.plan.mesos)?.partitions === false ? SCHEDULERS : 0;
  let slowest = 0;
  for (const agent of world.agents) {
    if (agent.process === 'up' && agent.registration !== 'removed') {
      const after = first + reregistration * world.random.unit();
      slowest = Math.max(slowest, after);
      world.in(after, () => {
        if (world.leader === master && agent.registration !== 'registered') {
          reregisters(world, agent);
        }
      });
    }
  }
  for (const framework of world.frameworks) {
    world.in(SCHEDULERS * world.random.unit(), () => {
      if (world.leader === master) {
        subscribes(world, framework);
      }
    });
  }
  world.in(REREGISTER_TIMEOUT, () => {
    // The same master may lead again by then.
    if (world.epoch === epoch) {
      world.agents
        .filter(({ registration }) => registration === 'recovered')
        .forEach((agent) => becomesUnreachable(world, agent));
    }
  });
}

// --- frameworks ---

/** A scheduler comes (back) to the leader. */
export function subscribes(world: World, framework: Framework): void {
  if (world.ready === undefined || framework.process !== 'up' || framework.registration === 'completed') {
    return;
  }
  if (framework.registration === 'absent' || framework.registration === 'recovered') {
    framework.registered = world.now;
    framework.reregistered = world.now + 0.000002;
    world.count('messages_register_framework');
  } else if (framework.registration === 'disconnected') {
    framework.reregistered = world.now;
    world.count('messages_reregister_framework');
  }
  framework.registration = 'subscribed';
  framework.counters.subscribed++;
  framework.unacknowledged.forEach((task) => world.remember(framework, task));
  framework.unacknowledged.clear();
  framework.version++;
  // Every scheduler here has an id already, so that none is ever FRAMEWORK_ADDED.
  world.publish({ type: 'FRAMEWORK_UPDATED', framework });
  framework.services.forEach((service) => wake(world, service));
}

/** A scheduler dies; its tasks go on until its failover_timeout is over. */
export function disconnects(world: World, framework: Framework): void {
  framework.process = 'down';
  if (framework.registration !== 'subscribed') {
    return;
  }
  framework.registration = 'disconnected';
  framework.offers.forEach(({ agent }) => withdraw(agent));
  framework.version++;
  const { epoch } = world;
  world.in(framework.failoverTimeout, () => {
    if (framework.process === 'down' && framework.registration === 'disconnected' && world.epoch === epoch) {
      isRemoved(world, framework);
    }
  });
}

export function comesBack(world: World, framework: Framework): void {
  framework.process = 'up';
  subscribes(world, framework);
}

/** The master forgets a framework and kills its tasks. */
export function isRemoved(world: World, framework: Framework): void {
  framework.offers.forEach(({ agent }) => withdraw(agent));
  world.note(`framework ${framework.name} is over, its tasks are killed`);
  for (const service of framework.services) {
    [...service.tasks].forEach((task) => world.end(task, 'KILLED', { source: 'master', reason: 'framework_removed' }));
  }
  for (const agent of world.agents) {
    agent.executors.forEach((executor) => {
      if (executor.framework === framework) {
        executor.tasks.clear();
        world.retire(executor);
      }
    });
  }
  framework.unreachable.clear();
  framework.unacknowledged.forEach((task) => world.remember(framework, task));
  framework.unacknowledged.clear();
  framework.registration = 'completed';
  framework.unregistered = world.now;
  world.publish({ type: 'FRAMEWORK_REMOVED', framework });
  framework.version++;
}
