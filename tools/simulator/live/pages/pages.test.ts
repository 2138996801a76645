// The pages of masters and agents besides /state have the shape of recorded ones, and say what is true.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenarioOf } from '../../scenarios/index.ts';
import { ask, askJSON, CAPTURES } from '../../testing.ts';
import { assertAlike, assertKindsAlike, page, recorded, typed, type Kinds } from '../shape.ts';
import { START, withLive, type Json } from '../testing.ts';

const MIB = 1 << 20;
const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 0.0011, `${what}: ${a} is not ${b}`);

/** Roles name themselves. */
const byRole = (agents: Json[], field: string) => agents.flatMap((agent) => Object.values<Json>(agent[field]));

const SLAVES: Kinds = {
  answer: (answer) => [answer],
  agent: ({ slaves }) => slaves,
  "agent's resources": ({ slaves }) => slaves.map(({ resources }: Json) => resources),
  'reserved resource': ({ slaves }) => byRole(slaves, 'reserved_resources_full').flat(),
  'unreserved resource': ({ slaves }) => slaves.flatMap((agent: Json) => agent.unreserved_resources_full),
  'used resource': ({ slaves }) => slaves.flatMap((agent: Json) => agent.used_resources_full),
};

/** Tasks on revocable CPUs were not recorded. */
const REVOCABLE = { 'used resource': ['revocable: object'], 'offered resource': ['revocable: object'] };

test('/slaves', () =>
  withLive({ scenario: scenarioOf('agent-drains') }, async (live) => {
    const recordings = [
      ...['03-workload/master-get_slaves.json', '10-drain/draining-get_slaves.json'],
      '10-drain/third-draining-get_slaves.json',
    ].map(recorded);
    let offered = 0;
    for (let at = 100; at < 180; at += 10) {
      await live.setNow(START + at);
      const ours = await page(live.masters[0], '/slaves');
      assertKindsAlike(ours, recordings, SLAVES, REVOCABLE);
      const offers = (slaves: Json) => slaves.slaves.flatMap((agent: Json) => agent.offered_resources_full);
      if (offers(ours).length > 0) {
        assertAlike('offered resource', offers(ours), recordings.flatMap(offers), REVOCABLE['offered resource']);
        offered++;
      }
    }
    assert.ok(offered > 0, 'nothing was offered');

    const { slaves } = await askJSON<Json>(live.masters[0], '/slaves');
    const state = await askJSON<Json>(live.masters[0], '/state');
    const { agents } = live.truth();
    for (const [i, agent] of (slaves as Json[]).entries()) {
      const {
        reserved_resources_full,
        unreserved_resources_full,
        used_resources_full,
        offered_resources_full,
        ...same
      } = agent;
      assert.deepEqual(same, state.slaves[i]);
      const known = agents[i];
      const total = [...unreserved_resources_full, ...Object.values<Json[]>(reserved_resources_full).flat()];
      near(sum(total, 'cpus'), known.capacity.cpus + known.capacity.revocableCpus, known.agent);
      near(
        sum(used_resources_full, 'cpus'),
        known.allocated.cpus + known.allocated.revocableCpus,
        `${known.agent}: used`
      );
      near(sum(used_resources_full, 'mem') * MIB, known.allocated.memoryBytes, `${known.agent}: memory`);
      near(sum(offered_resources_full, 'mem') * MIB, known.offered.memoryBytes, `${known.agent}: offered`);
      const alone = await askJSON<Json>(live.masters[0], `/slaves?slave_id=${agent.id}`);
      assert.deepEqual(alone, { slaves: [agent], recovered_slaves: [] });
    }
    assert.deepEqual(await page(live.masters[0], '/slaves?slave_id=nope'), recorded('09-protocol/slaves-unknown.json'));
  }));

function sum(resources: Json[], name: string): number {
  return resources.reduce((n, resource) => n + (resource.name === name ? Number(resource.scalar.value) : 0), 0);
}

const SUMMARY: Kinds = {
  answer: (answer) => [answer],
  agent: ({ slaves }) => slaves,
  framework: ({ frameworks }) => frameworks,
};

