/**
 * The event stream of a generated master (POST /api/v1, SUBSCRIBE): the state as the operator API writes it, then the events
 * of tasks as they happen, each as its length in bytes, a line break and JSON (RecordIO). The shapes are those recorded in
 * scene 05-subscribe.
 */
import { createHash } from 'node:crypto';

import { id, list, nanoseconds } from '../live/v1/common.ts';
import {
  EXECUTOR,
  STARTING,
  type Agent,
  type Amount,
  type Cluster,
  type Ended,
  type Framework,
  type Happening,
  type Service,
  type Task,
} from './cluster.ts';
import { double } from './json.ts';
import { executorOf, extras, REGION } from './state.ts';

/** Seconds (src/master/constants.hpp: DEFAULT_HEARTBEAT_INTERVAL). */
export const HEARTBEAT = 15;

/** Things whose text is made at a time: all of a large cluster are too long for one string. */
const PER_PIECE = 500;

/** Writes the cluster's events until the returned function is called, SUBSCRIBED first. */
export function subscribe(cluster: Cluster, write: (record: Buffer) => void): () => void {
  const send = (pieces: Buffer[]) => {
    const length = pieces.reduce((sum, piece) => sum + piece.length, 0);
    write(Buffer.concat([Buffer.from(`${length}\n`), ...pieces]));
  };
  const beat = () => send([Buffer.from('{"type":"HEARTBEAT"}')]);
  const watcher = (happening: Happening) => send([Buffer.from(eventText(happening))]);
  send([...subscribedPieces(cluster)].map((text) => Buffer.from(text)));
  beat();
  const beats = setInterval(beat, HEARTBEAT * 1000);
  cluster.watchers.add(watcher);
  return () => {
    clearInterval(beats);
    cluster.watchers.delete(watcher);
  };
}

function eventText({ service, task, state, at }: Happening): string {
  if (state === undefined) {
    return `{"type":"TASK_ADDED","task_added":{"task":${taskText(service, task, 'TASK_STAGING', [])}}}`;
  }
  return (
    `{"type":"TASK_UPDATED","task_updated":{"framework_id":${id(service.framework.id)},` +
    `"status":${statusText(service, task, state, at)},"state":"${state}"}}`
  );
}

function* subscribedPieces({ frameworks, agents }: Cluster): Generator<string, void, void> {
  const services = frameworks.flatMap((framework) => framework.services);
  yield '{"type":"SUBSCRIBED","subscribed":{"get_state":{"get_tasks":{"tasks":[';
  yield* all(
    services.flatMap((service) => service.tasks.map((task) => ({ service, task }))),
    liveText
  );
  yield '],"unreachable_tasks":[],"completed_tasks":[';
  yield* all(
    frameworks.flatMap(({ ended }) => ended),
    endedText
  );
  yield ']},"get_executors":{"executors":[';
  yield* all(
    services
      .filter(({ executors }) => executors)
      .flatMap((service) => service.tasks.map((task) => ({ service, task }))),
    executorText
  );
  yield ']},"get_frameworks":{"frameworks":[';
  yield* all(frameworks, frameworkText);
  yield '],"completed_frameworks":[]},"get_agents":{"agents":[';
  yield* all(agents, agentText);
  yield `],"recovered_agents":[]}},"heartbeat_interval_seconds":${HEARTBEAT}.0}}`;
}

function* all<Thing>(things: Thing[], text: (thing: Thing) => string): Generator<string, void, void> {
  for (let from = 0; from < things.length; from += PER_PIECE) {
    const some = things.slice(from, from + PER_PIECE).map(text);
    yield `${from > 0 ? ',' : ''}${some.join(',')}`;
  }
}

// --- tasks ---

interface Placed {
  service: Service;
  task: Task;
}

function liveText({ service, task }: Placed): string {
  const statuses = [statusText(service, task, 'TASK_STARTING', task.launched)];
  if (task.running) {
    statuses.push(statusText(service, task, 'TASK_RUNNING', task.launched + STARTING));
  }
  return taskText(service, task, task.running ? 'TASK_RUNNING' : 'TASK_STARTING', statuses);
}

function endedText({ service, task, state, at }: Ended): string {
  return taskText(service, task, state, [
    statusText(service, task, 'TASK_STARTING', Math.min(task.launched, at)),
    statusText(service, task, 'TASK_RUNNING', Math.min(task.launched + STARTING, at)),
    statusText(service, task, state, at),
  ]);
}

function taskText(service: Service, task: Task, state: string, statuses: string[]): string {
  const executor = service.executors ? `"executor_id":${id(executorOf(service, task))},` : '';
  const resources = amountTexts(service.each, { allocated: service.role });
  if (task.port > 0) {
    resources.push(
      `{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":${task.port},"end":${task.port}}]},` +
        `"allocation_info":{"role":"${service.role}"}}`
    );
  }
  return (
    `{"name":"${service.name}","task_id":${id(task.id)},"framework_id":${id(service.framework.id)},${executor}` +
    `"agent_id":${id(task.agent.id)},"state":"${state}","resources":[${resources.join(',')}]` +
    `${list('statuses', statuses)}${extras(service, (labels) => `{"labels":${labels}}`)}}`
  );
}

