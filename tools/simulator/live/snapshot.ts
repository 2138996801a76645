/**
 * /metrics/snapshot of simulated masters: the keys of a recorded one, with this cluster's figures. Keys about frameworks and
 * roles are those recorded, once for each framework and role there is here.
 */
import { doubles } from '../generate/json.ts';
import { Random } from '../generate/random.ts';
import { recordedSnapshot } from '../generate/recorded.ts';
import { amount, add, sum } from './amount.ts';
import type { Framework, Master, TaskState } from './model.ts';
import { offersBelow, outstanding } from './offers.ts';
import { consumed, isListed, isRegistered, rolesInUse, tasksOf } from './truth.ts';
import type { World } from './world.ts';

const FRAMEWORK = /^master\/frameworks\/[^/]+\/[^/]+\/(.*)$/;
const OF_ROLE = /^allocator\/mesos\/(offer_filters|quota|)\/?roles\//;
const OF_PRINCIPAL = /^frameworks\//;
/** Only a leader stores anything in the registry. */
const OF_REGISTRY = /^registrar\/(registry_size|state_)/;
/** Appear with the first task that ends so. */
const OF_REASON = /^master\/task_\w+\/source_/;
/** Counted by this process since it began, or gauges of the cluster: 0 until something is counted here. */
const OF_CLUSTER = /^(master|allocator\/mesos\/resources)\//;
const OF_PROCESS = /^master\/(uptime_secs|event_queue_|elected)/;

/** What of a recorded snapshot is the same for every cluster. */
const template = (() => {
  const own: Array<[key: string, value: number]> = [];
  const framework = new Set<string>();
  for (const [key, value] of Object.entries(recordedSnapshot())) {
    const of = FRAMEWORK.exec(key)?.[1];
    if (of !== undefined) {
      if (!of.startsWith('roles/')) {
        framework.add(of);
      }
    } else if (!OF_ROLE.test(key) && !OF_PRINCIPAL.test(key) && !OF_REASON.test(key)) {
      own.push([key, OF_CLUSTER.test(key) && !OF_PROCESS.test(key) ? 0 : value]);
    }
  }
  return { own, framework: [...framework].sort() };
})();