test('/state-summary', () =>
  withLive({ scenario: scenarioOf('crash-loop') }, async (live) => {
    await live.setNow(START + 300);
    const [master] = live.masters;
    const ours = await page(master, '/state-summary');
    assertKindsAlike(ours, [recorded('03-workload/master-get_state-summary.json')], SUMMARY);

    const summary = await askJSON<Json>(master, '/state-summary');
    const state = await askJSON<Json>(master, '/state');
    const truth = live.truth();
    const running = (things: Json[]) => things.reduce((n, { TASK_RUNNING }) => n + Number(TASK_RUNNING), 0);
    assert.equal(running(summary.slaves), truth.cluster.tasks.running);
    assert.equal(running(summary.frameworks), truth.cluster.tasks.running);
    const failed = (state.frameworks as Json[]).flatMap(({ completed_tasks }) =>
      (completed_tasks as Json[]).filter((task) => task.state === 'TASK_FAILED')
    );
    assert.ok(failed.length > 0);
    assert.equal(
      summary.slaves.reduce((n: number, { TASK_FAILED }: Json) => n + Number(TASK_FAILED), 0),
      failed.length
    );
    for (const [i, agent] of (summary.slaves as Json[]).entries()) {
      assert.equal(agent.TASK_RUNNING, truth.agents[i].tasks.running ?? 0, agent.hostname);
      for (const id of agent.framework_ids) {
        const framework = summary.frameworks.find((f: Json) => f.id === id);
        assert.ok(framework.slave_ids.includes(agent.id), `${framework.name} does not know ${agent.hostname}`);
      }
    }
  }));

test('/frameworks is what /state has of them', () =>
  withLive({ scenario: scenarioOf('framework-fails-over') }, async (live) => {
    await live.setNow(START + 700);
    const [master] = live.masters;
    const all = await askJSON<Json>(master, '/frameworks');
    const state = await askJSON<Json>(master, '/state');
    assert.deepEqual(all, {
      frameworks: state.frameworks,
      completed_frameworks: state.completed_frameworks,
      unregistered_frameworks: [],
    });
    assert.ok(all.completed_frameworks.length > 0);
    assert.deepEqual(
      typed(await page(master, '/frameworks')),
      typed(recorded('03-workload/master-get_frameworks.json.gz'))
    );
    for (const framework of all.frameworks) {
      const alone = await askJSON<Json>(master, `/frameworks?framework_id=${framework.id}`);
      assert.deepEqual(alone.frameworks, [framework]);
    }
    assert.deepEqual(
      await page(master, '/frameworks?framework_id=nope'),
      recorded('09-protocol/frameworks-unknown.json')
    );
    assert.deepEqual(await askJSON<Json>(master, '/frameworks'), all);
  }));

test('/tasks: newest first, a hundred at most, or as asked', () =>
  withLive({ plan: { tasks: 300 } }, async (live) => {
    await live.setNow(START + 600);
    const [master] = live.masters;
    const tasks = async (query: string) => (await askJSON<{ tasks: Json[] }>(master, `/tasks${query}`)).tasks;
    const ids = async (query: string) => (await tasks(query)).map(({ id }) => id as string);
    const { frameworks } = await askJSON<{ frameworks: Json[] }>(master, '/state');
    const listed = frameworks.flatMap((f) => [...f.tasks, ...f.unreachable_tasks, ...f.completed_tasks] as Json[]);
    const everything = await tasks('?limit=-1');
    const byId = (list: Json[]) => [...list].sort((a, b) => (a.id < b.id ? -1 : 1));
    assert.deepEqual(byId(everything), byId(listed));
    const running = everything.filter(({ state }) => state === 'TASK_RUNNING').length;
    assert.equal(running, live.truth().cluster.tasks.running);

    const newest = everything.map(({ id }) => id as string);
    const first = ({ statuses }: Json) => Number(statuses[0]?.timestamp ?? 0);
    assert.deepEqual(
      everything.map(first),
      [...everything.map(first)].sort((a, b) => b - a)
    );
    assert.deepEqual(await ids(''), newest.slice(0, 100));
    for (const nonsense of ['?limit=abc', '?order=bogus', '?offset=x', '?limit=1.5']) {
      assert.deepEqual(await ids(nonsense), newest.slice(0, 100), nonsense);
    }
    assert.deepEqual(await ids('?limit=3&offset=2'), newest.slice(2, 5));
    assert.deepEqual(await ids('?limit=0'), []);
    assert.deepEqual(await ids('?offset=100000'), []);
    const oldest = await tasks('?limit=5&order=asc');
    assert.deepEqual(oldest.map(first), [...everything.map(first)].sort((a, b) => a - b).slice(0, 5));

    const { id, tasks: own, completed_tasks: done } = frameworks[0];
    const ofFirst = await tasks(`?limit=-1&framework_id=${id}`);
    assert.deepEqual(byId(ofFirst), byId([...own, ...done]));
    assert.deepEqual(await tasks(`?framework_id=${id}&task_id=${own[0].id}`), [own[0]]);
    assert.deepEqual(await ids('?framework_id=nope'), []);
    assert.deepEqual(await ids('?task_id=nope'), []);

    const theirs = ['03-workload/master-get_tasks.json.gz', '09-protocol/tasks-limit_-1.json.gz'].map(recorded);
    const ours = await page(master, '/tasks?limit=-1');
    assertKindsAlike(
      ours,
      theirs,
      {
        answer: (answer) => [answer],
        task: (answer) => answer.tasks,
        status: (a) => a.tasks.flatMap((t: Json) => t.statuses),
      },
      { task: ['container: object'] }
    );
  }));

