// The operator API: checks of calls, responses with the recorded shape and the true values, and actions.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { scenarioOf } from '../../scenarios/index.ts';
import { ask, askJSON, CAPTURES } from '../../testing.ts';
import type { Live } from '../live.ts';
import { assertAlike, assertKindsAlike, parse, recorded, typed, type Kinds } from '../shape.ts';
import { START, withLive, type Json } from '../testing.ts';
import { call, JSON_HEADERS, recordedEvents } from './testing.ts';

const MIB = 1 << 20;
const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 0.0011, `${what}: ${a} is not ${b}`);

async function get(live: Live, type: string): Promise<Json> {
  const got = await call(live.masters[0], { type, [type.toLowerCase()]: {} });
  assert.equal(got.status, 200, got.body.toString());
  return JSON.parse(got.body.toString()) as Json;
}

/** The answer with numbers as they were written. */
async function written(live: Live, type: string): Promise<Json> {
  const got = await call(live.masters[0], { type, [type.toLowerCase()]: {} });
  return parse(got.body.toString()) as Json;
}

const status = ({ statuses }: Json): Json[] => (statuses ?? []) as Json[];
const tasksOf = ({ tasks, unreachable_tasks, completed_tasks }: Json): Json[] => [
  ...tasks,
  ...unreachable_tasks,
  ...completed_tasks,
];

const TASKS: Kinds = {
  tasks: (tasks) => [tasks],
  task: tasksOf,
  status: (tasks) => tasksOf(tasks).flatMap(status),
  "task's resource": (tasks) => tasksOf(tasks).flatMap(({ resources }) => resources),
  'container status': (tasks) => TASKS.status(tasks).flatMap(({ container_status }) => container_status ?? []),
};

const AGENTS: Kinds = {
  agents: (agents) => [agents],
  agent: ({ agents }) => agents,
  'agent info': ({ agents }) => agents.map(({ agent_info }: Json) => agent_info),
  attribute: (agents) => AGENTS['agent info'](agents).flatMap(({ attributes }) => attributes),
  resource: (agents) => AGENTS['agent info'](agents).flatMap(({ resources }) => resources),
  'resource of all': ({ agents }) => agents.flatMap(({ total_resources }: Json) => total_resources),
  'allocated resource': ({ agents }) => agents.flatMap(({ allocated_resources }: Json) => allocated_resources ?? []),
  moment: ({ agents }) => agents.map(({ registered_time }: Json) => registered_time),
};

const FRAMEWORKS: Kinds = {
  frameworks: (frameworks) => [frameworks],
  framework: ({ frameworks }) => frameworks,
  info: ({ frameworks }) => frameworks.map(({ framework_info }: Json) => framework_info),
  'allocated resource': ({ frameworks }) =>
    frameworks.flatMap(({ allocated_resources }: Json) => allocated_resources ?? []),
};

const EXECUTORS: Kinds = {
  executor: ({ executors }) => executors,
  info: ({ executors }) => executors.map(({ executor_info }: Json) => executor_info),
  "executor's resource": (executors) => EXECUTORS.info(executors).flatMap(({ resources }) => resources),
};

/** Not recorded: Docker, tasks on revocable CPUs, executors in reservations; and no offer was outstanding when these were asked. */
const KNOWN: Record<string, string[]> = {
  task: ['container: object'],
  "task's resource": ['revocable: object'],
  "executor's resource": ['reservations: list'],
  'allocated resource': ['revocable: object'],
  agent: ['offered_resources: list'],
  framework: ['offered_resources: list'],
};

const TASKS_RECORDED = [
  '03-workload/master-v1-GET_TASKS.json.gz',
  '07-agent-unreachable/master-v1-GET_TASKS.json.gz',
].map((file) => recorded(file).get_tasks as Json);

/** Those above have all started; the event stream knows tasks that have not. */
const STAGING = {
  ...{ unreachable_tasks: [], completed_tasks: [] },
  tasks: recordedEvents().flatMap(({ task_added }) => (task_added?.task as Json | undefined) ?? []),
};
TASKS_RECORDED.push(STAGING);

