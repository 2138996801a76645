// A generated cluster has the shape of the recorded one, and its numbers are consistent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { gunzipSync } from 'node:zlib';

import { ask, askJSON, CAPTURES, withoutPorts } from '../testing.ts';
import { DEFAULTS } from './cluster.ts';
import { startControl } from './control.ts';
import { startGenerated, type GeneratedMaster } from './master.ts';

type Json = Record<string, any>;

const PLAN = { ...DEFAULTS, agents: 30, tasks: 300, frameworks: 6 };

function recorded(file: string): Json {
  const content = readFileSync(join(CAPTURES, '03-workload', file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(content) : content).toString()) as Json;
}

async function generated(test: (master: GeneratedMaster) => Promise<void>, plan = PLAN): Promise<void> {
  const master = await startGenerated(plan);
  try {
    await test(master);
  } finally {
    await master.stop();
  }
}

const typeOf = (value: unknown) => (Array.isArray(value) ? 'list' : typeof value);

/** The kinds of things in /state: where to find them, from the whole answer. */
const KINDS: Record<string, (state: Json) => Json[]> = {
  state: (state) => [state],
  agent: (state) => state.slaves,
  framework: (state) => state.frameworks,
  task: (state) => state.frameworks.flatMap((f: Json) => [...f.tasks, ...f.completed_tasks]),
  status: (state) => KINDS.task(state).flatMap((task) => task.statuses),
  executor: (state) => state.frameworks.flatMap((f: Json) => f.executors),
  label: (state) => KINDS.task(state).flatMap((task) => task.labels ?? []),
  discovery: (state) => KINDS.task(state).flatMap((task) => task.discovery ?? []),
  'health check': (state) => KINDS.task(state).flatMap((task) => task.health_check ?? []),
  'resources of a task': (state) => KINDS.task(state).map((task) => task.resources),
  'resources of an agent': (state) => state.slaves.map((agent: Json) => agent.resources),
  'used resources of an agent': (state) => state.slaves.map((agent: Json) => agent.used_resources),
};

/** Keys of all things of a kind, and of any, with the types of their values. */
function keys(things: Json[]): { all: string[]; any: Set<string> } {
  const count = new Map<string, number>();
  for (const thing of things) {
    for (const [key, value] of Object.entries(thing)) {
      const typed = `${key}: ${typeOf(value)}`;
      count.set(typed, (count.get(typed) ?? 0) + 1);
    }
  }
  return { all: [...count.keys()].filter((key) => count.get(key) === things.length), any: new Set(count.keys()) };
}

test('/state has, kind by kind, the keys and types of a recorded one', () =>
  generated(async (master) => {
    const theirs = recorded('master-get_state.json.gz');
    const ours = await askJSON<Json>(master.url, '/state');
    for (const [kind, find] of Object.entries(KINDS)) {
      const want = keys(find(theirs));
      const things = find(ours);
      assert.ok(things.length > 0, `there is no ${kind}`);
      for (const thing of things) {
        const have = Object.entries(thing).map(([key, value]) => `${key}: ${typeOf(value)}`);
        assert.deepEqual(
          have.filter((key) => !want.any.has(key)),
          [],
          `a ${kind} has what none recorded has`
        );
        assert.deepEqual(
          want.all.filter((key) => !have.includes(key)),
          [],
          `a ${kind} lacks what every recorded one has`
        );
      }
    }
  }));

test('numbers are written as Mesos does: doubles with a point, ports without', () =>
  generated(async (master) => {
    const text = (await ask(master.url, '/state')).body.toString();
    assert.match(text, /"cpus":\d+\.\d+[,}]/);
    assert.doesNotMatch(text, /"(cpus|mem|disk|timestamp|registered_time)":-?\d+[,}]/);
    assert.match(text, /"port":5051,/);
  }));