test('/quota and /weights', () =>
  withLive({}, async (live) => {
    const [master] = live.masters;
    const kinds: Kinds = {
      answer: (answer) => [answer],
      info: ({ infos }) => infos,
      resource: ({ infos }) => infos.flatMap(({ guarantee }: Json) => guarantee ?? []),
      config: ({ configs }) => configs,
      amount: ({ configs }) => configs.flatMap((c: Json) => [c.limits, c.guarantees].filter((x) => x !== undefined)),
    };
    assertKindsAlike(await page(master, '/quota'), [recorded('03-workload/master-get_quota.json')], kinds);
    assertAlike('weight', await page(master, '/weights'), recorded('03-workload/master-get_weights.json'));

    const { roles } = live.truth();
    const { configs } = await askJSON<{ configs: Json[] }>(master, '/quota');
    const known = roles.filter(({ quotaLimit, quotaGuarantee }) => quotaLimit ?? quotaGuarantee);
    assert.deepEqual(configs.map(({ role }) => role as string).sort(), known.map(({ role }) => role).sort());
    for (const { role, limits, guarantees } of configs) {
      const { quotaLimit, quotaGuarantee } = known.find((k) => k.role === role) ?? {};
      assert.equal(limits?.cpus.value, quotaLimit?.cpus);
      assert.equal(limits === undefined ? undefined : limits.mem.value * MIB, quotaLimit?.memoryBytes);
      assert.equal(guarantees?.cpus.value, quotaGuarantee?.cpus);
    }
    for (const { role, weight } of await askJSON<Json[]>(master, '/weights')) {
      assert.equal(weight, roles.find((r) => r.role === role)?.weight);
    }
  }));

test('/containers of agents, with nested ones or without', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 600);
    const files = ['agent1', 'agent3'].map((name) => `03-workload/${name}-get_containers.json`);
    for (const [i, file] of [0, 3].entries()) {
      const base = live.agents[file];
      const ours = await page(base, '/containers');
      const theirs = recorded(files[i]);
      assertAlike('container', ours, theirs);
      assertAlike('status', ours.map(({ status }: Json) => status), theirs.map(({ status }: Json) => status)); // prettier-ignore
      const containers = await askJSON<Json[]>(base, '/containers?show_nested=true&show_standalone=true');
      const measured = await askJSON<Json[]>(base, '/monitor/statistics');
      assert.deepEqual(
        containers.map(({ container_id, status, ...rest }) => rest),
        measured
      );
      const state = await askJSON<Json>(base, '/state');
      const executors = (state.frameworks as Json[]).flatMap((f) => f.executors as Json[]);
      for (const { container_id, executor_id, status } of containers) {
        assert.equal(executors.find(({ id }) => id === executor_id)?.container, container_id);
        assert.deepEqual(status.container_id, { value: container_id });
      }
    }
  }));

test('/system/stats.json has the values of /metrics/snapshot', () =>
  withLive({}, async (live) => {
    for (const [base, file] of [
      [live.masters[0], 'master'],
      [live.agents[0], 'agent1'],
    ]) {
      const theirs = recorded(`03-workload/${file}-get_system_stats.json.json`);
      assert.deepEqual(typed(await page(base, '/system/stats.json')), typed(theirs));
      const stats = await askJSON<Json>(base, '/system/stats.json');
      const metrics = await askJSON<Json>(base, '/metrics/snapshot');
      assert.equal(stats.avg_load_1min, metrics['system/load_1min']);
      assert.equal(stats.mem_free_bytes, Math.round(metrics['system/mem_free_bytes']));
    }
  }));

/** What only a leader has. */
const OF_CLUSTER = [
  ...['slaves', 'frameworks', 'state-summary', 'tasks', 'quota', 'weights'],
  ...['maintenance/schedule', 'maintenance/status'],
];

