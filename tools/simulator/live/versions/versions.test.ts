// Older versions of Mesos: which pages there are, what a master that does not lead answers, how numbers are written; and the
// leader's responses, read by code that shares nothing with what writes them, are true.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scenarioOf } from '../../scenarios/index.ts';
import { ask } from '../../testing.ts';
import { START, withLive, type Json } from '../testing.ts';
import type { Figures } from '../truth.ts';
import { hasMetric } from './metrics.ts';

const MIB = 1 << 20;

const OLD = ['0.19', '0.22', '0.28', '1.4'] as const;

/** The versions whose pages end in .json. */
const OLDEST = ['0.19', '0.22'];

const scenario = (version: string) => scenarioOf(`mesos-${version}`);

const statePage = (version: string) => (OLDEST.includes(version) ? '/state.json' : '/state');
const rolesPage = (version: string) => (OLDEST.includes(version) ? '/roles.json' : '/roles');

async function text(base: string, path: string): Promise<string> {
  return (await ask(base, path)).body.toString();
}

const page = async (base: string, path: string): Promise<any> => JSON.parse(await text(base, path));

const statusOf = async (base: string, path: string) => (await ask(base, path)).status;

/** Masters, agents: the pages of each version, and pages that only others have. */
const PAGES: Record<(typeof OLD)[number], { masters: [has: string[], lacks: string[]]; agents: [string[], string[]] }> =
  {
    '0.19': {
      masters: [
        ['/state.json', '/roles.json', '/metrics/snapshot', '/health'],
        ['/state', '/roles', '/flags', '/version', '/slaves'],
      ],
      agents: [
        ['/monitor/statistics.json', '/state.json'],
        ['/monitor/statistics', '/state', '/flags', '/version'],
      ],
    },
    '0.22': {
      masters: [
        ['/state.json', '/master/state.json', '/roles.json', '/metrics/snapshot', '/health', '/system/stats.json', '/'],
        ['/state', '/master/state', '/roles', '/flags', '/version', '/state-summary', '/quota', '/api/v1'],
      ],
      agents: [
        ['/monitor/statistics.json', '/metrics/snapshot', '/health'],
        ['/monitor/statistics', '/containers', '/flags', '/version'],
      ],
    },
    '0.28': {
      masters: [
        ['/state', '/state.json', '/master/state', '/roles', '/roles.json', '/flags', '/version', '/metrics/snapshot'],
        ['/api/v1', '/weights'],
      ],
      agents: [['/monitor/statistics', '/monitor/statistics.json', '/flags', '/version'], ['/containers']],
    },
    '1.4': {
      masters: [['/state', '/state.json', '/roles', '/roles.json', '/flags', '/version', '/metrics/snapshot'], []],
      agents: [['/monitor/statistics', '/monitor/statistics.json', '/flags', '/version'], []],
    },
  };

for (const version of OLD) {
  test(`${version}: sandboxes and their files`, () =>
    withLive({ scenario: scenario(version) }, async (live) => {
      await live.setNow(START + 900);
      const [agent] = live.agents;
      const json = OLDEST.includes(version) ? '.json' : '';
      const state = await page(agent, `/state${json}`);
      const [executor] = state.frameworks.flatMap(({ executors }: Json) => executors);
      const { directory } = executor;
      const keys = ['id', 'name', 'source', 'container', 'directory', 'resources', 'tasks', 'queued_tasks'];
      assert.deepEqual(
        Object.keys(executor).filter((key) => key !== 'role' && key !== 'type'),
        [...keys, 'completed_tasks']
      );
      assert.equal('type' in executor && version !== '1.4', false);
      assert.equal(state.version.startsWith(version), true);
      const url = (name: string, path: string, more = '') => `/files/${name}?path=${encodeURIComponent(path)}${more}`;
      if (json !== '') {
        assert.equal(await statusOf(agent, url('browse', directory)), 404);
        assert.equal(await statusOf(agent, url('read', `${directory}/stdout`, '&offset=0')), 404);
      }
      const read = (path: string, more: string) => page(agent, url(`read${json}`, path, more));
      const listed = await page(agent, url(`browse${json}`, directory));
      const { path, size } = listed.find((one: Json) => one.path.endsWith('/stdout'));
      assert.equal(path, `${directory}/stdout`);
      const whole = await read(path, '&offset=0');
      assert.deepEqual([whole.offset, Buffer.byteLength(whole.data)], [0, Math.min(size, 65_536)]);
      assert.deepEqual(await read(path, '&offset=-1'), { data: '', offset: size });
      assert.deepEqual(await read(path, '&offset=7&length=5'), { data: whole.data.slice(7, 12), offset: 7 });
      const behind = await read(path, `&offset=${size + 5}`);
      assert.deepEqual(behind, { data: '', offset: version === '1.4' ? size + 5 : size });
      assert.equal(await statusOf(agent, url(`read${json}`, path, '&offset=-2')), version === '1.4' ? 400 : 500);
      assert.equal(await statusOf(agent, url(`read${json}`, `${directory}/nope`, '&offset=0')), 404);
      // src/slave/slave.cpp attaches the path with runs/latest from 1.4 on.
      const latest = directory.replace(/[^/]+$/, 'latest');
      assert.equal(await statusOf(agent, url(`browse${json}`, latest)), version === '1.4' ? 200 : 404);
      const log = await read('/slave/log', '&offset=0&length=65536');
      assert.match(log.data, /^I\d{4} \d\d:\d\d:\d\d\.\d{6} +\d+ slave\.cpp:/);
      // Times and sizes are written without a point.
      assert.doesNotMatch(await text(agent, url(`browse${json}`, directory)), /\d\.\d/);
    }));
}