test('/metrics/snapshot has the keys of a recorded one, for its own frameworks and roles', () =>
  generated(async (master) => {
    const own = (snapshot: Json) => {
      const names = Object.keys(snapshot).map((key) =>
        key
          .replace(/^master\/frameworks\/[^/]+\/[^/]+\/(roles\/.*\/suppressed)$/, 'FRAMEWORK/roles/ROLE/suppressed')
          .replace(/^master\/frameworks\/[^/]+\/[^/]+\//, 'FRAMEWORK/')
          .replace(/^frameworks\/[^/]+\//, 'PRINCIPAL/')
          .replace(
            /^(allocator\/mesos\/(?:offer_filters\/|quota\/)?roles)\/.*?\/(active|shares|resources)/,
            '$1/ROLE/$2'
          )
      );
      return new Set(names);
    };
    const theirs = own(recorded('master-get_metrics_snapshot.json.gz'));
    const ours = own(await askJSON<Json>(master.url, '/metrics/snapshot'));
    // Quota is not set on any generated role, and nothing of it uses disk or has a limit.
    const onlyWithQuota =
      /quota\/roles\/ROLE\/resources\/(disk\/consumed|\w+\/(limit|guarantee|offered_or_allocated))$/;
    assert.deepEqual(
      [...theirs].filter((key) => !ours.has(key) && !onlyWithQuota.test(key)),
      []
    );
    assert.deepEqual(
      [...ours].filter((key) => !theirs.has(key)),
      []
    );
  }));

test('/roles, /version and /flags have the keys of recorded ones', () =>
  generated(async (master) => {
    const want = keys(recorded('master-get_roles.json').roles);
    const roles = (await askJSON<{ roles: Json[] }>(master.url, '/roles')).roles;
    assert.deepEqual(keys(roles).all.sort(), want.all.sort());
    for (const page of ['version', 'flags']) {
      const theirs = recorded(`master-get_${page}.json`);
      const ours = await askJSON<Json>(master.url, `/${page}`);
      assert.deepEqual(Object.keys(ours.flags ?? ours).sort(), Object.keys(theirs.flags ?? theirs).sort());
    }
  }));

test('/state-summary has the keys of a recorded one, and the sums of /state', () =>
  generated(async (master) => {
    master.advance(PLAN.start + 3600);
    const theirs = recorded('master-get_state-summary.json');
    const ours = await askJSON<Json>(master.url, '/state-summary');
    assert.deepEqual(Object.keys(ours), Object.keys(theirs));
    for (const list of ['slaves', 'frameworks']) {
      const want = keys(theirs[list]);
      assert.deepEqual(
        keys(ours[list]).all.filter((key) => !want.any.has(key)),
        []
      );
      assert.deepEqual(
        want.all.filter((key) => !keys(ours[list]).any.has(key)),
        []
      );
    }
    const state = await askJSON<Json>(master.url, '/state');
    for (const [i, framework] of (state.frameworks as Json[]).entries()) {
      const summed = ours.frameworks[i] as Json;
      assert.deepEqual(summed.used_resources, framework.used_resources);
      for (const name of ['RUNNING', 'STARTING', 'FAILED', 'KILLED', 'FINISHED']) {
        const all = [...framework.tasks, ...framework.completed_tasks].filter(({ state }) => state === `TASK_${name}`);
        assert.equal(summed[`TASK_${name}`], all.length, `${framework.name} ${name}`);
      }
    }
    const tasks = (things: Json[]) => things.reduce((sum, { TASK_RUNNING }) => sum + (TASK_RUNNING as number), 0);
    assert.equal(tasks(ours.slaves), tasks(ours.frameworks));
  }));

test('/redirect points to itself without a scheme', () =>
  generated(async (master) => {
    const { status, headers } = await ask(master.url, '/redirect');
    assert.equal(status, 307);
    assert.equal(`http:${headers.location}`, master.url);
  }));

test('the compressed body is the plain one, in one gzip stream', () =>
  generated(async (master) => {
    for (const path of ['/state', '/metrics/snapshot']) {
      const plain = await ask(master.url, path);
      const zipped = await ask(master.url, path, { headers: { 'Accept-Encoding': 'gzip' } });
      assert.equal(zipped.headers['content-encoding'], 'gzip');
      assert.ok(zipped.raw.length < plain.raw.length / 4);
      assert.deepEqual(zipped.body, plain.body);
      assert.equal(zipped.raw.indexOf(Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]), 1), -1);
    }
  }));

