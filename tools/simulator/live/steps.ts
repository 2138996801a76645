/**
 * The actions of scenarios, as data, so that scenarios are short and readable files.
 */
import { checkFault, type Fault } from '../faults.ts';
import * as agents from './agents.ts';
import { sum } from './amount.ts';
import * as masters from './masters.ts';
import type { Agent, Framework, Service } from './model.ts';
import { withdraw } from './outstanding.ts';
import { wake } from './schedulers.ts';
import type { World } from './world.ts';

/** Agents, masters and racks are counted from 1, as in `agent1.example.com` and `r1`. */
export type Action =
  | { do: 'agent dies'; agent: number; /** Its containers survive: only the process ends. */ machine?: false }
  | { do: 'agent returns'; agent: number }
  | { do: 'agent drains'; agent: number; /** Seconds. */ grace?: number; markGone?: true }
  | { do: 'agent is deactivated'; agent: number }
  | { do: 'agent is reactivated'; agent: number }
  | { do: 'agent is marked gone'; agent: number }
  | { do: 'agent unregisters'; agent: number }
  | { do: 'rack dies'; rack: number }
  | { do: 'rack returns'; rack: number }
  | { do: 'leader dies' }
  | { do: 'master dies'; master: number }
  | { do: 'master starts'; master: number }
  | { do: 'masters start' }
  | { do: 'zookeeper fails' }
  | { do: 'zookeeper returns' }
  | { do: 'framework disconnects'; framework: string }
  | { do: 'framework comes back'; framework: string }
  | { do: 'framework fails over'; framework: string; /** Seconds until the next scheduler is there. */ after?: number }
  | { do: 'framework is removed'; framework: string }
  | { do: 'framework gets no offers'; framework: string }
  | { do: 'framework gets offers'; framework: string }
  | { do: 'service crashes' | 'service is throttled' | 'service recovers'; framework: string; service: string }
  | {
      do: 'service leaks';
      framework: string;
      service: string;
      /** Of each container's memory limit, what leaks a second (0.01). */ rate?: number;
    }
  | {
      do: 'agents shrink';
      resource: 'cpus' | 'mem' | 'disk';
      /** What is allocated becomes this share of what each agent has, as after a restart with less --resources. */
      share: number;
    }
  | { do: 'agents grow'; /** Back to what they had. */ resource: 'cpus' | 'mem' | 'disk' }
  | {
      do: 'leader reports';
      /** Of /metrics/snapshot. */ key: string;
      /** Instead of what it is; null: what it is. */ value: number | null;
    }
  | {
      do: 'service wants';
      framework: string;
      service: string;
      /** As many instances as planned, so many times. */ times: number;
    }
  | { do: 'disturb'; on: 'masters' | 'agents'; name?: string; fault: Fault | null }
  | { do: 'crowd'; /** Clients that ask each master for /metrics/snapshot without a pause. */ clients: number };

/** Something done at a moment, in seconds from the beginning. */
export type Step = { at: number } & Action;

type Handlers = { [Kind in Action['do']]: (world: World, action: Extract<Action, { do: Kind }>) => void };

