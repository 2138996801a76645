// Writes replays/NAME.json: what the plugin must make of the /state files here, added up from the files themselves.
// Run it with `node testdata/public-fixtures/sums.mjs`. The other replays are written by hand.
import { readFileSync, writeFileSync } from 'node:fs';
import { gunzipSync } from 'node:zlib';

const MIB = 1024 * 1024;
const KINDS = [
  ['cpus', 'cpus', 1],
  ['mem', 'memory', MIB],
  ['disk', 'disk', MIB],
];

const FILES = [
  ['old-masters/mesos-cli_master_state_0.19.0.json'],
  ['old-masters/kubernetes_mesos_provider_master_state_0.22.0.json'],
  ['dcos-ui/state-large.json.gz'],
  ['old-masters/mesos-ui_master_state_0.25.0.json'],
  ['old-masters/dcos-net_master_state_0.28.0.json'],
  ['old-masters/dcos-net_master_state_1.0.0.json'],
  ['old-masters/dcos-net_master_state_1.2.0.json'],
  ['old-masters/dcos-net_master_state_1.8.0.json'],
  // Edited by its authors: its frameworks, tasks and counts do not add up.
  ['mesos-dns/fake.json', { edited: true }],
];

const folder = new URL('.', import.meta.url);
for (const [file, { edited = false } = {}] of FILES) {
  const raw = readFileSync(new URL(file, folder));
  const state = JSON.parse(file.endsWith('.gz') ? gunzipSync(raw) : raw);
  const name = file.replace(/.*\//, '').replace(/\.json(\.gz)?$/, '');
  const replay = {
    right: `What ${file} adds up to (Mesos ${state.version}).`,
    jsonData: { masters: ['http://m1.example:5050'], pollInterval: '10s' },
    answers: { 'm1.example:5050': pages(file, state) },
    want: {
      checks: [
        { at: '25s', health: { ok: true, message: { has: [`Mesos ${state.version}`], lacks: ['part of the cluster'] } } },
        { series: at20s(sums(state, edited)) },
      ],
    },
  };
  writeFileSync(new URL(`replays/${name}.json`, folder), JSON.stringify(replay, undefined, 2) + '\n');
}

/** Masters before 0.25 have /state.json only. */
function pages(file, { version }) {
  const [major, minor] = version.split('.').map(Number);
  const page = '/state';
  return {
    'GET /redirect': { status: 307, location: '//m1.example:5050' },
    'GET /metrics/snapshot': { status: 200, json: { 'master/elected': 1, 'master/uptime_secs': 5000 } },
    [`GET ${page}`]: { status: 200, file },
  };
}

function sums(state, edited) {
  const { slaves, frameworks } = state;
  const orphans = state.orphan_tasks ?? [];
  const live = (tasks = []) => tasks.filter((task) => /STAGING|STARTING|RUNNING|KILLING/.test(task.state));
  const running = (tasks = []) => tasks.filter((task) => task.state === 'TASK_RUNNING').length;
  const all = frameworks.flatMap((framework) => live(framework.tasks));
  const result = { 'mesos_cluster_agents{state="active"}': edited ? undefined : state.activated_slaves };
  result['mesos_cluster_tasks{state="running"}'] = frameworks.reduce((n, { tasks }) => n + running(tasks), running(orphans));

  for (const [kind, resource, unit] of KINDS) {
    const series = (entity, measure, labels = '') =>
      `mesos_${entity}_${resource}_${measure}${unit > 1 ? '_bytes' : ''}${labels}`;
    const amount = (resources) => resources?.[kind] ?? 0;
    const ofTasks = (tasks) => add(tasks.map((task) => amount(task.resources)));

    result[series('cluster', 'capacity')] = scale(add(slaves.map((slave) => amount(slave.resources))), unit);
    for (const slave of slaves) {
      result[series('agent', 'capacity', `{agent_id="${slave.id}"}`)] = scale(amount(slave.resources), unit);
    }
    const told = (key) => slaves.every((slave) => slave[key]);
    const offers = frameworks.map((f) => (f.offers ? add(f.offers.map((offer) => amount(offer.resources))) : null));
    result[series('cluster', 'offered')] = scale(
      told('offered_resources')
        ? add(slaves.map((slave) => amount(slave.offered_resources)))
        : add(frameworks.length > 0 ? offers : [null]),
      unit
    );
    result[series('cluster', 'reserved')] = told('reserved_resources')
      ? scale(add(slaves.flatMap((slave) => Object.values(slave.reserved_resources).map(amount))), unit)
      : null;
    if (edited) {
      continue;
    }
    // Old masters do not list executors, which may hold more than the tasks of their framework, on any agent. And one
    // without frameworks may have been elected a moment ago.
    const used = frameworks.map(({ used_resources, tasks }) => {
      const alone = tasks.every((task) => !task.executor_id);
      return used_resources ? amount(used_resources) : alone ? ofTasks(live(tasks)) : null;
    });
    const hidden = frameworks.length === 0 || frameworks.some(({ tasks }, i) => used[i] !== ofTasks(live(tasks)));
    for (const slave of slaves) {
      const here = all.filter((task) => task.slave_id === slave.id);
      const allocated = slave.used_resources ? amount(slave.used_resources) : hidden ? null : ofTasks(here);
      result[series('agent', 'allocated', `{agent_id="${slave.id}"}`)] = scale(allocated, unit);
    }
    result[series('cluster', 'allocated')] = scale(
      told('used_resources')
        ? add(slaves.map((slave) => amount(slave.used_resources)))
        : add(frameworks.length > 0 ? used : [null]),
      unit
    );
    const roles = {};
    frameworks.forEach((framework, i) => {
      result[series('framework', 'allocated', `{framework_id="${framework.id}"}`)] = scale(used[i], unit);
      roles[framework.role] = add([roles[framework.role] ?? 0, used[i]]);
    });
    for (const [role, allocated] of Object.entries(roles)) {
      result[series('role', 'allocated', `{role="${role}"}`)] = scale(allocated, unit);
    }
  }
  if (edited) {
    return result;
  }
  for (const { id, tasks } of frameworks) {
    result[`mesos_framework_tasks{framework_id="${id}",state="running"}`] = running(tasks);
  }
  for (const role of new Set(frameworks.map((framework) => framework.role))) {
    const mine = frameworks.filter((framework) => framework.role === role);
    result[`mesos_role_tasks{role="${role}",state="running"}`] = mine.reduce((n, { tasks }) => n + running(tasks), 0);
  }
  for (const task of all.slice(0, 3)) {
    result[`mesos_task_cpus_allocated{task_id=${JSON.stringify(task.id)}}`] = scale(task.resources.cpus, 1);
  }
  return result;
}

/** Mesos counts in thousandths; a part that is unknown makes the sum unknown. */
function add(amounts) {
  return amounts.includes(null) ? null : Math.round(amounts.reduce((sum, one) => sum + one, 0) * 1000) / 1000;
}

function scale(amount, unit) {
  return amount === null ? null : amount * unit;
}

function at20s(values) {
  const known = Object.entries(values).filter(([, value]) => value !== undefined);
  return Object.fromEntries(known.map(([selector, value]) => [selector, { '20s': value }]));
}
