/**
 * Pages as an older version of Mesos served them: made from those of the current version, thing by thing with the keys of
 * shapes.ts.
 */
import { sum, type Amount } from '../amount.ts';
import type { Framework, Master } from '../model.ts';
import { isListed } from '../truth.ts';
import type { World } from '../world.ts';
import { hasMetric } from './metrics.ts';
import type { Shape, Thing } from './shapes.ts';
import { double, parse, write, Figure, type Fields, type Value } from './write.ts';

/** What a page is made for. */
export interface Context {
  shape: Shape;
  world: World;
  /** The master that is asked. */
  master: Master;
}

type Maker = (of: Fields, context: Context) => Value | undefined;

/** The keys that the current version has not, or has with another content; undefined: the thing has none. */
const MADE: Partial<Record<Thing, Record<string, Maker>>> = {
  head: {
    version: (_, { shape }) => shape.version,
    git_sha: (_, { shape }) => shape.sha,
    git_tag: (_, { shape }) => shape.version,
    // Without `active`, what is not removed counts as activated.
    activated_slaves: ({ activated_slaves, slaves }, { shape }) =>
      shape.keys.agent.includes('active') ? activated_slaves : double((slaves as Value[]).length),
    deactivated_slaves: ({ deactivated_slaves }, { shape }) =>
      shape.keys.agent.includes('active') ? deactivated_slaves : double(0),
    elected_time: (of, { master }) => (master.elected > 0 ? of.elected_time : undefined),
    leader: (_, { world }) => world.believed && `master@${world.believed.address}`,
    flags: ({ flags }, { shape }) => flagsOf(flags as Fields, shape),
    ...Object.fromEntries(
      Object.entries({
        staged_tasks: 'messages_launch_tasks',
        started_tasks: 'tasks_starting',
        finished_tasks: 'tasks_finished',
        killed_tasks: 'tasks_killed',
        failed_tasks: 'tasks_failed',
        lost_tasks: 'tasks_lost',
      }).map(([key, counter]): [string, Maker] => [key, (_, { master }) => double(master.counters.get(counter) ?? 0)])
    ),
  },
  agent: {
    version: (_, { shape }) => shape.version,
    capabilities: (_, { shape }) => shape.agentCapabilities,
  },
  framework: {
    // Of a scheduler that uses libmesos.
    pid: ({ id }) => `scheduler-${String(id)}@127.0.0.1:${30_000 + Number(String(id).slice(-4))}`,
    role: ({ roles }) => (roles as string[])[0],
    capabilities: ({ capabilities }, { shape }) =>
      (capabilities as string[]).filter((name) => shape.capabilities.includes(name)),
  },
  task: {
    // 0.22 has the key always, later ones where there are labels.
    labels: ({ labels }, { shape }) => labels ?? (shape.keys.status.includes('labels') ? undefined : []),
  },
};

/** The keys of things that are things themselves, or lists of them. */
const INSIDE: Record<string, Thing> = {
  slaves: 'agent',
  recovered_slaves: 'recovered',
  frameworks: 'framework',
  completed_frameworks: 'framework',
  tasks: 'task',
  unreachable_tasks: 'task',
  completed_tasks: 'task',
  statuses: 'status',
  container_status: 'container_status',
  executors: 'executor',
  offers: 'offer',
};

const RESOURCES = new Set(['resources', 'used_resources', 'offered_resources', 'unreserved_resources']);

/** A thing with the keys that it has in that version. */
function reshaped(thing: Thing, of: Fields, context: Context): Fields {
  const fields: Fields = {};
  for (const key of context.shape.keys[thing]) {
    const made = MADE[thing]?.[key];
    const value = made === undefined ? of[key] : made(of, context);
    if (value !== undefined) {
      fields[key] = inside(key, value, context);
    }
  }
  return fields;
}

function inside(key: string, value: Value, context: Context): Value {
  const thing = INSIDE[key];
  if (thing !== undefined) {
    return Array.isArray(value)
      ? value.map((one) => reshaped(thing, one as Fields, context))
      : reshaped(thing, value as Fields, context);
  }
  if (RESOURCES.has(key)) {
    return resourcesOf(value as Fields, context.shape);
  }
  if (key === 'reserved_resources') {
    const roles = Object.entries(value as Fields).map(([role, what]) => [
      role,
      resourcesOf(what as Fields, context.shape),
    ]);
    return Object.fromEntries(roles) as Fields;
  }
  return value;
}

function resourcesOf(resources: Fields, { scalars, revocable }: Shape): Fields {
  const known = Object.entries(resources).filter(
    ([name, value]) =>
      !(value instanceof Figure) || scalars.includes(name) || (revocable && name.endsWith('_revocable'))
  );
  return Object.fromEntries(known);
}

function flagsOf(flags: Fields, shape: Shape): Fields {
  return Object.fromEntries(
    shape.flags.map((flag) => {
      const [now, then = now] = flag.split('=');
      return [then, flags[now]];
    })
  );
}

// --- pages ---

/** Pages of masters by the current version's path. */
const MASTER: Record<string, (page: Value, context: Context) => Value> = {
  '/state': (page, context) => reshaped('head', leads(context) ? (page as Fields) : emptied(page as Fields), context),
  '/roles': (_, context) => ({ roles: rolesOf(context) }),
  '/flags': (page, { shape }) => ({ flags: flagsOf((page as Fields).flags as Fields, shape) }),
  '/metrics/snapshot': (page, { shape }) => metricsOf(page as Fields, shape),
  '/version': (page, { shape }) => versionOf(page as Fields, shape),
};

