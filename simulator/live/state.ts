/**
 * /state of a simulated cluster, key by key as a recorded master wrote it (scenes 03-workload, 06, 10, 13, 14-ha), in parts
 * that change independently of each other (../generate/body.ts): agents by the hundred, tasks by the service.
 */
import type { Part } from '../generate/body.ts';
import { double } from '../generate/json.ts';
import { recordedHead } from '../generate/recorded.ts';
import { minus, resources, sum } from './amount.ts';
import type { Agent, Executor, Framework, Master, Service, Status, Task } from './model.ts';
import { isListed, isRegistered } from './truth.ts';
import type { World } from './world.ts';

const AGENTS_PER_PART = 100;
const SERVICES_PER_PART = 10;

export const REGION = 'eu-central';

const PORTS = '[31000-31999]';

const AGENT_CAPABILITIES = JSON.stringify([
  ...['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT', 'RESOURCE_PROVIDER', 'RESIZE_VOLUME'],
  ...['AGENT_OPERATION_FEEDBACK', 'AGENT_DRAINING', 'TASK_RESOURCE_LIMITS'],
]);

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
  const registered = world.ready === undefined ? [] : world.agents.filter(isRegistered);
  const frameworks = restricted || world.ready === undefined ? [] : world.frameworks;
  const listed = frameworks.filter(isListed);
  const executors = Map.groupBy(
    registered.flatMap(({ listedExecutors }) => [...listedExecutors]),
    ({ framework }) => framework
  );
  const completed = frameworks.filter(({ books }) => books === 'completed');
  return [
    {
      key: 'head',
      version: `${world.epoch} ${restricted} ${JSON.stringify(agentCounts(world))}`,
      text: () => `${head(world, master, restricted)},"slaves":[`,
    },
    ...chunks(registered, AGENTS_PER_PART).map((agents, i) => ({
      key: `agents ${i}`,
      version: `${world.epoch} ${agents.map(({ number, version }) => `${number}:${version}`).join(' ')}`,
      text: () => follows(agents.map(agentText), i === 0),
    })),
    {
      key: 'between',
      version: world.now,
      text: () => `],"recovered_slaves":[${recoveredAgents(world).map(recoveredText).join(',')}],"frameworks":[`,
    },
    ...listed.flatMap((framework, i) => frameworkParts(world, framework, executors.get(framework) ?? [], i)),
    { key: 'ends', version: 0, text: () => '],"completed_frameworks":[' },
    ...completed.flatMap((framework, i) => frameworkParts(world, framework, executors.get(framework) ?? [], i)),
    { key: 'last', version: 0, text: () => '],"orphan_tasks":[],"unregistered_frameworks":[]}' },
  ];
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
  const registered = world.ready === undefined ? [] : world.agents.filter(isRegistered);
  const active = registered.filter(({ connected, deactivated }) => connected && !deactivated).length;
  return {
    activated_slaves: active,
    deactivated_slaves: registered.length - active,
    unreachable_slaves: world.agents.filter(({ books }) => books === 'unreachable').length,
  };
}

// --- agents ---

function recoveredAgents(world: World): Agent[] {
  return world.ready === undefined ? [] : world.agents.filter(({ books }) => books === 'recovered');
}

export function attributesText({ attributes }: Agent): string {
  const fields = Object.entries(attributes).map(
    ([name, value]) => `"${name}":${typeof value === 'number' ? double(value) : JSON.stringify(value)}`
  );
  return `{${fields.join(',')}}`;
}

export function domainText({ zone }: Agent): string {
  return `{"fault_domain":{"region":{"name":"${REGION}"},"zone":{"name":"${REGION}-1${zone}"}}}`;
}

function recoveredText(agent: Agent): string {
  const port = agent.address.split(':')[1];
  return (
    `{"id":"${agent.id}","hostname":"${agent.hostname}","port":${port},` +
    `"attributes":${attributesText(agent)},"domain":${domainText(agent)}}`
  );
}

/** Resources with the ports there are to give away. */
export function withPorts(text: string): string {
  return `${text.slice(0, -1)},"ports":"${PORTS}"}`;
}

export function reservedText({ reserved }: Agent): string {
  return `{${[...reserved].map(([role, what]) => `"${role}":${resources(what)}`).join(',')}}`;
}

function agentText(agent: Agent): string {
  const ports = [...agent.listed].flatMap((task) => task.ports);
  const { drain } = agent;
  const drained = drain
    ? `,"drain_info":{"state":"${drain.state}","config":{"max_grace_period":{"nanoseconds":${drain.grace}000000000},"mark_gone":false}},` +
      `"estimated_drain_start_time_seconds":${double(micro(drain.began))}`
    : '';
  const reregistered = agent.reregistered > 0 ? `"reregistered_time":${double(micro(agent.reregistered))},` : '';
  return (
    `{"id":"${agent.id}","hostname":"${agent.hostname}","port":${agent.address.split(':')[1]},` +
    `"attributes":${attributesText(agent)},"domain":${domainText(agent)},"pid":"slave(1)@${agent.address}",` +
    `"registered_time":${double(micro(agent.registered))},${reregistered}` +
    `"resources":${withPorts(resources(agent.total))},"used_resources":${resources(agent.used, ports)},` +
    `"offered_resources":${NOTHING},"reserved_resources":${reservedText(agent)},` +
    `"unreserved_resources":${withPorts(resources(minus(agent.total, sum(agent.reserved.values()))))},` +
    `"active":${agent.connected && !agent.deactivated},"deactivated":${agent.deactivated},"version":"1.12.0",` +
    `"capabilities":${AGENT_CAPABILITIES}${drained}}`
  );
}