test('responses of a leader have the shape of recorded ones', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 700);
    const kinds: Array<[type: string, kinds: Kinds, theirs: Json[]]> = [
      ['GET_TASKS', TASKS, TASKS_RECORDED],
      ['GET_AGENTS', AGENTS, [recorded('03-workload/master-v1-GET_AGENTS.json').get_agents]],
      ['GET_FRAMEWORKS', FRAMEWORKS, [recorded('03-workload/master-v1-GET_FRAMEWORKS.json').get_frameworks]],
      ['GET_EXECUTORS', EXECUTORS, [recorded('03-workload/master-v1-GET_EXECUTORS.json').get_executors]],
    ];
    const state = (await written(live, 'GET_STATE')).get_state;
    assert.deepEqual(typed(state), typed(recorded('03-workload/master-v1-GET_STATE.json.gz').get_state));
    for (const [type, find, theirs] of kinds) {
      const field = type.toLowerCase();
      const ours = await written(live, type);
      assert.deepEqual(ours.type, type);
      assertKindsAlike(ours[field], theirs, find, KNOWN);
      assertKindsAlike(state[field], theirs, find, KNOWN);
    }
    const whole = ['HEALTH', 'VERSION', 'LOGGING_LEVEL', 'MAINTENANCE_SCHEDULE', 'MAINTENANCE_STATUS'];
    for (const name of whole) {
      assert.deepEqual(await written(live, `GET_${name}`), recorded(`03-workload/master-v1-GET_${name}.json`), name);
    }
    const lists: Array<[type: string, find: (answer: Json) => Json[], more?: string[]]> = [
      ['GET_FLAGS', ({ get_flags }) => get_flags.flags],
      ['GET_ROLES', ({ get_roles }) => get_roles.roles],
      ['GET_ROLES', ({ get_roles }) => get_roles.roles.flatMap(({ resources }: Json) => resources ?? [])],
      ['GET_WEIGHTS', ({ get_weights }) => get_weights.weight_infos],
      ['GET_QUOTA', ({ get_quota }) => get_quota.status.infos],
      ['GET_QUOTA', ({ get_quota }) => get_quota.status.configs],
      ['GET_MASTER', ({ get_master }) => [get_master]],
      ['GET_MASTER', ({ get_master }) => [get_master.master_info]],
      ['GET_MASTER', ({ get_master }) => [get_master.master_info.address]],
    ];
    for (const [type, find] of lists) {
      assertAlike(type, find(await written(live, type)), find(recorded(`03-workload/master-v1-${type}.json`)));
    }
    const metrics = await written(live, 'GET_METRICS');
    assertAlike(
      'metric',
      metrics.get_metrics.metrics,
      recorded('03-workload/master-v1-GET_METRICS.json.gz').get_metrics.metrics
    );
  }));

test('tasks say why they are in their state, as recorded of each cause', async () => {
  const moments: Array<[scenario: string, at: number, words: RegExp]> = [
    ['agent-dies', 200, /REASON_AGENT_REMOVED.*unreachable_time/],
    ['out-of-memory', 400, /REASON_CONTAINER_LIMITATION_MEMORY.*limitation/],
    ['crash-loop', 300, /REASON_EXECUTOR_TERMINATED/],
    ['agent-drains', 130, /REASON_AGENT_DRAINING/],
    ['agent-gone', 400, /REASON_AGENT_REMOVED_BY_OPERATOR/],
    ['framework-fails-over', 700, /REASON_FRAMEWORK_REMOVED/],
  ];
  for (const [scenario, at, words] of moments) {
    await withLive({ scenario: scenarioOf(scenario) }, async (live) => {
      await live.setNow(START + at);
      const ours = (await written(live, 'GET_TASKS')).get_tasks as Json;
      const { task, status: statuses, ...rest } = TASKS;
      assertKindsAlike(ours, TASKS_RECORDED, { task, status: statuses, ...rest }, KNOWN);
      const { get_tasks } = await get(live, 'GET_TASKS');
      assert.match(JSON.stringify(tasksOf(get_tasks as Json).flatMap(status)), words, scenario);
    });
  }
});

