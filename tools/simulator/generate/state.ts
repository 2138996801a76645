/**
 * /state of a generated cluster, key by key as a recorded master wrote it (scene 03-workload), in parts that change
 * independently of each other: the head, agents by the hundred, a framework's services by the ten, its ended tasks by the
 * fifty.
 */
import type { Part } from './body.ts';
import {
  EXECUTOR,
  STARTING,
  type Agent,
  type Cluster,
  type Ended,
  type Framework,
  type Service,
  type Task,
} from './cluster.ts';
import { double, resources } from './json.ts';
import { recordedHead } from './recorded.ts';

const AGENTS_PER_PART = 100;
const SERVICES_PER_PART = 10;
const ENDED_PER_PART = 50;
export const REGION = 'eu-central';

/** The master's flags: those recorded, for this cluster. */
export function flagsOf(cluster: Cluster): Record<string, string> {
  return {
    ...recordedHead().flags,
    cluster: clusterName(cluster),
    max_completed_tasks_per_framework: String(cluster.remembered),
  };
}

export function clusterName({ plan }: Cluster): string {
  return `generated-${plan.agents}x${plan.tasks}`;
}

/** The parts of /state. `address` is the master's host:port. */
export function stateParts(cluster: Cluster, address: string): Part[] {
  return [
    { key: 'head', version: address, text: () => `${head(cluster, address)},"slaves":[` },
    ...agentParts(cluster),
    { key: 'between', version: 0, text: () => '],"recovered_slaves":[],"frameworks":[' },
    ...cluster.frameworks.flatMap(frameworkParts),
    {
      key: 'end',
      version: 0,
      text: () => '],"completed_frameworks":[],"orphan_tasks":[],"unregistered_frameworks":[]}',
    },
  ];
}

function head(cluster: Cluster, address: string): string {
  const [hostname, port] = address.split(':');
  const master = { id: cluster.id, pid: `master@${address}`, hostname };
  const recorded = recordedHead();
  const fields: Record<string, string> = {};
  for (const [name, value] of Object.entries(recorded)) {
    fields[name] = typeof value === 'number' ? double(value) : JSON.stringify(value);
  }
  Object.assign(fields, {
    start_time: double(cluster.plan.start - 30 * 86400),
    elected_time: double(cluster.plan.start - 30 * 86400 + 1),
    id: JSON.stringify(master.id),
    pid: JSON.stringify(master.pid),
    hostname: JSON.stringify(hostname),
    leader: JSON.stringify(master.pid),
    leader_info: JSON.stringify({ ...master, port: Number(port), domain: recorded.domain }),
    cluster: JSON.stringify(clusterName(cluster)),
    flags: JSON.stringify(flagsOf(cluster)),
    activated_slaves: double(cluster.agents.length),
  });
  const written = Object.entries(fields).map(([name, text]) => `"${name}":${text}`);
  return `{${written.join(',')}`;
}

// --- agents ---

function agentParts(cluster: Cluster): Part[] {
  return chunks(cluster.agents, AGENTS_PER_PART).map((agents, i) => ({
    key: `agents ${i}`,
    version: cluster.version,
    text: () =>
      listed(
        agents.map((agent) => `{${agentFields(agent)}}`),
        i === 0
      ),
  }));
}

/** The fields of an agent, which /state-summary has too. */
export function agentFields(agent: Agent): string {
  const total = `{"disk":${double(agent.total.disk)},"mem":${double(agent.total.mem)},"gpus":0.0,"cpus":${double(agent.total.cpus)},"ports":"[31000-31999]"}`;
  const ports = agent.ports > 0 ? `[31000-${31000 + agent.ports - 1}]` : '';
  return (
    `"id":"${agent.id}","hostname":"${agent.hostname}","port":${agent.port},` +
    `"attributes":{"rack":"${agent.rack}","zone":"${agent.zone}"${agent.asset && `,"asset":"${agent.asset}"`}},` +
    `"domain":{"fault_domain":{"region":{"name":"${REGION}"},"zone":{"name":"${REGION}-1${agent.zone}"}}},` +
    `"pid":"slave(1)@${agent.ip}:${agent.port}","registered_time":${double(agent.registered)},` +
    `"resources":${total},"used_resources":${resources(agent.used, ports)},` +
    `"offered_resources":${resources(NOTHING)},"reserved_resources":{},"unreserved_resources":${total},` +
    `"active":true,"deactivated":false,"version":"1.12.0",` +
    `"capabilities":["MULTI_ROLE","HIERARCHICAL_ROLE","RESERVATION_REFINEMENT","RESOURCE_PROVIDER"]`
  );
}

const NOTHING = { cpus: 0, mem: 0, disk: 0 };

// --- frameworks ---

function frameworkParts(framework: Framework, index: number): Part[] {
  const { used, services } = framework;
  const key = (what: string) => `framework ${index} ${what}`;
  return [
    {
      key: key('head'),
      version: JSON.stringify(used),
      text: () => `${index > 0 ? ',' : ''}${frameworkHead(framework)},"tasks":[`,
    },
    ...chunks(services, SERVICES_PER_PART).map((some, i) => ({
      key: key(`tasks ${i}`),
      version: sum(some.map((service) => service.version)),
      text: () => listed(some.flatMap(taskTexts), i === 0),
    })),
    { key: key('between'), version: 0, text: () => '],"unreachable_tasks":[],"completed_tasks":[' },
    ...endedParts(framework, key),
    {
      key: key('end'),
      version: sum(services.map((service) => service.version)),
      text: () => `],"offers":[],"executors":[${executorTexts(framework).join(',')}],"offer_constraints":{}}`,
    },
  ];
}

