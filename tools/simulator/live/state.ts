/**
 * /state of a simulated cluster, key by key as a recorded master wrote it (scenes 03-workload, 06, 10, 13, 14-ha), in parts
 * that change independently of each other (../generate/body.ts): agents by the hundred, tasks by the service.
 */
import type { Part } from '../generate/body.ts';
import { double } from '../generate/json.ts';
import { recordedHead } from '../generate/recorded.ts';
import type { Agent, Executor, Framework, Master, Service, Task } from './model.ts';
import { isListed, isRegistered } from './truth.ts';
import { agentFields, recoveredText } from './v0/agent.ts';
import { executorText, frameworkHead, labelsText, offerText } from './v0/framework.ts';
import { micro, taskText } from './v0/task.ts';
import type { World } from './world.ts';

const AGENTS_PER_PART = 100;
const SERVICES_PER_PART = 10;

const recorded = recordedHead();

/** The flags of a master: those recorded, with this cluster's values. */
export function flagsOf(world: World, master: Master): Record<string, string> {
  const { plan } = world;
  const [ip, port] = master.address.split(':');
  return {
    ...recorded.flags,
    agent_ping_timeout: `${plan.pingTimeout / 5}secs`,
    cluster: plan.cluster,
    hostname: HOSTNAME,
    ip,
    max_agent_ping_timeouts: '5',
    max_completed_tasks_per_framework: String(plan.remembered),
    port,
    quorum: String(Math.floor(plan.masters / 2) + 1),
    zk_session_timeout: `${plan.sessionTimeout}secs`,
    authenticate_http_readonly: String(plan.principals !== undefined),
    authenticate_http_readwrite: String(plan.principals !== undefined),
  };
}

/** What masters call themselves; their addresses' names in redirects. */
export const HOSTNAME = 'localhost';

/**
 * The parts of the leader's /state. `restricted`: for a principal that may see agents only (15-auth); neither flags nor
 * cluster, no frameworks.
 */
export function stateParts(world: World, master: Master, restricted = false): Part[] {
  const registered = registeredAgents(world);
  return [
    {
      key: 'head',
      version: `${world.epoch} ${restricted} ${JSON.stringify(agentCounts(world))}`,
      text: () => `${head(world, master, restricted)},"slaves":[`,
    },
    ...chunks(registered, AGENTS_PER_PART).map((agents, i) => ({
      key: `agents ${i}`,
      version: `${world.epoch} ${agents.map(({ number, version }) => `${number}:${version}`).join(' ')}`,
      text: () =>
        follows(
          agents.map((agent) => `{${agentFields(agent, restricted)}}`),
          i === 0
        ),
    })),
    {
      key: 'between',
      version: world.now,
      text: () => `],"recovered_slaves":[${recoveredAgents(world).map(recoveredText).join(',')}],"frameworks":[`,
    },
    ...frameworksParts(world, restricted ? [] : knownFrameworks(world)),
    { key: 'last', version: 0, text: () => '],"orphan_tasks":[],"unregistered_frameworks":[]}' },
  ];
}

/** The elements of `frameworks`, and behind them those of `completed_frameworks`. */
export function frameworksParts(world: World, frameworks: Framework[]): Part[] {
  const executors = Map.groupBy(
    registeredAgents(world).flatMap(({ listedExecutors }) => [...listedExecutors]),
    ({ framework }) => framework
  );
  const parts = (framework: Framework, i: number) =>
    frameworkParts(world, framework, executors.get(framework) ?? [], i);
  return [
    ...frameworks.filter(isListed).flatMap(parts),
    { key: 'ends', version: 0, text: () => '],"completed_frameworks":[' },
    ...frameworks.filter(({ registration }) => registration === 'completed').flatMap(parts),
  ];
}

/** Frameworks a leader lists: those it knows, and those that are completed. */
export function knownFrameworks(world: World): Framework[] {
  return world.ready === undefined ? [] : world.frameworks;
}

/** Agents a leader lists. */
export function registeredAgents(world: World): Agent[] {
  return world.ready === undefined ? [] : world.agents.filter(isRegistered);
}

/** Agents that a leader knows from the registry, and has not heard of. */
export function recoveredAgents(world: World): Agent[] {
  return world.ready === undefined ? [] : world.agents.filter(({ registration }) => registration === 'recovered');
}

