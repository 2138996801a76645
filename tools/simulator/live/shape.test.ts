// Responses of a simulated cluster have the shape of a real one's: key by key, type by type, and numbers with a
// point where Mesos writes one.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenarioOf } from '../scenarios/index.ts';
import { ask, CAPTURES } from '../testing.ts';
import type { Live } from './live.ts';
import { assertAlike, page, parse, recorded, typed, typeOf, type Kinds } from './shape.ts';
import { START, withLive, type Json } from './testing.ts';

const tasksOf = (state: Json): Json[] =>
  [...state.frameworks, ...state.completed_frameworks].flatMap((f: Json) => [
    ...f.tasks,
    ...f.unreachable_tasks,
    ...f.completed_tasks,
  ]);

/** The kinds of things in a master's /state. */
const STATE: Kinds = {
  state: (state) => [state],
  agent: (state) => state.slaves,
  framework: (state) => state.frameworks,
  task: tasksOf,
  status: (state) => tasksOf(state).flatMap((task) => task.statuses),
  'container status': (state) => STATE.status(state).flatMap((status) => status.container_status ?? []),
  executor: (state) => state.frameworks.flatMap((f: Json) => f.executors),
  label: (state) => tasksOf(state).flatMap((task) => task.labels ?? []),
  discovery: (state) => tasksOf(state).flatMap((task) => task.discovery ?? []),
  'discovered port': (state) => STATE.discovery(state).flatMap(({ ports }) => ports.ports),
  'health check': (state) => tasksOf(state).flatMap((task) => task.health_check ?? []),
  "task's resources": (state) => tasksOf(state).map((task) => task.resources),
  "agent's resources": (state) => state.slaves.map((agent: Json) => agent.resources),
  "agent's used resources": (state) => state.slaves.map((agent: Json) => agent.used_resources),
  "agent's domain": (state) => state.slaves.map((agent: Json) => agent.domain.fault_domain),
  "role's reservation": (state) => state.slaves.flatMap((agent: Json) => Object.values(agent.reserved_resources)),
  leader: (state) => [state.leader_info],
};

/** Kinds that exist only during faults. */
const TROUBLES: Kinds = {
  'recovered agent': (state) => state.recovered_slaves,
  'drain of an agent': (state) => state.slaves.flatMap((agent: Json) => agent.drain_info ?? []),
  'configuration of a drain': (state) => TROUBLES['drain of an agent'](state).map(({ config }) => config),
  'unreachable task': (state) => state.frameworks.flatMap((f: Json) => f.unreachable_tasks),
  'completed framework': (state) => state.completed_frameworks,
};

/** Recorded at various moments: some keys exist only in some states of an agent or framework. */
const STATES = [
  ...['03-workload/master-get_state.json.gz', '07-agent-unreachable/master-get_state.json.gz'],
  ...['08-agent-returned/master-get_state.json.gz', '10-drain/draining-get_state.json.gz'],
  ...['10-drain/third-draining-get_state.json.gz', '13-master-restart/boot00-get_state.json'],
  ...['13-master-restart/later-get_state.json.gz', '14-ha/newleader-5061-get_state.json.gz'],
].map(recorded);

/**
 * Not recorded, as that cluster had neither Docker nor tasks on revocable CPUs: src/common/http.cpp of Mesos 1.12 writes a
 * task's `container`, and revocable resources under `<name>_revocable`.
 */
const KNOWN: Record<string, string[]> = {
  task: ['container: object'],
  'unreachable task': ['container: object'],
  "task's resources": ['cpus_revocable: double'],
  "agent's used resources": ['cpus_revocable: double'],
};

/** Written by the same function as others of which more were recorded. */
const SAME: Record<string, string> = { 'unreachable task': 'task', 'completed framework': 'framework' };

/** Attributes, roles and the like name themselves. */
function assertStateAlike(state: Json, kinds: Kinds): void {
  for (const [kind, find] of Object.entries(kinds)) {
    assertAlike(kind, find(state), STATES.flatMap(STATE[SAME[kind]] ?? find), KNOWN[kind]);
  }
}

test('/state on a quiet day', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 700);
    assertStateAlike(await page(live.masters[0], '/state'), STATE);
  }));

test('/state during faults', async (t) => {
  const moments: Array<[scenario: string, at: number, kinds: string[]]> = [
    ['agent-dies', 200, ['unreachable task']],
    ['agent-returns', 400, []],
    ['agent-drains', 130, ['drain of an agent', 'configuration of a drain']],
    ['agent-gone', 400, []],
    ['master-recovers', 200, ['recovered agent']],
    ['framework-fails-over', 700, ['completed framework']],
    ['out-of-memory', 400, []],
  ];
  for (const [scenario, at, kinds] of moments) {
    await t.test(`${scenario} after ${at} s`, () =>
      withLive({ scenario: scenarioOf(scenario) }, async (live) => {
        await live.setNow(START + at);
        const state = await page(live.masters[0], '/state');
        const found = Object.entries(STATE).filter(([, find]) => find(state).length > 0);
        assertStateAlike(state, Object.fromEntries(found));
        assertStateAlike(state, Object.fromEntries(kinds.map((kind) => [kind, TROUBLES[kind]])));
      })
    );
  }
});