/** Cut where the number of a task, counted from the framework's first, is round: only the ends of the list change. */
function endedParts({ ended, endedEver }: Framework, key: (what: string) => string): Part[] {
  const first = endedEver - ended.length;
  const parts: Part[] = [];
  for (let from = first; from < endedEver;) {
    const to = Math.min(endedEver, (Math.floor(from / ENDED_PER_PART) + 1) * ENDED_PER_PART);
    const some = ended.slice(from - first, to - first);
    const leads = from === first;
    parts.push({
      key: key(`ended ${Math.floor(from / ENDED_PER_PART)}`),
      version: `${leads ? 'leads' : 'follows'} ${from}-${to}`,
      text: () => listed(some.map(endedText), leads),
    });
    from = to;
  }
  return parts;
}

/** The first fields of a framework, which are those that /state-summary has. */
export function frameworkFields(framework: Framework): string {
  return (
    `"id":"${framework.id}","name":"${framework.name}","used_resources":${resources(framework.used)},` +
    `"offered_resources":${resources(NOTHING)},` +
    `"capabilities":["MULTI_ROLE","RESERVATION_REFINEMENT","PARTITION_AWARE"],` +
    `"hostname":"${framework.name}.example.com","webui_url":"http://${framework.name}.example.com:8080/",` +
    `"active":true,"connected":true,"recovered":false`
  );
}

function frameworkHead(framework: Framework): string {
  const used = resources(framework.used);
  return (
    `{${frameworkFields(framework)},"user":"${framework.user}","failover_timeout":604800.0,` +
    `"checkpoint":true,"registered_time":${double(framework.registered)},"unregistered_time":0.0,` +
    `"principal":"${framework.principal}","resources":${used},"roles":${JSON.stringify(framework.roles)}`
  );
}

function executorTexts(framework: Framework): string[] {
  return framework.services
    .filter((service) => service.executors)
    .flatMap((service) =>
      service.tasks.map(
        (task) =>
          `{"executor_id":"${executorOf(service, task)}","name":"${service.name} executor","framework_id":"${framework.id}",` +
          `"command":{"value":"./executor","argv":[],"uris":[]},"resources":${resources(EXECUTOR)},` +
          `"role":"${service.role}","type":"CUSTOM","slave_id":"${task.agent.id}"}`
      )
    );
}

// --- tasks ---

export function executorOf(service: Service, task: Task): string {
  return service.executors ? `executor-${task.id}` : '';
}

function taskTexts(service: Service): string[] {
  return service.tasks.map((task) => taskText(service, task));
}

function taskText(service: Service, task: Task): string {
  const statuses = [status(task, 'TASK_STARTING', task.launched)];
  if (task.running) {
    statuses.push(status(task, 'TASK_RUNNING', task.launched + STARTING, service.ports));
  }
  return text(service, task, task.running ? 'TASK_RUNNING' : 'TASK_STARTING', statuses);
}

function endedText({ service, task, state, at }: Ended): string {
  return text(service, task, state, [
    status(task, 'TASK_STARTING', Math.min(task.launched, at)),
    status(task, 'TASK_RUNNING', Math.min(task.launched + STARTING, at)),
    status(task, state, at),
  ]);
}

function text(service: Service, task: Task, state: string, statuses: string[]): string {
  return (
    `{"id":"${task.id}","name":"${service.name}","framework_id":"${service.framework.id}",` +
    `"executor_id":"${executorOf(service, task)}","slave_id":"${task.agent.id}","state":"${state}",` +
    `"resources":${resources(service.each, task.port > 0 ? `[${task.port}-${task.port}]` : '')},` +
    `"role":"${service.role}","statuses":[${statuses.join(',')}]${extras(service)}}`
  );
}

function status(task: Task, state: string, at: number, healthy = false): string {
  return (
    `{"state":"${state}","timestamp":${double(Math.round(at * 1e6) / 1e6)},` +
    `"container_status":{"container_id":{"value":"${task.container}"},` +
    `"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"${task.agent.ip}"}]}]}` +
    `${healthy ? ',"healthy":true' : ''}}`
  );
}

/** What services with labels or ports have besides. `wrap` writes the list of labels. */
export function extras(service: Service, wrap = (labels: string) => labels): string {
  const labels = service.labels
    ? `,"labels":${wrap(`[{"key":"app","value":"/${service.name.replaceAll('.', '/')}"},{"key":"team","value":"${service.framework.name}"}]`)}`
    : '';
  const port = service.ports
    ? `,"discovery":{"visibility":"CLUSTER","name":"${service.name}","environment":"prod","location":"eu","version":"1.2",` +
      `"ports":{"ports":[{"number":80,"name":"http","protocol":"tcp"}]},"labels":{"labels":[{"key":"vip","value":"/${service.name}:80"}]}},` +
      `"health_check":{"delay_seconds":1.0,"interval_seconds":5.0,"timeout_seconds":5.0,"consecutive_failures":3,` +
      `"grace_period_seconds":5.0,"type":"COMMAND","command":{"shell":true,"value":"true"}}`
    : '';
  return labels + port;
}

// --- lists ---

/** Elements of a list, behind others unless they are the first. */
function listed(texts: string[], first: boolean): string {
  return texts.length === 0 || first ? texts.join(',') : `,${texts.join(',')}`;
}

function chunks<T>(list: T[], size: number): T[][] {
  return Array.from({ length: Math.ceil(list.length / size) }, (_, i) => list.slice(i * size, (i + 1) * size));
}

function sum(numbers: number[]): number {
  return numbers.reduce((total, n) => total + n, 0);
}