/** Sums of what tasks and executors of a framework or on an agent take. */
function taken(things: Json[]): number {
  return Math.round(1000 * things.reduce((sum, { resources }) => sum + resources.cpus, 0)) / 1000;
}

test('the sums are consistent, at the beginning and ten hours later', () =>
  generated(async (master) => {
    for (const hours of [0, 10]) {
      master.advance(PLAN.start + hours * 3600);
      const state = await askJSON<Json>(master.url, '/state');
      const metrics = await askJSON<Json>(master.url, '/metrics/snapshot');
      const tasks: Json[] = state.frameworks.flatMap((f: Json) => f.tasks);
      const running = tasks.filter((task) => task.state === 'TASK_RUNNING').length;
      assert.equal(state.slaves.length, PLAN.agents);
      assert.equal(metrics['master/slaves_active'], PLAN.agents);
      assert.equal(metrics['master/tasks_running'], running);
      assert.equal(metrics['master/tasks_running'] + metrics['master/tasks_starting'], tasks.length);
      assert.equal(new Set(tasks.map((task) => task.id)).size, tasks.length, 'ids are unique');
      for (const framework of state.frameworks as Json[]) {
        assert.equal(
          taken([...framework.tasks, ...framework.executors]),
          framework.used_resources.cpus,
          framework.name
        );
      }
      for (const agent of state.slaves as Json[]) {
        const here = state.frameworks
          .flatMap((f: Json) => [...f.tasks, ...f.executors])
          .filter((thing: Json) => thing.slave_id === agent.id);
        assert.equal(taken(here), agent.used_resources.cpus, agent.hostname);
        assert.ok(agent.used_resources.cpus <= agent.resources.cpus);
      }
      const { roles } = await askJSON<{ roles: Json[] }>(master.url, '/roles');
      const top = roles.filter(({ name }) => !name.includes('/'));
      const allocated = top.reduce((sum, role) => sum + (role.allocated.cpus ?? 0), 0);
      assert.ok(Math.abs(allocated - metrics['master/cpus_used']) < 0.01, 'roles at the top are all there is');
      assert.ok(hours > 0 || tasks.length === PLAN.tasks);
    }
  }));

test("an agent's statistics have a container for each of its tasks, with the keys of a recorded one", () =>
  generated(async (master) => {
    const [theirs] = JSON.parse(
      readFileSync(join(CAPTURES, '03-workload', 'agent1-get_monitor_statistics.json')).toString()
    ) as Json[];
    const state = await askJSON<Json>(master.url, '/state');
    const tasks = state.frameworks.flatMap((framework: Json) => framework.tasks) as Json[];
    const agent = state.slaves.find(({ id }: Json) => tasks.some(({ slave_id }) => slave_id === id)) as Json;
    const containers = await askJSON<Json[]>(master.url, `/agent/${agent.hostname}/slave(1)/monitor/statistics`);
    assert.deepEqual(
      containers.map(({ executor_id }) => executor_id as string).sort(),
      tasks
        .filter(({ slave_id }) => slave_id === agent.id)
        .map(({ id, executor_id }) => (executor_id || id) as string)
        .sort()
    );
    for (const { statistics } of containers) {
      const { blkio_statistics: _, ...others } = theirs.statistics as Json;
      assert.deepEqual(Object.keys(statistics as Json).sort(), Object.keys(others).sort());
    }
  }));

test('a tree of roles and an attribute have as many values as planned', () =>
  generated(
    async (master) => {
      const { roles } = await askJSON<{ roles: Json[] }>(master.url, '/roles');
      assert.equal(roles.length, 24);
      const { slaves } = await askJSON<Json>(master.url, '/state');
      assert.equal(new Set((slaves as Json[]).map(({ attributes }) => attributes.asset as string)).size, 20);
    },
    { ...PLAN, roles: 24, assets: 20 }
  ));

