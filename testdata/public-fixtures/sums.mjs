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

// Keys of /metrics/snapshot whose series are not named mesos_ and the key, with agent for slave (docs/metrics.md).
const NAMES = {
  'frameworks/jenkins/messages_processed': 'mesos_master_framework_messages_processed_total{principal="jenkins"}',
  'frameworks/jenkins/messages_received': 'mesos_master_framework_messages_received_total{principal="jenkins"}',
  'registrar/state_fetch_ms': 'mesos_registrar_state_fetch_last_seconds',
  'registrar/state_store_ms': 'mesos_registrar_state_store_last_seconds',
  'registrar/state_store_ms/count': 'mesos_registrar_state_store_window_samples',
  'registrar/state_store_ms/max': 'mesos_registrar_state_store_max_seconds',
  'registrar/state_store_ms/min': 'mesos_registrar_state_store_min_seconds',
  'master/slave_registrations': 'mesos_master_agent_registrations_total',
  'master/slave_removals': 'mesos_master_agent_removals_total',
  'master/slave_reregistrations': 'mesos_master_agent_reregistrations_total',
  'master/slave_shutdowns_canceled': 'mesos_master_agent_shutdowns_canceled_total',
  'master/slave_shutdowns_scheduled': 'mesos_master_agent_shutdowns_scheduled_total',
  'master/recovery_slave_removals': 'mesos_master_recovery_agent_removals_total',
  'master/dropped_messages': 'mesos_master_dropped_messages_total',
};
const COUNTED =
  /^(master|slave)\/(messages_|(in)?valid_)|^slave\/(tasks_(failed|finished|killed|lost)|executors_terminated|recovery_errors)$/;

/** Returns the series of a key and what its value is multiplied by. */
function seriesOf(key, origin) {
  const spelled = (words) => words.replaceAll('slave', 'agent');
  const [, state, source, reason] = /^master\/task_(\w+)\/source_(\w+)\/reason_(\w+)$/.exec(key) ?? [];
  const [, , resource, amount] = /^(master|slave)\/(cpus|gpus|mem|disk)_(total|used|percent)$/.exec(key) ?? [];
  const [, ended] = /^master\/tasks_(error|failed|finished|killed|lost)$/.exec(key) ?? [];
  const [, digits] = /\/p(\d+)$/.exec(key) ?? [];
  if (state) {
    return [
      `mesos_master_task_status_total{state="${state}",source="${spelled(source)}",reason="${spelled(reason)}"}`,
      1,
    ];
  }
  if (ended) {
    return [`mesos_cluster_tasks_ended_total{state="${ended}"}`, 1];
  }
  if (digits) {
    return [`mesos_registrar_state_store_seconds{quantile="0.${digits.replace(/0$/, '')}"}`, 0.001];
  }
  if (resource) {
    const [name, unit] = { mem: ['memory', MIB], disk: ['disk', MIB] }[resource] ?? [resource, 1];
    const start = `mesos_${origin === 'agent' ? 'agent_reported' : 'master'}_${name}`;
    return {
      total: [`${start}_capacity${unit > 1 ? '_bytes' : ''}`, unit],
      used: [`${start}_allocated${unit > 1 ? '_bytes' : ''}`, unit],
      percent: [`${start}_allocated_ratio`, 1],
    }[amount];
  }
  if (NAMES[key]) {
    return [NAMES[key], key.includes('_ms') && !key.endsWith('/count') ? 0.001 : 1];
  }
  if (key.startsWith('system/')) {
    const system = {
      'system/cpus_total': 'cpus',
      'system/load_1min': 'load1',
      'system/load_5min': 'load5',
      'system/load_15min': 'load15',
      'system/mem_free_bytes': 'memory_free_bytes',
      'system/mem_total_bytes': 'memory_total_bytes',
    };
    return [`mesos_${origin}_system_${system[key]}`, 1];
  }
  if (!key.includes('/')) {
    return [`mesos_${key}{key="${key}"}`, 1]; // of a page that Mesos had before 0.19
  }
  const name = `mesos_${spelled(key)
    .replaceAll('/', '_')
    .replace(/_secs$/, '_seconds')}`;
  return [COUNTED.test(key) ? `${name}_total` : name, 1];
}

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
        {
          at: '25s',
          health: { ok: true, message: { has: [`Mesos ${state.version}`], lacks: ['part of the cluster'] } },
        },
        { series: at20s(sums(state, edited)) },
      ],
    },
  };
  writeFileSync(new URL(`replays/${name}.json`, folder), JSON.stringify(replay, undefined, 2) + '\n');
}

for (const [file, origin] of [
  ['old-masters/mackerel_master_metrics_snapshot_0.2x.json', 'master'],
  ['old-masters/bolcom_agent_metrics_snapshot_0.22.1.json', 'agent'],
  ['datadog/mesos_slave_stats.json', 'agent'],
]) {
  const snapshot = JSON.parse(readFileSync(new URL(file, folder)));
  const page = { 'GET /metrics/snapshot': { status: 200, file } };
  const master = { others: 'as the base cluster' };
  const values = Object.entries(snapshot).map(([key, value]) => {
    const [selector, factor] = seriesOf(key, origin);
    return [selector, value * factor];
  });
  const replay = {
    right: `Every key of ${file}, by name and unit.`,
    jsonData: { masters: ['http://m1.example:5050'], pollInterval: '10s', agentStatistics: origin === 'agent' },
    answers:
      origin === 'master'
        ? { 'm1.example:5050': { ...page, ...master } }
        : {
            'm1.example:5050': master,
            'a1.example:5051': { ...page, 'GET /monitor/statistics': { status: 200, json: [] } },
          },
    want: { checks: [{ at: '25s', series: at20s(Object.fromEntries(values)) }] },
  };
  const name = file.replace(/.*\//, '');
  writeFileSync(new URL(`replays/${name}`, folder), JSON.stringify(replay, undefined, 2) + '\n');
}

/** Masters before 0.25 have /state.json only. */
function pages(file, { version }) {
  const [major, minor] = version.split('.').map(Number);
  const page = major === 0 && minor < 25 ? '/state.json' : '/state';
  return {
    'GET /redirect': { status: 307, location: '//m1.example:5050' },
    'GET /metrics/snapshot': { status: 200, json: { 'master/elected': 1, 'master/uptime_secs': 5000 } },
    [`GET ${page}`]: { status: 200, file },
  };
}

function sums(state, edited) {
  const { slaves } = state;
  // A framework has one task of an ID: of one that is listed twice, as in an edited file, the first counts.
  const once = (tasks) => tasks?.filter(({ id }, i) => tasks.findIndex((task) => task.id === id) === i);
  const frameworks = state.frameworks.map((framework) => ({ ...framework, tasks: once(framework.tasks) }));
  const orphans = state.orphan_tasks ?? [];
  const live = (tasks = []) => tasks.filter((task) => /STAGING|STARTING|RUNNING|KILLING/.test(task.state));
  const running = (tasks = []) => tasks.filter((task) => task.state === 'TASK_RUNNING').length;
  const all = frameworks.flatMap((framework) => live(framework.tasks));
  const result = { 'mesos_cluster_agents{state="active"}': edited ? undefined : state.activated_slaves };
  // Older masters do not tell these two.
  result['mesos_cluster_agents{state="unreachable"}'] = state.unreachable_slaves ?? null;
  result['mesos_cluster_agents{state="recovered"}'] = state.recovered_slaves?.length ?? null;
  result['mesos_cluster_tasks{state="running"}'] = frameworks.reduce(
    (n, { tasks }) => n + running(tasks),
    running(orphans)
  );

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