test('responses have the true values, and those of the GET pages', () =>
  withLive({ scenario: scenarioOf('everyday') }, async (live) => {
    let offered = 0;
    for (let at = 300; at < 400; at += 10) {
      await live.setNow(START + at);
      const truth = live.truth();
      const {
        get_agents: agents,
        get_frameworks: frameworks,
        get_tasks: tasks,
      } = (await get(live, 'GET_STATE')).get_state;
      const sum = (resources: Json[] | undefined, name: string) =>
        (resources ?? []).reduce((n, r) => n + (r.name === name && !r.revocable ? Number(r.scalar.value) : 0), 0);
      for (const [i, agent] of (agents.agents as Json[]).entries()) {
        const known = truth.agents[i];
        assert.equal(agent.agent_info.hostname, known.agent);
        near(sum(agent.total_resources, 'cpus'), known.capacity.cpus, known.agent);
        near(sum(agent.agent_info.resources, 'cpus'), known.capacity.cpus, known.agent);
        near(sum(agent.allocated_resources, 'cpus'), known.allocated.cpus, known.agent);
        near(sum(agent.allocated_resources, 'mem') * MIB, known.allocated.memoryBytes, known.agent);
        near(sum(agent.offered_resources, 'mem') * MIB, known.offered.memoryBytes, known.agent);
        offered += known.offered.memoryBytes;
      }
      for (const [i, framework] of (frameworks.frameworks as Json[]).entries()) {
        const known = truth.frameworks[i];
        assert.equal(framework.framework_info.name, known.framework);
        near(sum(framework.allocated_resources, 'cpus'), known.allocated.cpus, known.framework);
        near(sum(framework.offered_resources, 'mem') * MIB, known.offered.memoryBytes, known.framework);
      }
      const running = (tasks.tasks as Json[]).filter(({ state }) => state === 'TASK_RUNNING');
      assert.equal(running.length, truth.cluster.tasks.running);
    }
    assert.ok(offered > 0, 'nothing was offered');

    const pages = await askJSON<Json>(live.masters[0], '/state');
    const { get_tasks } = await get(live, 'GET_TASKS');
    const ids = (list: Json[], of: (task: Json) => string) => list.map(of).sort();
    assert.deepEqual(
      ids(get_tasks.tasks, ({ task_id, state }) => `${task_id.value} ${state}`),
      ids(
        pages.frameworks.flatMap(({ tasks }: Json) => tasks),
        ({ id, state }) => `${id} ${state}`
      )
    );
    const { get_metrics } = await get(live, 'GET_METRICS');
    assert.deepEqual(
      Object.fromEntries(get_metrics.metrics.map(({ name, value }: Json) => [name, value])),
      await askJSON<Json>(live.masters[0], '/metrics/snapshot')
    );
    const { get_roles } = await get(live, 'GET_ROLES');
    const { roles } = await askJSON<Json>(live.masters[0], '/roles');
    for (const [i, role] of (get_roles.roles as Json[]).entries()) {
      assert.equal(role.name, roles[i].name);
      near(Number(role.resources?.find(({ name }: Json) => name === 'cpus')?.scalar.value ?? 0), roles[i].resources.cpus ?? 0, role.name); // prettier-ignore
    }
    const { get_master } = await get(live, 'GET_MASTER');
    assert.equal(get_master.elected_time, pages.elected_time);
    assert.equal(get_master.master_info.pid, pages.pid);
    // 127.0.0.1, as recorded.
    assert.equal(get_master.master_info.ip, 16_777_343);
  }));

test('nanoseconds are whole, beyond what a double holds', () =>
  withLive({}, async (live) => {
    const text = (await call(live.masters[0], { type: 'GET_AGENTS' })).body.toString();
    assert.match(text, /"registered_time":\{"nanoseconds":\d{19}\}/);
  }));

/** A recorded refusal, with the request that got it. */
async function assertRefused(base: string, stem: string, path = '/api/v1', more: object = {}): Promise<void> {
  const lines = readFileSync(join(CAPTURES, `${stem}.headers`), 'utf8').split('\n');
  const sent = (name: string) => lines.find((line) => line.startsWith(`> ${name}: `))?.slice(name.length + 4);
  const given = { 'Content-Type': sent('Content-Type'), Accept: sent('Accept'), ...more };
  const [, method] = /^> (\w+)/.exec(lines[0]) ?? [];
  const headers = Object.fromEntries(Object.entries(given).filter(([, value]) => value !== undefined));
  const body = sent('body')?.slice(1, -1) ?? '';
  const got = await ask(base, path, { method, headers, body });
  assert.equal(
    `HTTP/1.1 ${got.status} ${got.reason}`,
    lines.find((line) => line.startsWith('HTTP/1.1')),
    stem
  );
  for (const name of ['Content-Type', 'Allow', 'WWW-Authenticate', 'Location']) {
    const theirs = lines.find((line) => line.startsWith(`${name}: `))?.slice(name.length + 2);
    const ours = got.headers[name.toLowerCase()] as string | undefined;
    assert.equal(ours?.replace(/localhost:\d+/, 'localhost:5050'), theirs, `${name} of ${stem}`);
  }
  const text = ['txt', 'json'].map((ext) => join(CAPTURES, `${stem}.${ext}`)).flatMap((file) => readIfThere(file));
  assert.equal(got.body.toString(), text[0], stem);
}