for (const version of OLD) {
  test(`${version}: the pages`, () =>
    withLive({ scenario: scenario(version) }, async ({ masters: [master], agents: [agent] }) => {
      const { masters, agents } = PAGES[version];
      for (const [base, [has, lacks]] of [
        [master, masters],
        [agent, agents],
      ] as const) {
        for (const path of has) {
          assert.equal(await statusOf(base, path), 200, path);
        }
        for (const path of lacks) {
          assert.equal(await statusOf(base, path), 404, path);
        }
      }
    }));
}

test('before 1.0 a master that does not lead answers 200 with nothing, later it sends to the leader', async () => {
  for (const version of OLD) {
    await withLive({ scenario: scenario(version) }, async ({ masters: [leader, follower] }) => {
      const { status, headers, body } = await ask(follower, statePage(version));
      const port = leader.split(':').at(-1);
      if (version === '1.4') {
        assert.deepEqual([status, headers.location], [307, `//localhost:${port}/master/state`]);
        return;
      }
      const state = JSON.parse(body.toString()) as Json;
      assert.equal(status, 200);
      assert.deepEqual([state.slaves, state.frameworks, state.activated_slaves], [[], [], 0]);
      assert.equal(state.leader, `master@127.0.0.1:${port}`);
      assert.equal(state.pid, `master@127.0.0.1:${follower.split(':').at(-1)}`);
      assert.equal('elected_time' in state, false);
      const { roles } = await page(follower, rolesPage(version));
      assert.ok(roles.every(({ frameworks, resources }: Json) => frameworks.length === 0 && resources.cpus === 0));
    });
  }
});

test('/redirect has a scheme in 0.19 and 0.22; before 1.0 a master that knows no leader names itself', async () => {
  for (const version of OLD) {
    await withLive({ scenario: scenario(version) }, async (live) => {
      const [leader, follower] = live.masters;
      const scheme = OLDEST.includes(version) ? 'http:' : '';
      const at = (url: string) => `${scheme}//localhost:${url.split(':').at(-1)}`;
      assert.equal((await ask(follower, '/redirect')).headers.location, at(leader));
      await live.do({ do: 'zookeeper fails' });
      const { status, headers } = await ask(follower, '/redirect');
      assert.deepEqual([status, headers.location], version === '1.4' ? [503, undefined] : [307, at(follower)]);
    });
  }
});