/** Pages of agents by the current version's path. */
const AGENT: Record<string, (page: Value, shape: Shape) => Value> = {
  '/state': (page, shape) => agentStateOf(page as Fields, shape),
  '/monitor/statistics': (page, shape) => (page as Fields[]).map((one) => containerOf(one, shape)),
  '/metrics/snapshot': (page, shape) => metricsOf(page as Fields, shape),
  '/version': (page, shape) => versionOf(page as Fields, shape),
};

/** A page's text in the current version, as an older one has it. */
export function reshapeMaster(path: string, text: string, context: Context): string {
  const page = parse(text);
  return write(MASTER[path]?.(page, context) ?? page, context.shape);
}

export function reshapeAgent(path: string, text: string, shape: Shape): string {
  const page = parse(text);
  return write(AGENT[path]?.(page, shape) ?? page, shape);
}

/** /state of an agent. */
function agentStateOf(page: Fields, shape: Shape): Fields {
  const { head, framework, executor } = shape.agentState;
  const executorOf = (one: Fields): Fields => {
    const tasks = Object.entries(one).filter(([key]) => key === 'tasks' || key === 'completed_tasks');
    const own = tasks.map(([key, list]) => [key, (list as Fields[]).map((task) => picked(task, shape.keys.task))]);
    return picked(
      { ...one, resources: resourcesOf(one.resources as Fields, shape), ...(Object.fromEntries(own) as Fields) },
      executor
    );
  };
  const frameworkOf = (one: Fields): Fields => {
    const [role] = one.roles as string[];
    const lists = ['executors', 'completed_executors'].map((key) => [key, (one[key] as Fields[]).map(executorOf)]);
    return picked({ ...one, role, ...(Object.fromEntries(lists) as Fields) }, framework);
  };
  return picked(
    {
      ...versionOf(page, shape),
      resources: resourcesOf(page.resources as Fields, shape),
      capabilities: shape.agentCapabilities,
      frameworks: (page.frameworks as Fields[]).map(frameworkOf),
    },
    head
  );
}

function versionOf(page: Fields, { version, sha }: Shape): Fields {
  return { ...page, version, git_sha: sha, git_tag: version };
}

/** An entry of /monitor/statistics. */
function containerOf(entry: Fields, shape: Shape): Fields {
  const all = entry.statistics as Fields;
  const rss = shape.rssIsUsage ? (all.mem_total_bytes ?? all.mem_rss_bytes) : all.mem_rss_bytes;
  return {
    ...picked(entry, shape.keys.container),
    statistics: picked({ ...all, mem_rss_bytes: rss }, shape.keys.statistics),
  };
}

function picked(of: Fields, keys: string[]): Fields {
  return Object.fromEntries(keys.filter((key) => of[key] !== undefined).map((key) => [key, of[key]]));
}

function leads({ world, master }: Context): boolean {
  return world.leader === master;
}

/** /state of a master that knows no cluster: itself, and nothing else. */
function emptied(page: Fields): Fields {
  const lists = Object.entries(page).map(([key, value]): [string, Value] => [key, Array.isArray(value) ? [] : value]);
  return { ...Object.fromEntries(lists), activated_slaves: double(0), deactivated_slaves: double(0) };
}

function metricsOf(metrics: Fields, { version }: Shape): Fields {
  return Object.fromEntries(Object.entries(metrics).filter(([key]) => hasMetric(version, key)));
}

/** /roles before 1.5: what frameworks hold and are offered in a role, without the roles below. */
function rolesOf({ shape, world, master }: Context): Value[] {
  const knows = world.ready === master;
  const subscribed = knows ? world.frameworks.filter(isListed) : [];
  const names = new Set([
    ...(shape.defaultRole ? ['*'] : []),
    ...[...world.quota].filter(([, { weight, guarantee }]) => weight !== 1 || guarantee).map(([role]) => role),
    ...subscribed.flatMap(({ roles }) => roles),
  ]);
  return [...names].sort().map((name) => {
    const set = world.quota.get(name);
    const members = subscribed.filter(({ roles }) => roles.includes(name));
    const held = sum([
      ...(knows ? [world.allocated.get(name) ?? sum([])] : []),
      ...members.flatMap(({ offers }) =>
        [...offers].flatMap(({ role, resources }) => (role === name ? resources : []))
      ),
    ]);
    const fields: Fields = {
      name,
      weight: double(set?.weight ?? 1),
      resources: resourcesOf(scalars(held), shape),
      frameworks: members.map(({ id }: Framework) => id),
    };
    const guarantee = shape.quota === 'guarantee' ? set?.guarantee : undefined;
    return {
      ...fields,
      ...(guarantee && { quota: { guarantee: resourcesOf(scalars(guarantee), shape), role: name } }),
    };
  });
}

function scalars({ cpus, gpus, mem, disk, revocable }: Amount): Fields {
  const all = { cpus, gpus, mem, disk, ...(revocable > 0 && { cpus_revocable: revocable }) };
  return Object.fromEntries(Object.entries(all).map(([name, value]) => [name, double(value)]));
}