function readIfThere(file: string): string[] {
  try {
    return [readFileSync(file, 'utf8')];
  } catch {
    return [];
  }
}

test('malformed calls', () =>
  withLive({}, async (live) => {
    const [master] = live.masters;
    const names = [
      ...['GET', 'any-accept', 'bad-accept', 'bad-content-type', 'bad-json', 'charset-content-type', 'missing-field'],
      ...['no-accept', 'no-content-type', 'recordio-accept', 'unknown-type'],
    ];
    for (const name of names) {
      await assertRefused(master, `09-protocol/v1-${name}`);
    }
    const refused = async (body: string) => (await ask(master, '/api/v1', { method: 'POST', headers: JSON_HEADERS, body })).body.toString(); // prettier-ignore
    for (const body of ['[]', 'null', '{}', '{"type":7}', '{"type":"toString"}']) {
      assert.match(await refused(body), /Expecting 'type' to be present/, body);
    }
    assert.match(await refused(''), /syntax error at line 1 near: $/);
    assert.match(await refused('{\n"type":x}'), /syntax error at line 2 near: /);
    assert.equal((await ask(master, '/master/api/v1/', { method: 'POST', headers: JSON_HEADERS, body: '{"type":"GET_HEALTH"}' })).status, 200); // prettier-ignore
    const zipped = await call(master, { type: 'GET_STATE' }, { 'Accept-Encoding': 'gzip' });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.deepEqual(zipped.body, (await call(master, { type: 'GET_STATE' })).body);
  }));

test('followers send to the leader; without one, or before it has recovered, nothing is answered', async () => {
  await withLive({ scenario: scenarioOf('no-leader') }, async (live) => {
    for (const [at, recording] of [
      [60, 'nonleader-5061'],
      [200, 'noleader-5062'],
    ] as const) {
      await live.setNow(START + at);
      for (const type of ['GET_HEALTH', 'GET_AGENTS']) {
        await assertRefused(live.masters[1], `14-ha/${recording}-v1-${type}`);
      }
    }
  });
  await withLive({ scenario: scenarioOf('leader-fails') }, async (live) => {
    const old = live.truth().leader;
    const other = () => live.truth().leader !== null && live.truth().leader !== old;
    for (let at = 0; !other(); at += 0.5) {
      await live.setNow(START + at);
    }
    const leader = live.masters.find((url) => url.endsWith(`:${live.truth().leader?.split(':')[1]}`)) ?? '';
    for (const type of ['GET_HEALTH', 'GET_AGENTS']) {
      await assertRefused(leader, `14-ha/elected-norecovery-5050-v1-${type}`);
    }
    await live.setNow(live.now() + 1.2);
    const answer = async (type: string) =>
      parse((await call(leader, { type })).body.toString())[type.toLowerCase()] as Json;
    const { recovered_agents } = await answer('GET_AGENTS');
    assert.equal(recovered_agents.length, live.truth().cluster.agents.recovered);
    const theirs = recorded('13-master-restart/after-v1-GET_AGENTS.json').get_agents;
    assertAlike('recovered agent', recovered_agents, theirs.recovered_agents);
    for (let i = 0; i < 10; i++) {
      await live.setNow(live.now() + 0.4);
      const { frameworks } = await answer('GET_FRAMEWORKS');
      if (frameworks.length > 0) {
        const files = ['14-ha/newleader-5061-v1-GET_FRAMEWORKS.json', '03-workload/master-v1-GET_FRAMEWORKS.json'];
        const known = files.flatMap((file) => recorded(file).get_frameworks.frameworks as Json[]);
        assertAlike('framework of a new leader', frameworks, known, KNOWN.framework);
      }
    }
  });
});