function head(world: World, master: Master, restricted: boolean): string {
  const address = `master@${master.address}`;
  const own = { id: master.id, pid: address, hostname: HOSTNAME };
  const values: Record<string, unknown> = {
    ...recorded,
    ...own,
    start_time: micro(master.started),
    elected_time: micro(master.elected),
    ...agentCounts(world),
    leader: address,
    leader_info: { id: own.id, pid: address, port: 0, hostname: HOSTNAME, domain: recorded.domain },
    cluster: world.plan.cluster,
    flags: flagsOf(world, master),
  };
  const hidden = restricted ? ['cluster', 'log_dir', 'flags'] : [];
  const fields = Object.entries(values)
    .filter(([name]) => !hidden.includes(name))
    .map(([name, value]) => `"${name}":${typeof value === 'number' ? double(value) : JSON.stringify(value)}`);
  // The one port that is a whole number.
  return `{${fields.join(',').replace('"port":0,', `"port":${master.address.split(':')[1]},`)}`;
}

function agentCounts(world: World) {
  const registered = registeredAgents(world);
  const active = registered.filter(({ connected, deactivated }) => connected && !deactivated).length;
  return {
    activated_slaves: active,
    deactivated_slaves: registered.length - active,
    unreachable_slaves: world.agents.filter(({ registration }) => registration === 'unreachable').length,
  };
}

// --- frameworks ---

function frameworkParts(world: World, framework: Framework, executors: Executor[], index: number): Part[] {
  const { services } = framework;
  const key = (what: string) => `framework ${framework.number} ${what}`;
  const version = `${world.epoch} ${framework.registration} ${framework.version}`;
  const known = ({ agent }: Task) => agent.registration === 'registered';
  const rest = [...framework.unacknowledged].filter(known);
  const unreachable = [...framework.unreachable];
  const offers = [...framework.offers].map(({ number }) => number).join(' ');
  return [
    {
      key: key('head'),
      version: `${index} ${version} ${framework.registered} ${framework.reregistered} ${JSON.stringify(framework.used)} ${total(services)} ${offers}`,
      text: () => `${index > 0 ? ',' : ''}{${frameworkHead(framework)},"tasks":[${rest.map(taskText).join(',')}`,
    },
    ...chunks(services, SERVICES_PER_PART).map((some, i) => ({
      key: key(`tasks ${i}`),
      version: `${world.epoch} ${total(some)} ${i === 0 ? rest.length : before(services, i)}`,
      text: () =>
        follows(
          some.flatMap((service) => listedTasks(service)),
          rest.length === 0 && !before(services, i)
        ),
    })),
    {
      key: key('end'),
      version: `${version} ${total(services)}`,
      text: () =>
        `],"unreachable_tasks":[${unreachable.map(taskText).join(',')}],` +
        `"completed_tasks":[${framework.completed.map(taskText).join(',')}],`,
    },
    {
      key: key('offers'),
      version: offers,
      text: () => `"offers":[${[...framework.offers].map((offer) => offerText(world, offer)).join(',')}],`,
    },
    {
      key: key('executors'),
      version: `${version} ${total(services)}`,
      text: () =>
        `"executors":[${executors.map(executorText).join(',')}]` + `${labelsText(framework)},"offer_constraints":{}}`,
    },
  ];
}

/** Whether a task is listed in the parts before the i-th. */
function before(services: Service[], i: number): boolean {
  return services.slice(0, i * SERVICES_PER_PART).some((service) => listedTasks(service, 1).length > 0);
}

function listedTasks(service: Service, most?: number): string[] {
  const texts: string[] = [];
  for (const task of service.tasks) {
    if (task.agent.listed.has(task)) {
      texts.push(most === undefined ? taskText(task) : '');
    }
    if (texts.length === most) {
      break;
    }
  }
  return texts;
}

// --- helpers ---

/** Elements of a list, behind others unless they are the first. */
function follows(texts: string[], first: boolean): string {
  return texts.length === 0 || first ? texts.join(',') : `,${texts.join(',')}`;
}

function chunks<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function total(things: Array<{ version: number }>): number {
  return things.reduce((sum, { version }) => sum + version, 0);
}