/** All keys of a master with their values, sorted as Mesos has them. */
export function snapshotOf(world: World, master: Master): Record<string, number> {
  const leads = world.leader === master;
  const noise = new Random(world.plan.seed * 31 + Math.floor(world.now) * 7 + master.number);
  const values: Record<string, number> = {};
  for (const [key, value] of template.own.filter(([key]) => leads || !OF_REGISTRY.test(key))) {
    // Times and loads are never twice the same.
    values[key] =
      /_ms(\/|$)|load_|mem_free/.test(key) && !key.endsWith('/count') ? value * (0.5 + noise.unit()) : value;
  }
  values['system/mem_free_bytes'] = Math.min(values['system/mem_free_bytes'], values['system/mem_total_bytes']);
  values['master/uptime_secs'] = Math.round((world.now - master.started) * 1e6) / 1e6;
  values['master/elected'] = leads ? 1 : 0;
  values['allocator/mesos/allocation_runs'] = Math.floor(world.now - master.started);
  values['registrar/log/ensemble_size'] = world.plan.masters;
  values['registrar/log/recovered'] = leads && !master.recovered ? 0 : 1;
  if (leads) {
    master.counters.forEach((value, key) => (values[`master/${key}`] = value));
    values['master/messages_status_update_acknowledgement'] = values['master/messages_status_update'];
    values['master/valid_status_update_acknowledgements'] = values['master/valid_status_updates'];
    if (world.ready !== undefined) {
      Object.assign(values, figuresOf(world), rolesFigures(world, noise), frameworksFigures(world));
    }
  }
  if (leads) {
    world.reported.forEach((value, key) => (values[key] = value));
  }
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function snapshotText(world: World, master: Master): string {
  return doubles(snapshotOf(world, master));
}

function figuresOf(world: World): Record<string, number> {
  const agents = world.agents.filter(isRegistered);
  const frameworks = world.frameworks.filter(isListed);
  const tasks = frameworks.flatMap(tasksOf);
  const inState = (state: TaskState) => tasks.filter((task) => task.state === state).length;
  const connected = agents.filter((agent) => agent.connected).length;
  const active = agents.filter((agent) => agent.connected && !agent.deactivated).length;
  const subscribed = frameworks.filter(({ registration }) => registration === 'subscribed').length;
  const figures: Record<string, number> = {
    'master/slaves_active': active,
    'master/slaves_connected': connected,
    'master/slaves_disconnected': agents.length - connected,
    'master/slaves_inactive': agents.length - active,
    'master/slaves_unreachable': world.agents.filter(({ registration }) => registration === 'unreachable').length,
    'master/frameworks_active': subscribed,
    'master/frameworks_connected': subscribed,
    'master/frameworks_disconnected': frameworks.length - subscribed,
    'master/frameworks_inactive': frameworks.length - subscribed,
    'master/operator_event_stream_subscribers': world.subscribers.size,
    'master/outstanding_offers': outstanding(world).length,
    'master/tasks_staging': inState('STAGING'),
    'master/tasks_starting': inState('STARTING'),
    'master/tasks_running': inState('RUNNING'),
    'master/tasks_killing': inState('KILLING'),
    'master/tasks_unreachable': frameworks.reduce(
      (n, { unreachable }) => n + [...unreachable].filter(({ state }) => state === 'UNREACHABLE').length,
      0
    ),
  };
  const total = sum(agents.map((agent) => agent.total));
  const used = sum(agents.map((agent) => agent.used));
  for (const kind of ['cpus', 'mem', 'disk', 'gpus'] as const) {
    figures[`master/${kind}_total`] = total[kind];
    figures[`master/${kind}_used`] = used[kind];
    figures[`master/${kind}_percent`] = total[kind] > 0 ? used[kind] / total[kind] : 0;
  }
  figures['master/cpus_revocable_total'] = total.revocable;
  figures['master/cpus_revocable_used'] = used.revocable;
  figures['master/cpus_revocable_percent'] = total.revocable > 0 ? used.revocable / total.revocable : 0;
  // The allocator counts revocable CPUs like others.
  const given = sum([used, ...outstanding(world).map(({ resources }) => resources)]);
  const all = { cpus: [total.cpus + total.revocable, given.cpus + given.revocable], mem: [total.mem, given.mem] };
  for (const [kind, [has, gives]] of Object.entries({ ...all, disk: [total.disk, given.disk] })) {
    figures[`allocator/mesos/resources/${kind}/total`] = has;
    figures[`allocator/mesos/resources/${kind}/offered_or_allocated`] = gives;
  }
  return figures;
}

function rolesFigures(world: World, noise: Random): Record<string, number> {
  const figures: Record<string, number> = {};
  const capacity = sum(world.agents.filter(isRegistered).map(({ total }) => total));
  const root = amount();
  for (const role of rolesInUse(world)) {
    const own = world.subtree(role);
    const given = sum([own, ...offersBelow(world, role).map(({ resources }) => resources)]);
    const quota = world.quota.get(role);
    const weight = quota?.weight ?? 1;
    const eaten = consumed(world, role);
    if (!role.includes('/')) {
      add(root, eaten);
    }
    figures[`allocator/mesos/offer_filters/roles/${role}/active`] = noise.int(5);
    figures[`allocator/mesos/roles/${role}/shares/dominant`] =
      Math.max(own.cpus / (capacity.cpus || 1), own.mem / (capacity.mem || 1)) / weight;
    const prefix = `allocator/mesos/quota/roles/${role}/resources`;
    Object.assign(figures, consumption(prefix, eaten));
    for (const kind of ['cpus', 'mem'] as const) {
      if (quota?.limit !== undefined) {
        figures[`${prefix}/${kind}/limit`] = quota.limit[kind];
        figures[`${prefix}/${kind}/offered_or_allocated`] = given[kind];
      }
      if (quota?.guarantee !== undefined) {
        figures[`${prefix}/${kind}/guarantee`] = quota.guarantee[kind];
      }
    }
  }
  // The root of the tree has no name.
  return { ...figures, ...consumption('allocator/mesos/quota/roles//resources', root) };
}

function consumption(prefix: string, { cpus, mem, disk, gpus }: Record<'cpus' | 'mem' | 'disk' | 'gpus', number>) {
  const all = Object.entries({ cpus, disk, gpus, mem }).filter(([, value]) => value > 0);
  return Object.fromEntries(all.map(([kind, value]) => [`${prefix}/${kind}/consumed`, value]));
}

/** Also of frameworks that are over: their keys stay. */
function frameworksFigures(world: World): Record<string, number> {
  const figures: Record<string, number> = {};
  for (const framework of world.frameworks) {
    if (!isListed(framework) && framework.registration !== 'completed') {
      continue;
    }
    const own = frameworkFigures(framework);
    const prefix = `master/frameworks/${encodeURIComponent(framework.name)}/${framework.id}/`;
    template.framework.forEach((key) => (figures[prefix + key] = own[key] ?? 0));
    framework.roles.forEach((role) => (figures[`${prefix}roles/${role}/suppressed`] = 0));
    if (framework.principal !== undefined) {
      figures[`frameworks/${framework.principal}/messages_processed`] = 0;
      figures[`frameworks/${framework.principal}/messages_received`] = 0;
    }
  }
  return figures;
}

function frameworkFigures(framework: Framework): Record<string, number> {
  const { subscribed, launched, updates, declined, rescinded, killed, ended } = framework.counters;
  const figures: Record<string, number> = {
    subscribed: framework.registration === 'subscribed' ? 1 : 0,
    calls: subscribed + launched + updates + declined + killed,
    'calls/subscribe': subscribed,
    'calls/accept': launched,
    'calls/acknowledge': updates,
    'calls/decline': declined,
    'calls/kill': killed,
    events: subscribed + launched + declined + 2 * rescinded + framework.offers.size + updates,
    'events/subscribed': subscribed,
    'events/offers': launched + declined + rescinded + framework.offers.size,
    'events/rescind': rescinded,
    'events/update': updates,
    'offers/sent': launched + declined + rescinded + framework.offers.size,
    'offers/rescinded': rescinded,
    'offers/accepted': launched,
    'offers/declined': declined,
    operations: launched,
    'operations/launch': launched,
  };
  for (const task of [...tasksOf(framework), ...framework.unreachable]) {
    const key = `tasks/active/task_${task.state.toLowerCase()}`;
    figures[key] = (figures[key] ?? 0) + 1;
  }
  ended.forEach((n, state) => (figures[`tasks/terminal/task_${state.toLowerCase()}`] = n));
  return figures;
}
