/**
 * The pages of an agent: /monitor/statistics, /containers, /metrics/snapshot, /state, key by key as recorded ones (03-workload).
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { double, doubles } from '../generate/json.ts';
import { Random } from '../generate/random.ts';
import { amount, add, minus, resources, sum, type Amount } from './amount.ts';
import { LISTED_AFTER } from './containers.ts';
import type { Agent, Framework } from './model.ts';
import { systemText } from './pages/system.ts';
import { directoryOf, endedRuns, runs, type Run } from './runs.ts';
import { HOSTNAME } from './state.ts';
import { executorPid, statistics } from './use.ts';
import { attributesText, domainText, reservedText, withPorts } from './v0/agent.ts';
import { ALL_PORTS, full, reservedFull } from './v0/full.ts';
import { micro, taskText } from './v0/task.ts';
import type { World } from './world.ts';

const SCENE = join(import.meta.dirname, '..', '..', '..', 'testdata', 'captures', '03-workload');

function read<T>(file: string): T {
  const content = readFileSync(join(SCENE, file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(content) : content).toString()) as T;
}

const recordedState = read<Record<string, unknown>>('agent1-get_state.json.gz');
const recordedMetrics = read<Record<string, number>>('agent1-get_metrics_snapshot.json');

/** What of /monitor/statistics is written with a point though it may be whole (src/slave/http.cpp writes doubles so). */
const DOUBLES = /_secs$|_limit$|_soft_limit$|^timestamp$/;

/** The pages of agents, by path. `restricted`: for a principal that may see neither flags nor frameworks (15-auth). */
export const AGENT_PAGES: Record<string, (world: World, agent: Agent, restricted: boolean) => string> = {
  '/state': agentStateText,
  '/monitor/statistics': (world, agent) => `[${measured(world, agent).map(statisticsText(world, agent)).join(',')}]`,
  '/containers': (world, agent) => `[${measured(world, agent).map(containerText(world, agent)).join(',')}]`,
  '/metrics/snapshot': (world, agent) => doubles(agentMetrics(world, agent)),
  '/flags': (_, agent) => agentFlagsText(agent),
  '/system/stats.json': (world, agent) => systemText(agentMetrics(world, agent)),
};

/** The containers that are measured: one that only starts is not yet. */
function measured(world: World, agent: Agent): Run[] {
  return runs(agent).filter(({ container }) => world.now - container.started > LISTED_AFTER);
}

/** An entry of /monitor/statistics. */
function statisticsText(world: World, agent: Agent): (run: Run) => string {
  return ({ id, name, source, framework, container }) => {
    const values = Object.entries(statistics(container, agent.cgroups, world.now)).map(
      ([key, value]) =>
        `"${key}":${typeof value === 'number' && DOUBLES.test(key) ? double(value) : JSON.stringify(value)}`
    );
    return (
      `{"executor_id":${JSON.stringify(id)},"executor_name":${JSON.stringify(name)},` +
      `"framework_id":"${framework.id}","source":${JSON.stringify(source)},"statistics":{${values.join(',')}}}`
    );
  };
}

/** An entry of /containers. None has nested ones, so `?show_nested=true` changes nothing. */
function containerText(world: World, agent: Agent): (run: Run) => string {
  const entry = statisticsText(world, agent);
  return (run) => {
    const { id } = run.container;
    return (
      `{"container_id":"${id}",${entry(run).slice(1, -1)},` +
      `"status":{"container_id":{"value":"${id}"},"executor_pid":${executorPid(run.container)}}}`
    );
  };
}

function agentMetrics(world: World, agent: Agent): Record<string, number> {
  const noise = new Random(world.plan.seed * 37 + Math.floor(world.now) * 11 + agent.number);
  const used = sum(runs(agent).map((run) => run.resources));
  const states = [...agent.tasks].map(({ state }) => `slave/tasks_${state.toLowerCase()}`);
  const values: Record<string, number> = { ...recordedMetrics };
  for (const key of Object.keys(values)) {
    if (/^slave\/(tasks|executors|frameworks|valid|invalid)_/.test(key)) {
      values[key] = 0;
    } else if (/load_|mem_free/.test(key)) {
      values[key] *= 0.5 + noise.unit();
    }
  }
  values['system/mem_free_bytes'] = Math.min(values['system/mem_free_bytes'], values['system/mem_total_bytes']);
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    values[`slave/${kind}_total`] = agent.total[kind];
    values[`slave/${kind}_used`] = used[kind];
    values[`slave/${kind}_percent`] = agent.total[kind] > 0 ? used[kind] / agent.total[kind] : 0;
  }
  values['slave/cpus_revocable_total'] = agent.total.revocable;
  values['slave/cpus_revocable_used'] = used.revocable;
  values['slave/cpus_revocable_percent'] = agent.total.revocable > 0 ? used.revocable / agent.total.revocable : 0;
  values['slave/executors_running'] = runs(agent).length;
  values['slave/frameworks_active'] = new Set(runs(agent).map(({ framework }) => framework)).size;
  values['slave/registered'] = agent.registration === 'registered' && agent.connected ? 1 : 0;
  values['slave/uptime_secs'] = micro(world.now - agent.started);
  agent.counters.forEach((value, key) => (values[`slave/${key}`] = value));
  states.forEach((key) => (values[key] = (values[key] ?? 0) + 1));
  values['slave/executors_terminated'] = agent.ended.length;
  values['slave/valid_status_updates'] = agent.ended.length * 3 + agent.tasks.size * 2;
  return Object.fromEntries(Object.entries(values).filter(([key]) => key in recordedMetrics));
}