test('a tenth of the tasks is replaced in an hour', () =>
  generated(
    async (master) => {
      const ids = async () => {
        const state = await askJSON<Json>(master.url, '/state');
        return new Set<string>(state.frameworks.flatMap((f: Json) => f.tasks.map((task: Json) => task.id)));
      };
      const before = await ids();
      master.advance(PLAN.start + 3600);
      const after = await ids();
      const gone = [...before].filter((id) => !after.has(id)).length;
      assert.equal(after.size, before.size, 'the load is constant');
      assert.ok(gone > 0.07 * before.size && gone <= 0.1 * before.size, `${gone} of ${before.size}`);
    },
    { ...PLAN, tasks: 1000, agents: 100, rhythm: 0 }
  ));

test('fewer batch tasks run at midnight than at noon', () =>
  generated(async (master) => {
    const tasks = () => master.cluster.tasks;
    const noon = tasks();
    master.advance(PLAN.start + 12 * 3600);
    assert.ok(tasks() < noon);
    master.advance(PLAN.start + 24 * 3600);
    assert.equal(tasks(), noon);
  }));

test('the same plan makes the same cluster, however often it is asked between', () =>
  generated((once) =>
    generated(async (often) => {
      once.advance(PLAN.start + 1800);
      for (let t = 0; t <= 1800; t += 10) {
        often.advance(PLAN.start + t);
        await askJSON(often.url, '/state');
      }
      const text = async (master: GeneratedMaster) => withoutPorts((await ask(master.url, '/state')).body.toString());
      const state = await text(once);
      assert.equal(await text(often), state);
      await generated(async (other) => assert.notEqual(await text(other), state), { ...PLAN, seed: 2 });
    })
  ));

test('with a step, time passes as often as /state is asked for, and what is sent is whole', async () => {
  // So many that lists are cut into parts, which begin anew at different times.
  const plan = { ...PLAN, agents: 150, tasks: 3000 };
  const master = await startGenerated(plan, { step: 600 });
  try {
    for (let n = 0; n < 25; n++) {
      const expected = master.cluster.tasks;
      const state = await askJSON<Json>(master.url, '/state');
      assert.equal(state.frameworks.flatMap((f: Json) => f.tasks).length, expected);
      assert.equal(state.slaves.length, plan.agents);
      for (const framework of state.frameworks as Json[]) {
        const ids = framework.completed_tasks.map((task: Json) => task.id);
        assert.equal(ids.length, master.cluster.remembered);
        assert.equal(new Set(ids).size, ids.length);
      }
      // Time passes when all is sent, which the reader may know first.
      while (master.cluster.now < plan.start + (n + 1) * 600) {
        await setImmediate();
      }
    }
  } finally {
    await master.stop();
  }
});

test('the control server moves the clock and counts what was asked', () =>
  generated(async (master) => {
    const control = await startControl(master, 0);
    try {
      await fetch(`${control.url}/clock?now=${PLAN.start + 60}`, { method: 'POST' });
      assert.deepEqual(await askJSON(control.url, '/clock'), { now: PLAN.start + 60 });
      const { raw } = await ask(master.url, '/roles');
      assert.deepEqual(await askJSON(control.url, '/traffic'), {
        requests: { '/roles': 1 },
        bytes: { '/roles': raw.length },
      });
      await fetch(`${control.url}/traffic`, { method: 'DELETE' });
      assert.deepEqual(await askJSON(control.url, '/traffic'), { requests: {}, bytes: {} });
      assert.equal((await askJSON<Json>(control.url, '/expected')).agents, PLAN.agents);
      const wrong = await fetch(`${control.url}/clock?now=noon`, { method: 'POST' });
      assert.equal(wrong.status, 400);
      assert.match(await wrong.text(), /expected Unix seconds/);
    } finally {
      await control.stop();
    }
  }));
