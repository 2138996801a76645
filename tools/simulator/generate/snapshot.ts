/**
 * /metrics/snapshot of a generated master: the keys of a recorded one, with this cluster's figures. Keys that are about
 * frameworks and roles are those recorded, once for each framework and role there is here.
 */
import { TICK, type Cluster, type Framework } from './cluster.ts';
import { doubles } from './json.ts';
import { Random } from './random.ts';
import { recordedSnapshot } from './recorded.ts';
import { rolesOf } from './roles.ts';

const FRAMEWORK = /^master\/frameworks\/[^/]+\/[^/]+\/(.*)$/;
const OF_ROLE = /^allocator\/mesos\/(offer_filters|quota|)\/?roles\//;
const OF_PRINCIPAL = /^frameworks\//;

/** What of a recorded snapshot is the same for every cluster. */
class Template {
  /** Keys of the master itself. */
  readonly own: Array<[key: string, value: number]> = [];
  /** What follows master/frameworks/NAME/ID/. */
  readonly framework: string[];

  constructor() {
    const framework = new Set<string>();
    for (const [key, value] of Object.entries(recordedSnapshot())) {
      const of = FRAMEWORK.exec(key)?.[1];
      if (of !== undefined) {
        if (!of.startsWith('roles/')) {
          framework.add(of);
        }
      } else if (!OF_ROLE.test(key) && !OF_PRINCIPAL.test(key)) {
        this.own.push([key, value]);
      }
    }
    this.framework = [...framework].sort();
  }
}

let template: Template | undefined;

/** All keys with their values, sorted as Mesos has them. */
export function snapshotOf(cluster: Cluster): Record<string, number> {
  template ??= new Template();
  const noise = new Random(cluster.plan.seed + cluster.ticks);
  const values: Record<string, number> = {};
  for (const [key, value] of template.own) {
    // Times and loads are never twice the same.
    values[key] =
      /_ms(\/|$)|load_|mem_free/.test(key) && !key.endsWith('/count') ? value * (0.5 + noise.unit()) : value;
  }
  values['system/mem_free_bytes'] = Math.min(values['system/mem_free_bytes'], values['system/mem_total_bytes']);
  Object.assign(values, masterFigures(cluster));
  for (const { name, allocated } of rolesOf(cluster)) {
    values[`allocator/mesos/offer_filters/roles/${name}/active`] = noise.int(5);
    values[`allocator/mesos/roles/${name}/shares/dominant`] = allocated.cpus / (values['master/cpus_total'] || 1);
    values[`allocator/mesos/quota/roles/${name}/resources/cpus/consumed`] = allocated.cpus;
    values[`allocator/mesos/quota/roles/${name}/resources/mem/consumed`] = allocated.mem;
  }
  for (const framework of cluster.frameworks) {
    const figures = frameworkFigures(cluster, framework);
    const prefix = `master/frameworks/${encodeURIComponent(framework.name)}/${framework.id}/`;
    template.framework.forEach((key) => (values[prefix + key] = figures[key] ?? 0));
    framework.roles.forEach((role) => (values[`${prefix}roles/${role}/suppressed`] = 0));
    values[`frameworks/${framework.principal}/messages_processed`] = 0;
    values[`frameworks/${framework.principal}/messages_received`] = 0;
  }
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

export function snapshotText(cluster: Cluster): string {
  return doubles(snapshotOf(cluster));
}

function masterFigures(cluster: Cluster): Record<string, number> {
  const { agents, frameworks } = cluster;
  const all = (of: (framework: Framework) => number) => frameworks.reduce((sum, framework) => sum + of(framework), 0);
  const starting = all(startingOf);
  const launched = all(({ launched }) => launched);
  const updates = 2 * launched + all(({ finished, failed, killed }) => finished + failed + killed);
  const figures: Record<string, number> = {
    'master/uptime_secs': uptime(cluster),
    'master/elected': 1,
    'master/slaves_active': agents.length,
    'master/slaves_connected': agents.length,
    'master/slaves_inactive': 0,
    'master/slaves_disconnected': 0,
    'master/slave_registrations': agents.length,
    'master/messages_register_slave': agents.length,
    'master/frameworks_active': frameworks.length,
    'master/frameworks_connected': frameworks.length,
    'master/frameworks_inactive': 0,
    'master/frameworks_disconnected': 0,
    'master/tasks_running': cluster.tasks - starting,
    'master/tasks_starting': starting,
    'master/tasks_staging': 0,
    'master/tasks_finished': all(({ finished }) => finished),
    'master/tasks_failed': all(({ failed }) => failed),
    'master/tasks_killed': all(({ killed }) => killed),
    'master/messages_launch_tasks': launched,
    'master/messages_status_update': updates,
    'master/messages_status_update_acknowledgement': updates,
    'master/valid_status_updates': updates,
    'master/valid_status_update_acknowledgements': updates,
    'master/messages_decline_offers': all((framework) => declined(cluster, framework)),
    'allocator/mesos/allocation_runs': uptime(cluster),
  };
  for (const kind of ['cpus', 'mem', 'disk'] as const) {
    const total = agents.reduce((sum, agent) => sum + agent.total[kind], 0);
    const used = all((framework) => framework.used[kind]);
    figures[`master/${kind}_total`] = total;
    figures[`master/${kind}_used`] = used;
    figures[`master/${kind}_percent`] = used / total;
    figures[`allocator/mesos/resources/${kind}/total`] = total;
    figures[`allocator/mesos/resources/${kind}/offered_or_allocated`] = used;
  }
  return figures;
}

function frameworkFigures(cluster: Cluster, framework: Framework): Record<string, number> {
  const { launched, finished, failed, killed } = framework;
  const starting = startingOf(framework);
  const updates = 2 * launched + finished + failed + killed;
  const refused = declined(cluster, framework);
  return {
    subscribed: 1,
    calls: 1 + launched + updates + refused,
    'calls/subscribe': 1,
    'calls/accept': launched,
    'calls/acknowledge': updates,
    'calls/decline': refused,
    events: 1 + launched + updates + refused,
    'events/subscribed': 1,
    'events/offers': launched + refused,
    'events/update': updates,
    'offers/sent': launched + refused,
    'offers/accepted': launched,
    'offers/declined': refused,
    operations: launched,
    'operations/launch': launched,
    'tasks/active/task_running': framework.services.reduce((sum, { tasks }) => sum + tasks.length, 0) - starting,
    'tasks/active/task_starting': starting,
    'tasks/terminal/task_finished': finished,
    'tasks/terminal/task_failed': failed,
    'tasks/terminal/task_killed': killed,
  };
}

function startingOf(framework: Framework): number {
  return framework.services.reduce((sum, { tasks }) => sum + tasks.filter((task) => !task.running).length, 0);
}

/** Each framework declines an offer every tick or two. */
function declined(cluster: Cluster, framework: Framework): number {
  return Math.floor(uptime(cluster) / TICK / (1 + (framework.services.length % 2)));
}

/** Mesos' own is that of its process; this one began a month before. */
function uptime(cluster: Cluster): number {
  return cluster.now - cluster.plan.start + 30 * 86400;
}