/** What Mesos' own executor says of how a command ended. */
const MESSAGES: Record<string, string> = {
  TASK_FINISHED: 'Command exited with status 0',
  TASK_FAILED: 'Command exited with status 1',
  TASK_KILLED: 'Command terminated with signal Terminated',
};

function statusText(service: Service, task: Task, state: string, at: number): string {
  const message = MESSAGES[state] && !service.executors ? `"message":"${MESSAGES[state]}",` : '';
  const healthy = state === 'TASK_RUNNING' && service.ports ? ',"healthy":true' : '';
  return (
    `{"task_id":${id(task.id)},"state":"${state}",${message}"source":"SOURCE_EXECUTOR","agent_id":${id(task.agent.id)},` +
    `"executor_id":${id(executorOf(service, task) || task.id)},"timestamp":${double(Math.round(at * 1e6) / 1e6)},` +
    `"uuid":"${uuid(task, state)}"${healthy},"container_status":{"container_id":${id(task.container)},` +
    `"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"${task.agent.ip}"}]}],"executor_pid":4242}}`
  );
}

/** Of a status update: 16 bytes that are the same whenever it is written. */
function uuid({ container }: Task, state: string): string {
  return createHash('md5').update(`${container} ${state}`).digest('base64');
}

// --- the others ---

function executorText({ service, task }: Placed): string {
  return (
    `{"executor_info":{"executor_id":${id(executorOf(service, task))},"framework_id":${id(service.framework.id)},` +
    `"command":{"shell":true,"value":"./executor"},` +
    `"resources":[${amountTexts(EXECUTOR, { allocated: service.role }).join(',')}],` +
    `"name":"${service.name} executor","type":"CUSTOM"},"agent_id":${id(task.agent.id)}}`
  );
}

function frameworkText(framework: Framework): string {
  const { user, name, roles, principal, registered, used } = framework;
  const info = {
    user,
    name,
    id: { value: framework.id },
    failover_timeout: 604800,
    checkpoint: true,
    roles,
    hostname: `${name}.example.com`,
    principal,
    webui_url: `http://${name}.example.com:8080/`,
    capabilities: ['MULTI_ROLE', 'RESERVATION_REFINEMENT', 'PARTITION_AWARE'].map((type) => ({ type })),
  };
  const at = nanoseconds(registered);
  return (
    `{"framework_info":${JSON.stringify(info)},"active":true,"connected":true,"recovered":false,` +
    `"registered_time":${at},"reregistered_time":${at}` +
    `${list('allocated_resources', amountTexts(used, { role: '*', allocated: roles[0] }))},"offer_constraints":{}}`
  );
}

function agentText(agent: Agent): string {
  const resources = (of: { role?: string }) => [
    ...amountTexts(agent.total, of),
    `{"name":"ports","type":"RANGES","ranges":{"range":[{"begin":31000,"end":31999}]}${of.role ? ',"role":"*"' : ''}}`,
  ];
  const { rack, zone, asset } = agent;
  const attributes = Object.entries({ rack, zone, ...(asset !== '' && { asset }) }).map(
    ([name, value]) => `{"name":"${name}","type":"TEXT","text":{"value":"${value}"}}`
  );
  return (
    `{"agent_info":{"hostname":"${agent.hostname}","port":${agent.port},"resources":[${resources({}).join(',')}],` +
    `"attributes":[${attributes.join(',')}],"id":${id(agent.id)},` +
    `"domain":{"fault_domain":{"region":{"name":"${REGION}"},"zone":{"name":"${REGION}-1${agent.zone}"}}},` +
    `"checkpoint":true},"active":true,"deactivated":false,"version":"1.12.0",` +
    `"pid":"slave(1)@${agent.ip}:${agent.port}","registered_time":${nanoseconds(agent.registered)}` +
    `${list('total_resources', resources({ role: '*' }))}` +
    `${list('allocated_resources', amountTexts(agent.used, { role: '*', allocated: '*' }))},` +
    `"capabilities":[{"type":"MULTI_ROLE"},{"type":"HIERARCHICAL_ROLE"},{"type":"RESERVATION_REFINEMENT"},` +
    `{"type":"RESOURCE_PROVIDER"}]}`
  );
}

/** Resources one by one; those of which there is nothing are left out. */
function amountTexts(amount: Amount, of: { role?: string; allocated?: string }): string[] {
  const role = of.role === undefined ? '' : `,"role":"${of.role}"`;
  const allocated = of.allocated === undefined ? '' : `,"allocation_info":{"role":"${of.allocated}"}`;
  return (['cpus', 'mem', 'disk'] as const)
    .filter((name) => amount[name] > 0)
    .map((name) => `{"name":"${name}","type":"SCALAR","scalar":{"value":${double(amount[name])}}${role}${allocated}}`);
}