/** Status, type and text of an answer are those recorded. */
async function assertAsRecorded(base: string, path: string, stem: string, headers: object = {}): Promise<void> {
  const head = readFileSync(join(CAPTURES, `${stem}.headers`), 'utf8');
  const [, status] = /^HTTP\/1\.1 (\d+)/m.exec(head) ?? [];
  const got = await ask(base, path, { headers });
  assert.equal(String(got.status), status, `${path} as ${stem}`);
  assert.equal(got.headers['content-type'], /^Content-Type: (.*)$/m.exec(head)?.[1], `${path} as ${stem}`);
  const location = /^Location: (.*)$/m.exec(head)?.[1];
  assert.equal(got.headers.location?.replace(/:\d+/, ':5050'), location, `${path} as ${stem}`);
  if (status !== '200' && location === undefined) {
    assert.equal(got.body.toString(), readFileSync(join(CAPTURES, `${stem}.txt`), 'utf8'));
  }
}

test('followers send to the leader, or say that there is none', () =>
  withLive({ scenario: scenarioOf('no-leader') }, async (live) => {
    const follower = live.masters[1];
    for (const [at, recording] of [
      [60, 'nonleader-5061'],
      [200, 'noleader-5062'],
    ] as const) {
      await live.setNow(START + at);
      for (const path of OF_CLUSTER) {
        await assertAsRecorded(follower, `/${path}`, `14-ha/${recording}-get_${path.replace('/', '_')}`);
      }
      await assertAsRecorded(follower, '/system/stats.json', `14-ha/${recording}-get_system_stats.json`);
    }
  }));

test('a leader that has not recovered has nothing to say, and then agents it has not heard of', () =>
  withLive({ scenario: scenarioOf('leader-fails') }, async (live) => {
    const leads = () => live.truth().leader;
    const old = leads();
    let at = 0;
    for (; leads() === old || leads() === null; at += 0.5) {
      await live.setNow(START + at);
    }
    const leader = live.masters.find((url) => url.endsWith(`:${leads()?.split(':')[1]}`)) ?? '';
    for (const path of OF_CLUSTER) {
      const file = `14-ha/elected-norecovery-5050-get_${path.replace('/', '_')}.json`;
      const theirs = recorded(file);
      const ours = await page(leader, `/${path}`);
      assert.deepEqual({ ...ours, cluster: '' }, { ...theirs, cluster: '' }, path);
    }
    await live.setNow(live.now() + 1.5);
    const ours = await page(leader, '/slaves');
    const theirs = recorded('13-master-restart/after-get_slaves.json');
    assertAlike('recovered agent', ours.recovered_slaves, theirs.recovered_slaves);
    assert.equal(ours.recovered_slaves.length, live.truth().cluster.agents.recovered);
  }));

test('who may see what', () =>
  withLive({ scenario: scenarioOf('auth') }, async (live) => {
    const [[master], [agent]] = [live.masters, live.agents];
    const limited = { Authorization: `Basic ${Buffer.from('limited:limited-secret').toString('base64')}` };
    for (const [name, headers] of [
      ['nocred', {}],
      ['limited', limited],
    ] as const) {
      for (const path of [...OF_CLUSTER.filter((p) => p !== 'maintenance/schedule'), 'system/stats.json', '']) {
        const file = `15-auth/${name}-master-get_${path.replace('/', '_')}`;
        await assertAsRecorded(master, `/${path}`, file, headers);
      }
      await assertAsRecorded(agent, '/containers', `15-auth/${name}-agent1-get_containers`, headers);
      await assertAsRecorded(agent, '/system/stats.json', `15-auth/${name}-agent1-get_system_stats.json`, headers);
    }
    const filtered = async (path: string) =>
      JSON.parse((await ask(master, path, { headers: limited })).body.toString());
    for (const path of ['/frameworks', '/tasks', '/weights']) {
      assert.deepEqual(await filtered(path), recorded(`15-auth/limited-master-get_${path.slice(1)}.json`), path);
    }
    const { slaves } = (await filtered('/slaves')) as { slaves: Json[] };
    assert.equal(slaves.length, 12);
    for (const { reserved_resources, reserved_resources_full, used_resources_full } of slaves) {
      assert.deepEqual([reserved_resources, reserved_resources_full, used_resources_full], [{}, {}, []]);
    }
    assert.deepEqual((await filtered('/state-summary')).frameworks, []);
  }));