test('every framework, task and agent of a recorded /state could be found again by kind', () => {
  for (const [kind, find] of Object.entries({ ...STATE, ...TROUBLES })) {
    assert.ok(STATES.flatMap(find).length > 0, kind);
  }
});

/** Keys of a snapshot, with what names frameworks, roles and principals taken out. */
function metricNames(snapshot: Json): string[] {
  return Object.entries(snapshot).map(
    ([key, value]) =>
      `${key
        .replace(/^master\/frameworks\/[^/]+\/[^/]+\/(?:roles\/.*\/suppressed)$/, 'FRAMEWORK/roles/ROLE/suppressed')
        .replace(/^master\/frameworks\/[^/]+\/[^/]+\//, 'FRAMEWORK/')
        .replace(/^frameworks\/[^/]+\//, 'PRINCIPAL/')
        .replace(
          /^(allocator\/mesos\/(?:offer_filters\/|quota\/)?roles)\/.*?\/(active|shares|resources)/,
          '$1/ROLE/$2'
        )}: ${typeOf(value)}`
  );
}

test('/metrics/snapshot of a leader and of a follower', () =>
  withLive({ plan: { masters: 3 } }, async (live) => {
    await live.setNow(START + 1800);
    const pairs: Array<[ours: string, theirs: string]> = [
      [live.masters[0], '03-workload/master-get_metrics_snapshot.json.gz'],
      [live.masters[1], '14-ha/nonleader-5061-get_metrics_snapshot.json'],
    ];
    // Appear with the first task that ends so, and with GPUs in a quota.
    const occasional = /task_\w+\/source_|gpus\/consumed/;
    for (const [base, file] of pairs) {
      const ours = new Set(metricNames(await page(base, '/metrics/snapshot')));
      const theirs = new Set(metricNames(recorded(file)));
      const leads = file.startsWith('03');
      // A follower of the recording had seen quota set before; roles are the leader's.
      const both = (name: string) => !occasional.test(name) && (leads || !name.includes('ROLE'));
      assert.deepEqual(
        [...theirs].filter((name) => both(name) && !ours.has(name)),
        [],
        `${file}: lacks`
      );
      assert.deepEqual(
        [...ours].filter((name) => both(name) && !theirs.has(name)),
        [],
        `${file}: has too much`
      );
    }
  }));

test('/roles', () =>
  withLive({}, async (live) => {
    const find: Kinds = {
      role: ({ roles }) => roles,
      quota: ({ roles }) => roles.map(({ quota }: Json) => quota),
      amount: ({ roles }) =>
        roles.flatMap(({ quota, allocated, reserved, offered, resources }: Json) => [
          ...[quota.guarantee, quota.limit, quota.consumed, allocated, reserved, offered, resources],
        ]),
    };
    const ours = await page(live.masters[0], '/roles');
    const theirs = recorded('03-workload/master-get_roles.json');
    for (const [kind, of] of Object.entries(find)) {
      assertAlike(kind, of(ours), of(theirs), kind === 'amount' ? ['gpus: double'] : []);
    }
  }));

test('/version and /flags of masters and agents', () =>
  withLive({}, async (live) => {
    for (const name of ['version', 'flags']) {
      const pairs = [
        [live.masters[0], 'master'],
        [live.agents[0], 'agent1'],
      ];
      for (const [base, host] of pairs) {
        const ours = await page(base, `/${name}`);
        const theirs = recorded(`03-workload/${host}-get_${name}.json`);
        assert.deepEqual(typed(ours.flags ?? ours).sort(), typed(theirs.flags ?? theirs).sort());
      }
    }
  }));

/** Agents whose recorded names do as they do here: with cgroups, and without. */
const MEASURING = [
  { agent: 0, recorded: ['agent1', 'agent2'] },
  { agent: 3, recorded: ['agent3'] },
];

test('/monitor/statistics of agents with and without cgroups', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 600);
    for (const { agent, recorded: names } of MEASURING) {
      const ours = await page(live.agents[agent], '/monitor/statistics');
      const theirs = names.flatMap((name) => recorded(`03-workload/${name}-get_monitor_statistics.json`));
      assertAlike('entry', ours, theirs);
      const posixDisk = ['disk_limit_bytes: integer', 'disk_statistics: list', 'disk_used_bytes: integer'];
      const statistics = ({ statistics }: Json) => statistics as Json;
      assertAlike('measurement', ours.map(statistics), theirs.map(statistics), posixDisk);
    }
  }));