const NOTHING = '{"disk":0.0,"mem":0.0,"gpus":0.0,"cpus":0.0}';

// --- frameworks ---

function frameworkParts(world: World, framework: Framework, executors: Executor[], index: number): Part[] {
  const { services } = framework;
  const key = (what: string) => `framework ${framework.number} ${what}`;
  const version = `${world.epoch} ${framework.books} ${framework.version}`;
  const known = ({ agent }: Task) => agent.books === 'registered';
  const rest = [...framework.unacknowledged].filter(known);
  const unreachable = [...framework.unreachable];
  return [
    {
      key: key('head'),
      version: `${index} ${version} ${framework.registered} ${framework.reregistered} ${JSON.stringify(framework.used)} ${total(services)}`,
      text: () => `${index > 0 ? ',' : ''}${frameworkHead(framework)},"tasks":[${rest.map(taskText).join(',')}`,
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
        `"completed_tasks":[${framework.completed.map(taskText).join(',')}],` +
        `"offers":[],"executors":[${executors.map(executorText).join(',')}]` +
        `${labelsText(framework)},"offer_constraints":{}}`,
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

function frameworkHead(framework: Framework): string {
  const ports = framework.services
    .filter(({ kind }) => kind.ports !== undefined)
    .flatMap(({ tasks }) => [...tasks].filter((task) => task.agent.listed.has(task)).flatMap((task) => task.ports));
  const used = resources(framework.used, new Set(ports));
  const active = framework.books === 'subscribed';
  const principal = framework.principal === undefined ? '' : `"principal":"${framework.principal}",`;
  const reregistered =
    framework.reregistered > 0 ? `"reregistered_time":${double(micro(framework.reregistered))},` : '';
  return (
    `{"id":"${framework.id}","name":"${framework.name}","used_resources":${used},"offered_resources":${NOTHING},` +
    `"capabilities":${JSON.stringify(framework.capabilities)},"hostname":"${framework.hostname}",` +
    `"webui_url":"${framework.webui}","active":${active},"connected":${active},` +
    `"recovered":${framework.books === 'recovered'},"user":"${framework.user}",` +
    `"failover_timeout":${double(framework.failoverTimeout)},"checkpoint":true,` +
    `"registered_time":${double(micro(framework.registered))},` +
    `"unregistered_time":${double(micro(framework.unregistered))},${principal}"resources":${used},${reregistered}` +
    `"roles":${JSON.stringify(framework.roles)}`
  );
}

function labelsText({ name, principal }: Framework): string {
  return principal === undefined ? '' : `,"labels":[{"key":"team","value":"${name}"},{"key":"empty"}]`;
}

function executorText(executor: Executor): string {
  return (
    `{"executor_id":"${executor.id}","name":"${executor.name}","framework_id":"${executor.framework.id}",` +
    `"command":{"value":"./executor","argv":[],"uris":[]},"resources":${resources(executor.resources)},` +
    `"role":"${executor.role}","type":"CUSTOM","slave_id":"${executor.agent.id}"}`
  );
}

// --- tasks ---

export function taskText(task: Task): string {
  const { service, agent } = task;
  return (
    `{"id":"${task.id}","name":"${service.name}","framework_id":"${service.framework.id}",` +
    `"executor_id":"${task.executor?.id ?? ''}","slave_id":"${agent.id}","state":"TASK_${task.state}",` +
    `"resources":${resources(task.resources, task.ports)},"role":"${service.role}",` +
    `"statuses":[${task.statuses.map((status) => statusText(task, status)).join(',')}]${extras(task)}}`
  );
}

function statusText(task: Task, { state, at, healthy }: Status): string {
  // What the master itself says of a task has no container.
  const container =
    state === 'UNREACHABLE' || state === 'LOST' || state === 'GONE_BY_OPERATOR'
      ? ''
      : `,"container_status":{"container_id":{"value":"${task.container.id}"},` +
        `"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"${task.agent.address.split(':')[0]}"}]}]}`;
  return `{"state":"TASK_${state}","timestamp":${double(micro(at))}${container}${healthy === undefined ? '' : `,"healthy":${healthy}`}}`;
}

/** Labels, discovery, container and health check, in the order of Mesos' writer (src/common/http.cpp). */
function extras({ service, ports }: Task): string {
  const { kind, name } = service;
  const labels = Object.entries(kind.labels ?? {}).map(([key, value]) => ({ key, value }));
  const fields: Record<string, unknown> = {
    ...(labels.length > 0 && { labels }),
    ...(ports.length > 0 && {
      discovery: {
        ...{ visibility: 'CLUSTER', name, environment: 'prod', location: 'eu', version: '1.2' },
        ports: { ports: ports.map((number) => ({ number, name: 'http', protocol: 'tcp' })) },
        labels: { labels: [{ key: 'vip', value: `/${name}:80` }] },
      },
    }),
    ...(kind.docker !== undefined && {
      container: {
        type: 'DOCKER',
        docker: { image: kind.docker, network: 'HOST', privileged: false, force_pull_image: false },
      },
    }),
  };
  const health = kind.checked
    ? ',"health_check":{"delay_seconds":1.0,"interval_seconds":5.0,"timeout_seconds":5.0,"consecutive_failures":3,' +
      '"grace_period_seconds":5.0,"type":"COMMAND","command":{"shell":true,"value":"true"}}'
    : '';
  return (
    Object.entries(fields)
      .map(([field, value]) => `,"${field}":${JSON.stringify(value)}`)
      .join('') + health
  );
}

// --- helpers ---

/** Mesos writes moments to the microsecond. */
export function micro(at: number): number {
  return Math.round(at * 1e6) / 1e6;
}

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