test('who may ask what', () =>
  withLive({ scenario: scenarioOf('auth') }, async (live) => {
    const [master] = live.masters;
    const as = (name: string) => ({
      Authorization: `Basic ${Buffer.from(`${name}:${name}-secret`).toString('base64')}`,
    });
    const types = ['GET_FLAGS', 'GET_FRAMEWORKS', 'GET_HEALTH', 'GET_ROLES', 'GET_TASKS', 'MARK_AGENT_GONE'];
    for (const type of types) {
      await assertRefused(master, `15-auth/nocred-master-v1-${type}`);
      await assertRefused(master, `15-auth/limited-master-v1-${type}`, '/api/v1', as('limited'));
    }
    assert.equal((await call(master, { type: 'GET_FLAGS' }, as('monitor'))).status, 200);
    const metrics = await call(master, { type: 'GET_METRICS', get_metrics: {} }, as('limited'));
    assert.equal(metrics.status, 200, 'not covered by the ACLs of GET pages');
    const agents = JSON.parse((await call(master, { type: 'GET_AGENTS' }, as('limited'))).body.toString()) as Json;
    assert.equal(agents.get_agents.agents.length, 12);
    assert.ok(agents.get_agents.agents.every((agent: Json) => agent.allocated_resources === undefined));
  }));

test('operators drain, deactivate, reactivate and mark agents gone, and tear down frameworks', () =>
  withLive({}, async (live) => {
    const [master] = live.masters;
    const { agents, frameworks } = live.truth();
    const act = async (type: string, fields: object) => {
      const got = await call(master, { type, [type.toLowerCase()]: fields });
      return [got.status, got.body.toString()];
    };
    const stateOf = (id: string) => live.truth().agents.find(({ agentId }) => agentId === id)?.state;
    const [first, second, third] = agents.map(({ agentId }) => agentId);
    const agent = (value: string) => ({ agent_id: { value } });
    const done = [200, ''];

    assert.deepEqual(await act('DRAIN_AGENT', { ...agent(first), max_grace_period: { seconds: 20 } }), done);
    assert.equal(stateOf(first), 'draining');
    const { get_agents } = await get(live, 'GET_AGENTS');
    assert.deepEqual(get_agents.agents[0].drain_info, {
      state: 'DRAINING',
      config: { max_grace_period: { nanoseconds: 20_000_000_000 }, mark_gone: false },
    });
    const early = [400, 'Agent is still in the DRAINING state'];
    assert.deepEqual(await act('REACTIVATE_AGENT', agent(first)), early);
    await live.setNow(START + 120);
    assert.equal(stateOf(first), 'drained');
    assert.deepEqual(await act('REACTIVATE_AGENT', agent(first)), done);
    assert.equal(stateOf(first), 'active');

    assert.deepEqual(await act('DEACTIVATE_AGENT', agent(second)), done);
    assert.equal(stateOf(second), 'deactivated');
    assert.deepEqual(await act('MARK_AGENT_GONE', agent(third)), done);
    assert.equal(stateOf(third), undefined);
    assert.deepEqual(await act('MARK_AGENT_GONE', agent(third)), [404, `Agent '${third}' not found`]);
    for (const type of ['DRAIN_AGENT', 'DEACTIVATE_AGENT', 'REACTIVATE_AGENT']) {
      assert.deepEqual(await act(type, agent('nope')), [400, 'Unknown agent'], type);
    }

    const [{ frameworkId }, { frameworkId: other }] = frameworks;
    assert.deepEqual(await act('TEARDOWN', { framework_id: { value: frameworkId } }), done);
    const unknown = [400, 'No framework found with specified ID'];
    assert.deepEqual(await act('TEARDOWN', { framework_id: { value: frameworkId } }), unknown);
    const form = async (id: string) => {
      const got = await ask(master, '/master/teardown', { method: 'POST', body: `frameworkId=${id}` });
      return [got.status, got.body.toString()];
    };
    assert.deepEqual(await form(other), done);
    assert.deepEqual(await form('nope'), unknown);
    assert.equal(live.truth().frameworks.length, frameworks.length - 2);
    assert.deepEqual(await act('DRAIN_AGENT', {}), [400, 'Unknown agent']);
    assert.match((await call(master, { type: 'TEARDOWN' })).body.toString(), /Expecting 'teardown' to be present/);

    // What was done through the operator API is part of the truth, too.
    await live.setNow(live.now() + 60);
    assert.equal(live.truth(START + 1).agents[0].state, 'draining');
  }));