test('/metrics/snapshot and /state of an agent', () =>
  withLive({}, async (live) => {
    const agent = live.agents[0];
    const theirs = recorded('03-workload/agent1-get_metrics_snapshot.json');
    assert.deepEqual(typed(await page(agent, '/metrics/snapshot')).sort(), typed(theirs).sort());

    const states = [recorded('03-workload/agent1-get_state.json.gz'), recorded('03-workload/agent3-get_state.json.gz')];
    const find: Kinds = {
      "agent's state": (state) => [state],
      framework: (state) => state.frameworks,
      executor: (state) => state.frameworks.flatMap((f: Json) => f.executors),
      task: (state) => find.executor(state).flatMap(({ tasks }) => tasks),
      'full resource': (state) => [
        ...state.unreserved_resources_full,
        ...Object.values<Json[]>(state.reserved_resources_full).flat(),
      ],
    };
    const ours = await page(agent, '/state');
    for (const [kind, of] of Object.entries(find)) {
      const theirs = kind === 'task' ? STATES.flatMap(tasksOf) : states.flatMap(of);
      assertAlike(kind, of(ours), theirs, KNOWN[kind]);
    }
  }));

/** Pages of both, with what a recorded one answered. */
async function assertHeads(live: Live, cases: Array<[base: string, path: string, file: string, auth?: string]>) {
  for (const [base, path, file, auth] of cases) {
    const head = readFileSync(join(CAPTURES, `${file}.headers`), 'utf8');
    const lines = head.split('\n').filter((line) => !line.startsWith('>') && line !== '');
    const [, status] = /^HTTP\/1\.1 (\d+)/.exec(lines[0]) ?? [];
    const got = await ask(base, path, auth === undefined ? {} : { headers: { Authorization: auth } });
    assert.equal(String(got.status), status, `${path} as ${file}`);
    for (const name of ['content-type', 'www-authenticate']) {
      const line = lines.find((l) => l.toLowerCase().startsWith(`${name}:`));
      assert.equal(got.headers[name], line?.slice(name.length + 2), `${name} of ${path} as ${file}`);
    }
    const body = ['txt', 'json']
      .map((ext) => join(CAPTURES, `${file}.${ext}`))
      .flatMap((name) => {
        try {
          return [readFileSync(name, 'utf8')];
        } catch {
          return [];
        }
      })[0];
    if (status !== '200' && body !== undefined) {
      assert.equal(got.body.toString(), body, `${path} as ${file}`);
    }
  }
}

test('status, type and text of what followers, agents and ACLs answer', async () => {
  await withLive({ scenario: scenarioOf('no-leader') }, async (live) => {
    await live.setNow(START + 60);
    const follower = live.masters[1];
    await assertHeads(live, [
      [follower, '/state', '14-ha/nonleader-5061-get_state'],
      [follower, '/redirect', '14-ha/nonleader-5061-get_redirect'],
      [follower, '/version', '14-ha/nonleader-5061-get_version'],
      [follower, '/health', '14-ha/nonleader-5061-get_health'],
      [live.masters[0], '/redirect', '03-workload/master-get_redirect'],
      [live.agents[0], '/monitor/statistics', '03-workload/agent1-get_monitor_statistics'],
    ]);
    await live.setNow(START + 200);
    await assertHeads(live, [
      [follower, '/state', '14-ha/noleader-5062-get_state'],
      [follower, '/redirect', '14-ha/noleader-5062-get_redirect'],
      [follower, '/roles', '14-ha/noleader-5062-get_roles'],
      [follower, '/metrics/snapshot', '14-ha/noleader-5062-get_metrics_snapshot'],
    ]);
  });
  await withLive({ scenario: scenarioOf('auth') }, async (live) => {
    const as = (name: string, password = `${name}-secret`) =>
      `Basic ${Buffer.from(`${name}:${password}`).toString('base64')}`;
    const [master, agent] = [live.masters[0], live.agents[0]];
    const cases: Array<[prefix: string, auth?: string]> = [
      ['nocred'],
      ['wrongpw', as('monitor', 'wrong')],
      ['unknownuser', as('nobody')],
      ['bearer', 'Bearer abc'],
      ['malformed', 'Basic !!!'],
      ['limited', as('limited')],
      ['monitor', as('monitor')],
    ];
    for (const [prefix, auth] of cases) {
      await assertHeads(live, [
        [master, '/state', `15-auth/${prefix}-master-get_state`, auth],
        [master, '/metrics/snapshot', `15-auth/${prefix}-master-get_metrics_snapshot`, auth],
        [agent, '/monitor/statistics', `15-auth/${prefix}-agent1-get_monitor_statistics`, auth],
      ]);
    }
    await assertHeads(live, [
      [master, '/version', '15-auth/nocred-master-get_version'],
      [master, '/redirect', '15-auth/nocred-master-get_redirect'],
      [agent, '/state', '15-auth/nocred-agent1-get_state'],
      [agent, '/health', '15-auth/nocred-agent1-get_health'],
    ]);
    const filtered = async (path: string) =>
      parse((await ask(master, path, { headers: { Authorization: as('limited') } })).body.toString());
    const state = await filtered('/state');
    assert.deepEqual(typed(state), typed(recorded('15-auth/limited-master-get_state.json')));
    assert.equal(state.frameworks.length, 0);
    assert.deepEqual(await filtered('/roles'), recorded('15-auth/limited-master-get_roles.json'));
    const ours = parse((await ask(agent, '/state', { headers: { Authorization: as('limited') } })).body.toString());
    assert.deepEqual(typed(ours).sort(), typed(recorded('15-auth/limited-agent1-get_state.json')).sort());
  });
});