test('whole doubles have no point in 0.22, and slashes are escaped', () =>
  withLive({ scenario: scenario('0.22') }, async ({ masters: [master] }) => {
    const metrics = await text(master, '/metrics/snapshot');
    assert.match(metrics, /"master\\\/elected":1,/);
    assert.match(await text(master, '/state.json'), /"resources":\{"disk":500000,"mem":65536,"cpus":16,/);
  }));

test('whole doubles have a point in 0.28, and slashes are escaped', () =>
  withLive({ scenario: scenario('0.28') }, async ({ masters: [master] }) => {
    assert.match(await text(master, '/metrics/snapshot'), /"master\\\/elected":1\.0,/);
    assert.match(await text(master, '/state'), /"resources":\{"disk":500000\.0,"mem":65536\.0,"cpus":16\.0,/);
  }));

test('metrics are there from the version on that began with them', () => {
  for (const [version, key, has] of [
    ['0.22.2', 'master/elected', true],
    ['0.22.2', 'master/tasks_error', true],
    ['0.22.2', 'master/cpus_revocable_total', false],
    ['0.22.2', 'registrar/log/recovered', false],
    ['0.28.2', 'master/cpus_revocable_total', true],
    ['0.28.2', 'master/tasks_killing', true],
    ['0.28.2', 'master/gpus_total', false],
    ['1.4.2', 'registrar/log/recovered', true],
    ['1.4.2', 'master/tasks_unreachable', true],
    ['1.4.2', 'master/frameworks/marathon/id/calls', false],
    ['1.4.2', 'frameworks/marathon/messages_received', true],
    ['1.12.0', 'master/frameworks/marathon/id/calls', true],
    ['1.12.0', 'a key that nobody knows', true],
  ] as const) {
    assert.equal(hasMetric(version, key), has, `${key} in ${version}`);
  }
});

test('resident memory of cgroups is mem_anon_bytes in 0.22, where mem_rss_bytes has the page cache too', async () => {
  const containers = (version: string) => {
    let found: Json[] = [];
    return withLive({ scenario: scenario(version) }, async (live) => {
      found = await page(live.agents[0], '/monitor/statistics.json');
      const used = live.truth().agents[0].used.memoryBytes;
      const key = version === '0.22' ? 'mem_anon_bytes' : 'mem_rss_bytes';
      assert.equal(
        found.reduce((sum, { statistics }) => sum + statistics[key], 0),
        used
      );
    }).then(() => found);
  };
  const [old, newer] = [await containers('0.22'), await containers('0.28')];
  assert.ok(old.every(({ statistics }) => statistics.mem_rss_bytes > statistics.mem_anon_bytes));
  assert.ok(old.every(({ statistics }) => !('mem_total_bytes' in statistics)));
  assert.ok(newer.every(({ statistics }) => statistics.mem_total_bytes > statistics.mem_rss_bytes));
});

const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 0.0011, `${what}: ${a} is not ${b}`);

function assertFigures(resources: Json, figures: Figures, what: string): void {
  near(resources.cpus, figures.cpus, `${what}: cpus`);
  near(resources.cpus_revocable ?? 0, figures.revocableCpus, `${what}: revocable cpus`);
  assert.equal(resources.mem * MIB, figures.memoryBytes, `${what}: memory`);
  assert.equal(resources.disk * MIB, figures.diskBytes, `${what}: disk`);
}

for (const version of OLD) {
  test(`${version}: responses are true`, () =>
    withLive({ scenario: scenario(version) }, async (live) => {
      let read = 0;
      for (let t = 0; t <= scenario(version).length; t += 15) {
        await live.setNow(START + t);
        const truth = live.truth();
        if (!truth.recovered || truth.leader === null) {
          continue;
        }
        read++;
        const leader = live.masters.find((url) => url.endsWith(`:${truth.leader?.split(':')[1]}`)) as string;
        const state = await page(leader, statePage(version));
        const when = `after ${t} s`;
        const { active, disconnected = 0 } = truth.cluster.agents;
        assert.equal(state.activated_slaves, version === '0.19' ? active + disconnected : active, when);
        assert.equal(state.slaves.length, truth.agents.length, when);
        for (const [i, agent] of (state.slaves as Json[]).entries()) {
          const known = truth.agents[i];
          assertFigures(agent.resources, known.capacity, `${when}: ${known.agent}`);
          const isActive = version === '0.19' ? undefined : known.state === 'active';
          assert.equal(agent.active, isActive, `${when}: ${known.agent}`);
          if (!OLDEST.includes(version)) {
            assertFigures(agent.used_resources, known.allocated, `${when}: ${known.agent}`);
          }
        }
        for (const [i, framework] of (state.frameworks as Json[]).entries()) {
          const known = truth.frameworks[i];
          assert.equal(framework.name, known.framework, when);
          if (version === '0.19') {
            const both = known.allocated.cpus + known.offered.cpus;
            near(framework.resources.cpus, both, `${when}: ${known.framework}`);
          } else {
            assertFigures(framework.used_resources, known.allocated, `${when}: ${known.framework}`);
          }
        }
        const { roles } = await page(leader, rolesPage(version));
        for (const { role, allocated, offered, weight } of truth.roles) {
          const found = roles.find(({ name }: Json) => name === role);
          near(found.resources.cpus, allocated.cpus + offered.cpus, `${when}: ${role}`);
          assert.equal(found.weight, weight);
        }
        const metrics = await page(leader, '/metrics/snapshot');
        near(metrics['master/cpus_used'], truth.cluster.allocated.cpus, when);
        assert.equal(metrics['master/tasks_running'], truth.cluster.tasks.running, when);
      }
      assert.ok(read > 20, `${read} answers were read`);
    }));
}

test('before 1.1 an agent that does not answer is removed, and its tasks are lost', () =>
  withLive({ scenario: scenario('0.28') }, async (live) => {
    await live.setNow(START + 254);
    assert.deepEqual(live.truth().cluster.agents, { active: 11, disconnected: 1 });
    await live.setNow(START + 256);
    const { agents, tasks } = live.truth().cluster;
    assert.deepEqual([agents, tasks.unreachable], [{ active: 11 }, undefined]);
    assert.ok(live.truth().frameworks.some(({ ended }) => ended.lost > 0));
  }));