const HANDLERS: Handlers = {
  'agent dies': (world, { agent, machine }) => agents.dies(world, agentOf(world, agent), machine ?? true),
  'agent returns': (world, { agent }) => agents.returns(world, agentOf(world, agent)),
  'agent drains': (world, { agent, grace = 10, markGone = false }) =>
    agents.drains(world, agentOf(world, agent), grace, markGone),
  'agent is deactivated': (world, { agent }) => agents.isDeactivated(world, agentOf(world, agent)),
  'agent is reactivated': (world, { agent }) => agents.isReactivated(world, agentOf(world, agent)),
  'agent is marked gone': (world, { agent }) => agents.isMarkedGone(world, agentOf(world, agent)),
  'agent unregisters': (world, { agent }) => agents.unregisters(world, agentOf(world, agent)),
  'rack dies': (world, { rack }) => rackOf(world, rack).forEach((agent) => agents.dies(world, agent, true)),
  'rack returns': (world, { rack }) =>
    rackOf(world, rack).forEach((agent, i) => world.in(i, () => agents.returns(world, agent))),
  'leader dies': (world) => world.leader && masters.dies(world, world.leader),
  'master dies': (world, { master }) => masters.dies(world, masterOf(world, master)),
  'master starts': (world, { master }) => masters.starts(world, masterOf(world, master)),
  'masters start': (world) => world.masters.forEach((master) => masters.starts(world, master)),
  'zookeeper fails': (world) => masters.zookeeperFails(world),
  'zookeeper returns': (world) => masters.zookeeperReturns(world),
  'framework disconnects': (world, { framework }) => masters.disconnects(world, frameworkOf(world, framework)),
  'framework comes back': (world, { framework }) => masters.comesBack(world, frameworkOf(world, framework)),
  'framework fails over': (world, { framework, after = 20 }) => {
    masters.disconnects(world, frameworkOf(world, framework));
    world.in(after, () => {
      world.note(`the next scheduler of ${framework} is there`);
      masters.comesBack(world, frameworkOf(world, framework));
    });
  },
  'framework is removed': (world, { framework }) => masters.isRemoved(world, frameworkOf(world, framework)),
  'service crashes': (world, action) => {
    const service = serviceOf(world, action);
    service.trouble = 'crashes';
    // All at once: a bad version was deployed.
    [...service.tasks].forEach((task) => world.kill(task));
  },
  'service leaks': (world, action) => {
    const service = serviceOf(world, action);
    service.trouble = 'leaks';
    service.leakRate = action.rate;
    [...service.tasks].forEach((task) => world.kill(task));
  },
  'service is throttled': (world, action) => {
    const service = serviceOf(world, action);
    service.trouble = 'throttled';
    [...service.tasks].forEach((task) => world.kill(task));
  },
  'service recovers': (world, action) => {
    const service = serviceOf(world, action);
    // Tasks that crash or fill their memory soon end by themselves.
    if (service.trouble === 'throttled' || service.leakRate !== undefined) {
      [...service.tasks].forEach((task) => world.kill(task));
    }
    service.trouble = service.leakRate = undefined;
  },
  'framework gets no offers': (world, { framework }) => {
    const starved = frameworkOf(world, framework);
    starved.starved = true;
    starved.offers.forEach(({ agent }) => withdraw(agent));
  },
  'framework gets offers': (world, { framework }) => {
    const fed = frameworkOf(world, framework);
    fed.starved = false;
    fed.services.forEach((service) => wake(world, service));
  },
  'agents shrink': (world, { resource, share }) =>
    world.agents.forEach((agent) => {
      withdraw(agent);
      agent.planned ??= { ...agent.total };
      const reserved = sum(agent.reserved.values())[resource];
      agent.total[resource] = Math.max(1, reserved, Math.ceil(agent.used[resource] / share));
      agent.version++;
    }),
  'agents grow': (world, { resource }) =>
    world.agents.forEach((agent) => {
      agent.total[resource] = (agent.planned ?? agent.total)[resource];
      agent.version++;
    }),
  'leader reports': (world, { key, value }) => {
    if (value === null) {
      world.reported.delete(key);
    } else {
      world.reported.set(key, value);
    }
  },
  'service wants': (world, action) => {
    const service = serviceOf(world, action);
    service.demanded = Math.round(service.instances * action.times);
    wake(world, service);
  },
  disturb: (world, { on, name = on, fault }) => {
    if (fault === null) {
      world.disturbances.delete(name);
    } else {
      world.disturbances.set(name, { on, fault: checkFault(fault) });
    }
  },
  crowd: (world, { clients }) => {
    world.crowd = clients;
  },
};

/** Performs an action now. Throws when it names something that does not exist. */
export function carryOut(world: World, action: Action): void {
  const handler = HANDLERS[action.do] as ((world: World, action: Action) => void) | undefined;
  if (handler === undefined) {
    throw new Error(`unknown step ${JSON.stringify(action.do)}; known: ${Object.keys(HANDLERS).join(', ')}`);
  }
  const before = world.events.length;
  handler(world, action);
  world.events.splice(before, 0, { at: world.now, text: textOf(action) });
}

/** Returns the description of an action. */
function textOf({ do: what, ...rest }: Action): string {
  const details = Object.entries(rest)
    .filter(([name]) => name !== 'at')
    .map(([name, value]) => `${name} ${typeof value === 'object' ? JSON.stringify(value) : String(value)}`);
  return details.length === 0 ? what : `${what}: ${details.join(', ')}`;
}

function agentOf(world: World, number: number): Agent {
  return found(world.agents[number - 1], `agent ${number}`, `1 to ${world.agents.length}`);
}

function masterOf(world: World, number: number) {
  return found(world.masters[number - 1], `master ${number}`, `1 to ${world.masters.length}`);
}

function rackOf(world: World, number: number): Agent[] {
  const agents = world.agents.filter(({ rack }) => rack === `r${number}`);
  return found(
    agents.length > 0 ? agents : undefined,
    `rack ${number}`,
    [...new Set(world.agents.map(({ rack }) => rack))].join(', ')
  );
}

function frameworkOf(world: World, name: string): Framework {
  const names = world.frameworks.map((framework) => framework.name).join(', ');
  return found(
    world.frameworks.find((framework) => framework.name === name),
    `framework ${name}`,
    names
  );
}

function serviceOf(world: World, { framework, service }: { framework: string; service: string }): Service {
  const { services } = frameworkOf(world, framework);
  return found(
    services.find(({ name }) => name === service),
    `service ${service} of ${framework}`,
    services.map(({ name }) => name).join(', ')
  );
}

function found<T>(thing: T | undefined, what: string, known: string): T {
  if (thing === undefined) {
    throw new Error(`no ${what} in this cluster; it has: ${known}`);
  }
  return thing;
}