function agentFlagsText(agent: Agent): string {
  const [ip, port] = agent.address.split(':');
  const flags = { ...(recordedState.flags as Record<string, string>), hostname: agent.hostname, ip, port };
  return JSON.stringify({ flags });
}

function agentStateText(_: World, agent: Agent, restricted: boolean): string {
  const unreserved = minus(agent.total, sum(agent.reserved.values()));
  const own = runs(agent);
  const ended = Map.groupBy(endedRuns(agent), ({ framework }) => framework);
  const listed = Map.groupBy(own, ({ framework }) => framework);
  ended.forEach((_, framework) => listed.set(framework, listed.get(framework) ?? []));
  const frameworks = restricted ? [] : [...listed];
  const allocated = allocatedText(own);
  const texts: Record<string, string> = {
    start_time: double(micro(agent.started)),
    id: JSON.stringify(agent.id),
    pid: `"slave(1)@${agent.address}"`,
    hostname: JSON.stringify(agent.hostname),
    domain: domainText(agent),
    resources: withPorts(resources(agent.total)),
    reserved_resources: restricted ? '{}' : reservedText(agent),
    unreserved_resources: withPorts(resources(unreserved)),
    reserved_resources_full: restricted ? '{}' : reservedFull(agent),
    unreserved_resources_full: `[${full(unreserved, { role: '*' }, ALL_PORTS).join(',')}]`,
    reserved_resources_allocated: restricted ? '{}' : allocated.reserved,
    unreserved_resources_allocated: allocated.unreserved,
    resource_providers: '[]',
    attributes: attributesText(agent),
    master_hostname: JSON.stringify(HOSTNAME),
    frameworks: `[${frameworks.map(([framework, some]) => frameworkText(agent, framework, some, ended.get(framework) ?? [])).join(',')}]`,
    completed_frameworks: '[]',
  };
  const hidden = restricted ? ['log_dir', 'flags'] : [];
  const fields = Object.entries(recordedState)
    .filter(([name]) => !hidden.includes(name))
    .map(
      ([name, value]) =>
        `"${name}":${texts[name] ?? (typeof value === 'number' ? double(value) : JSON.stringify(value))}`
    );
  return `{${fields.join(',')}}`;
}

/** What an agent's containers are given: what comes out of a reservation, by role, and the rest. */
function allocatedText(own: Run[]): { reserved: string; unreserved: string } {
  const rest = amount();
  const byRole = new Map<string, Amount>();
  for (const { container, role, resources } of own) {
    const of = container.kind.bound ? (byRole.get(role) ?? amount()) : rest;
    add(of, resources);
    if (container.kind.bound) {
      byRole.set(role, of);
    }
  }
  const roles = [...byRole].map(([role, what]) => `"${role}":${resources(what)}`);
  return { reserved: `{${roles.join(',')}}`, unreserved: resources(rest) };
}

function frameworkText(agent: Agent, framework: Framework, own: Run[], ended: Run[]): string {
  const principal = framework.principal === undefined ? '' : `"principal":"${framework.principal}",`;
  return (
    `{"id":"${framework.id}","name":"${framework.name}","user":"${framework.user}",` +
    `"failover_timeout":${double(framework.failoverTimeout)},"checkpoint":true,"hostname":"${framework.hostname}",` +
    `${principal}"roles":${JSON.stringify(framework.roles)},` +
    `"executors":[${own.map((run) => runText(agent, run)).join(',')}],` +
    `"completed_executors":[${ended.map((run) => runText(agent, run)).join(',')}]}`
  );
}

function runText(agent: Agent, run: Run): string {
  const directory = directoryOf(agent, run);
  const type = run.type === undefined ? '' : `"type":"${run.type}",`;
  return (
    `{"id":${JSON.stringify(run.id)},"name":${JSON.stringify(run.name)},"source":${JSON.stringify(run.source)},` +
    `"container":"${run.container.id}","directory":${JSON.stringify(directory)},` +
    `"resources":${resources(run.resources)},"role":"${run.role}",${type}` +
    `"tasks":[${run.tasks.map(taskText).join(',')}],"queued_tasks":[],` +
    `"completed_tasks":[${run.completed.map(taskText).join(',')}]}`
  );
}
