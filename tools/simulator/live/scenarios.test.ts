// Responses of a simulated cluster, read by code that shares nothing with what writes them, equal what the simulator knows to
// be true: in every scenario, at every moment. And each scenario has the events that it describes.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCENARIOS, scenarioOf } from '../scenarios/index.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import sixHours from '../scenarios/six-hours.ts';
import { ask, failureOf } from '../testing.ts';
import type { Live } from './live.ts';
import { START, withLive, type Json } from './testing.ts';
import type { Figures, Truth } from './truth.ts';

const MIB = 1 << 20;
const AS_MONITOR = { Authorization: `Basic ${Buffer.from('monitor:monitor-secret').toString('base64')}` };

async function page(base: string, path: string): Promise<any> {
  return JSON.parse((await ask(base, path, { headers: AS_MONITOR })).body.toString());
}

const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 0.0011, `${what}: ${a} is not ${b}`);

function assertFigures(resources: Json, figures: Figures, what: string): void {
  near(resources.cpus, figures.cpus, `${what}: cpus`);
  assert.equal(resources.mem * MIB, figures.memoryBytes, `${what}: memory`);
  assert.equal(resources.disk * MIB, figures.diskBytes, `${what}: disk`);
  assert.equal(resources.gpus, figures.gpus, `${what}: gpus`);
  near(resources.cpus_revocable ?? 0, figures.revocableCpus, `${what}: revocable cpus`);
}

function count(tasks: Json[]): Record<string, number> {
  const counts: Record<string, number> = {};
  tasks.forEach(({ state }) => {
    const name = state.replace(/^TASK_/, '').toLowerCase();
    counts[name] = (counts[name] ?? 0) + 1;
  });
  return counts;
}

/** The leader's answers against the truth of the same moment. */
async function assertTrue(live: Live, truth: Truth, when: string): Promise<void> {
  const leader = live.masters.find((url) => url.endsWith(`:${truth.leader?.split(':')[1]}`)) as string;
  const state = await page(leader, '/state');
  const metrics = await page(leader, '/metrics/snapshot');
  const { roles } = await page(leader, '/roles');

  assert.equal(metrics['master/elected'], 1, when);
  assert.deepEqual(
    state.slaves.map(({ hostname }: Json) => hostname),
    truth.agents.map(({ agent }) => agent),
    when
  );
  for (const [i, agent] of (state.slaves as Json[]).entries()) {
    const known = truth.agents[i];
    assertFigures(agent.resources, known.capacity, `${when}: capacity of ${known.agent}`);
    assertFigures(agent.used_resources, known.allocated, `${when}: allocated of ${known.agent}`);
    assertFigures(agent.offered_resources, known.offered, `${when}: offered of ${known.agent}`);
    const state_ = agent.drain_info
      ? agent.drain_info.state.toLowerCase()
      : agent.deactivated
        ? 'deactivated'
        : agent.active
          ? 'active'
          : 'disconnected';
    assert.equal(state_, known.state, `${when}: state of ${known.agent}`);
    const tasks = state.frameworks.flatMap((f: Json) => f.tasks.filter((task: Json) => task.slave_id === agent.id));
    const ended = /FINISHED|FAILED|KILLED|LOST|GONE/;
    assert.deepEqual(
      count(tasks.filter((task: Json) => !ended.test(task.state))),
      known.tasks,
      `${when}: ${known.agent}`
    );
  }
  assert.deepEqual(
    state.frameworks.map(({ name }: Json) => name),
    truth.frameworks.map(({ framework }) => framework),
    when
  );
  for (const [i, framework] of (state.frameworks as Json[]).entries()) {
    const known = truth.frameworks[i];
    assertFigures(framework.used_resources, known.allocated, `${when}: ${known.framework}`);
    assertFigures(framework.offered_resources, known.offered, `${when}: offered to ${known.framework}`);
    const parts = [
      ...framework.tasks.filter((t: Json) => /STAGING|STARTING|RUNNING|KILLING/.test(t.state)),
      ...framework.executors,
    ];
    const cpus = parts.reduce((sum, { resources }) => sum + resources.cpus, 0);
    near(cpus, known.allocated.cpus, `${when}: tasks and executors of ${known.framework}`);
    assert.deepEqual(
      count([...framework.tasks, ...framework.unreachable_tasks]),
      known.tasks,
      `${when}: ${known.framework}`
    );
    const connected = framework.recovered ? 'recovered' : framework.connected ? 'active' : 'disconnected';
    assert.equal(connected, known.state, `${when}: state of ${known.framework}`);
    const prefix = `master/frameworks/${framework.name}/${framework.id}/tasks/terminal/task_`;
    for (const [ending, n] of Object.entries(known.ended)) {
      assert.equal(metrics[prefix + ending], n, `${when}: ${known.framework} ${ending}`);
    }
  }
  for (const known of truth.roles) {
    const role = roles.find(({ name }: Json) => name === known.role);
    const below = roles.filter(({ name }: Json) => new RegExp(`^${known.role}/[^/]+$`).test(name));
    const own = (of: (role: Json) => number) =>
      of(role) - below.reduce((sum: number, child: Json) => sum + of(child), 0);
    near(
      own(({ allocated }) => allocated.cpus ?? 0),
      known.allocated.cpus + known.allocated.revocableCpus,
      `${when}: ${known.role}`
    );
    near(
      own(({ allocated }) => allocated.mem ?? 0) * MIB,
      known.allocated.memoryBytes,
      `${when}: memory of ${known.role}`
    );
    near(
      own(({ reserved }) => reserved.cpus ?? 0),
      known.reserved.cpus,
      `${when}: reserved for ${known.role}`
    );
    assert.equal(role.quota.limit.cpus, known.quotaLimit?.cpus, `${when}: limit of ${known.role}`);
    assert.equal(role.quota.guarantee.cpus, known.quotaGuarantee?.cpus, `${when}: guarantee of ${known.role}`);
    assert.equal(role.weight, known.weight);
  }
  assertMetrics(metrics, truth, when);
}

function assertMetrics(metrics: Json, { cluster }: Truth, when: string): void {
  const { allocated, capacity, agents, tasks, frameworks } = cluster;
  near(metrics['master/cpus_used'], allocated.cpus, `${when}: cpus_used`);
  near(metrics['master/cpus_total'], capacity.cpus, `${when}: cpus_total`);
  near(metrics['master/cpus_revocable_used'], allocated.revocableCpus, `${when}: cpus_revocable_used`);
  assert.equal(metrics['master/mem_used'] * MIB, allocated.memoryBytes, when);
  assert.equal(metrics['master/gpus_used'], allocated.gpus, when);
  assert.equal(metrics['master/slaves_active'], agents.active ?? 0, when);
  assert.equal(metrics['master/slaves_unreachable'], agents.unreachable ?? 0, when);
  assert.equal(metrics['master/frameworks_active'], frameworks.active ?? 0, when);
  for (const state of ['staging', 'starting', 'running', 'killing', 'unreachable']) {
    assert.equal(metrics[`master/tasks_${state}`], tasks[state] ?? 0, `${when}: tasks ${state}`);
  }
}

/** Agents that answer, and what they measure, against what their machines really use. */
async function assertMeasured(live: Live, truth: Truth, when: string): Promise<void> {
  for (const [i, url] of live.agents.entries()) {
    const known = truth.agents.find(({ agentId }) => agentId.endsWith(`-S${i}`));
    if (known === undefined || (await failureOf(url, '/health')) !== 'answered') {
      continue;
    }
    const entries = await page(url, '/monitor/statistics');
    const rss = entries.reduce((sum: number, { statistics }: Json) => sum + statistics.mem_rss_bytes, 0);
    assert.ok(rss <= known.used.memoryBytes, `${when}: memory on ${known.agent}`);
    const { frameworks, ...state } = await page(url, '/state');
    const executors = frameworks.flatMap((framework: Json) => framework.executors);
    assert.equal(state.hostname, known.agent);
    // A container that only starts is not measured yet.
    if (executors.length === entries.length) {
      assert.equal(rss, known.used.memoryBytes, `${when}: memory on ${known.agent}`);
    }
  }
}

/** Answers that are late or broken on purpose are not read. */
const NOT_READ = new Set(['slow-network', 'truncated']);

/** versions/versions.test.ts and front.test.ts read those of older versions and those behind something. */
const isRead = ({ name, plan }: Scenario) =>
  !NOT_READ.has(name) && plan?.mesos === undefined && plan?.front === undefined;

for (const scenario of SCENARIOS.filter(isRead)) {
  test(`${scenario.name}: responses are true`, () =>
    withLive({ scenario }, async (live) => {
      let read = 0;
      for (let t = 0; t <= scenario.length; t += 20) {
        await live.setNow(START + t);
        const truth = live.truth();
        if (truth.leader !== null) {
          read++;
          await assertTrue(live, truth, `after ${t} s`);
          if (t % 100 === 0) {
            await assertMeasured(live, truth, `after ${t} s`);
          }
        }
      }
      assert.ok(read > 10, `${read} answers were read`);
    }));
}

test('the truth of an earlier moment does not change, also after actions from outside', () =>
  withLive({ scenario: scenarioOf('agent-returns') }, async (live) => {
    const then: Truth[] = [];
    for (let t = 0; t <= 700; t += 50) {
      await live.setNow(START + t);
      if (t === 300) {
        await live.do({ do: 'agent is deactivated', agent: 3 });
      }
      then.push(live.truth());
    }
    for (const truth of [...then].reverse()) {
      assert.deepEqual(live.truth(truth.at), truth);
    }
  }));

/** True values at moments of a scenario, in seconds. */
type Moments = Array<[at: number, is: (truth: Truth) => unknown, expected: unknown]>;

const EXPECTATIONS: Record<string, Moments> = {
  'agent-dies': [
    [119, agents, { active: 12 }],
    [121, agents, { active: 11, disconnected: 1 }],
    [194, agents, { active: 11, disconnected: 1 }],
    [196, agents, { active: 11, unreachable: 1 }],
    [196, ({ cluster }) => (cluster.tasks.unreachable ?? 0) > 0, true],
    [600, agents, { active: 11, unreachable: 1 }],
  ],
  'agent-returns': [
    [300, agents, { active: 11, unreachable: 1 }],
    [361, agents, { active: 11, unreachable: 1 }],
    [364, agents, { active: 12 }],
    [364, ({ cluster }) => cluster.tasks.unreachable, undefined],
    [620, agents, { active: 11, disconnected: 1 }],
    [650, agents, { active: 12 }],
  ],
  'agent-drains': [
    [121, agents, { active: 11, draining: 1 }],
    [300, agents, { active: 11, drained: 1 }],
    [300, (truth) => [truth.agents[1].allocated.cpus, truth.agents[1].tasks], [0, {}]],
    [430, agents, { active: 12 }],
    [600, agents, { active: 11, deactivated: 1 }],
    [800, agents, { active: 12 }],
  ],
  'agent-gone': [
    [121, agents, { active: 11 }],
    [121, (truth) => truth.frameworks.some(({ ended }) => ended.gone_by_operator > 0), true],
    [301, agents, { active: 10 }],
  ],
  'rack-lost': [
    [121, agents, { active: 8, disconnected: 4 }],
    [200, agents, { active: 8, unreachable: 4 }],
    [500, agents, { active: 12 }],
  ],
  'leader-fails': [
    [119, ({ leader }) => leader !== null, true],
    [121, ({ leader, agents }) => [leader, agents.length], [null, 0]],
    [131, ({ leader }) => leader !== null, true],
    [131, ({ recovered }) => recovered, false],
    [160, ({ recovered }) => recovered, true],
    [160, agents, { active: 12 }],
  ],
  'no-leader': [
    [119, ({ leader }) => leader !== null, true],
    [121, ({ leader }) => leader, null],
    [299, ({ leader }) => leader, null],
    [340, agents, { active: 12 }],
  ],
  'master-down': [
    [700, ({ leader }) => leader, null],
    [740, agents, { active: 12 }],
  ],
  'master-recovers': [
    [152, agents, { recovered: 12 }],
    [240, ({ cluster }) => (cluster.agents.recovered ?? 0) > 1 && (cluster.agents.active ?? 0) > 1, true],
    [420, agents, { active: 11, recovered: 1 }],
    [800, agents, { active: 11, unreachable: 1 }],
  ],
  'framework-fails-over': [
    [121, ({ cluster }) => cluster.frameworks, { active: 7, disconnected: 1 }],
    [200, ({ cluster }) => cluster.frameworks, { active: 8 }],
    [400, ({ cluster }) => cluster.frameworks, { active: 6, disconnected: 2 }],
    [490, ({ cluster }) => cluster.frameworks, { active: 7, disconnected: 1 }],
    [610, ({ cluster }) => cluster.frameworks, { active: 7 }],
    [610, ({ frameworks }) => frameworks.some(({ framework }) => framework === 'batch-queue'), false],
  ],
  'crash-loop': [
    [120, ({ frameworks }) => frameworks[0].ended.failed ?? 0, 0],
    [500, ({ frameworks }) => frameworks[0].ended.failed > 30, true],
  ],
  'out-of-memory': [[600, ({ frameworks }) => frameworks[0].ended.failed > 10, true]],
  'quota-exhausted': [
    [100, consumedOfBatch, 'below'],
    [500, consumedOfBatch, 'at the limit'],
    [1500, consumedOfBatch, 'below'],
  ],
  ...Object.fromEntries(
    ['mesos-0.19', 'mesos-0.22', 'mesos-0.28', 'mesos-1.4'].map((name): [string, Moments] => [name, ofOldMasters(name)])
  ),
  dcos: [
    [71, ({ leader }) => leader, null],
    [110, agents, { active: 12 }],
    [241, agents, { active: 11, disconnected: 1 }],
    [320, agents, { active: 11, unreachable: 1 }],
  ],
  balancer: [
    [122, ({ leader }) => leader, null],
    [160, agents, { active: 12 }],
  ],
  'balancer-leader': [
    [71, ({ leader }) => leader, null],
    [110, agents, { active: 12 }],
  ],
};

/** The same happens in all versions, but that the older ones know no agents that are unreachable. */
function ofOldMasters(name: string): Moments {
  return [
    [62, ({ leader }) => leader, null],
    [100, agents, { active: 12 }],
    [181, agents, { active: 11, disconnected: 1 }],
    [256, agents, name === 'mesos-1.4' ? { active: 11, unreachable: 1 } : { active: 11 }],
    [331, ({ cluster }) => cluster.frameworks, { active: 7, disconnected: 1 }],
    [425, ({ cluster }) => cluster.frameworks, { active: 8 }],
  ];
}

function agents({ cluster }: Truth) {
  return cluster.agents;
}

/** At its limit: not one more of its tasks would fit. */
function consumedOfBatch({ roles }: Truth): string {
  const batch = roles.find(({ role }) => role === 'batch');
  return (batch?.quotaConsumed.cpus ?? 0) > 0.9 * (batch?.quotaLimit?.cpus ?? 0) ? 'at the limit' : 'below';
}

for (const [name, moments] of Object.entries(EXPECTATIONS)) {
  test(`${name}: its events`, () =>
    withLive({ scenario: scenarioOf(name) }, async (live) => {
      for (const [at, is, expected] of moments) {
        await live.setNow(START + at);
        assert.deepEqual(is(live.truth()), expected, `after ${at} s`);
      }
    }));
}

test('six-hours: each of its events is visible', () =>
  withLive({ scenario: sixHours }, async (live) => {
    const at = async (minutes: number) => {
      await live.setNow(START + minutes * 60);
      return live.truth();
    };
    assert.deepEqual(agents(await at(29)), { active: 12 });
    assert.deepEqual(agents(await at(40)), { active: 11, unreachable: 1 });
    assert.deepEqual((await at(81)).cluster.frameworks, { active: 7, disconnected: 1 });
    const before = (await at(109)).leader;
    const calm = (await at(140)).cluster;
    assert.notEqual((await at(140)).leader, before);
    assert.deepEqual([calm.agents, calm.frameworks], [{ active: 12 }, { active: 8 }]);
    const failed = async (minutes: number) => (await at(minutes)).frameworks[0].ended.failed ?? 0;
    assert.ok(-(await failed(145)) + (await failed(172)) > 5, 'out of memory');
    const usual = (await at(194)).cluster.allocated.cpus;
    assert.ok((await at(230)).cluster.allocated.cpus > 1.2 * usual, 'the batch queue is full');
    assert.deepEqual(agents(await at(270)), { active: 11, drained: 1 });
    assert.ok(-(await failed(300)) + (await failed(318)) > 50, 'a crash loop');
    assert.deepEqual((await at(335)).cluster.frameworks, { active: 7, disconnected: 1 });
    const end = (await at(360)).cluster;
    assert.deepEqual([end.agents, end.frameworks], [{ active: 12 }, { active: 8 }]);
  }));

test('counters count tasks by the cause of their end', async () => {
  const reasons: Array<[scenario: string, at: number, key: string]> = [
    ['agent-dies', 200, 'master/task_unreachable/source_master/reason_slave_removed'],
    ['agent-dies', 200, 'master/slave_removals/reason_unhealthy'],
    ['agent-gone', 310, 'master/slave_removals/reason_unregistered'],
    ['crash-loop', 400, 'master/task_failed/source_slave/reason_executor_terminated'],
    ['out-of-memory', 400, 'master/task_failed/source_slave/reason_container_limitation_memory'],
    ['framework-fails-over', 700, 'master/task_killed/source_master/reason_framework_removed'],
  ];
  for (const [name, at, key] of reasons) {
    await withLive({ scenario: scenarioOf(name) }, async (live) => {
      await live.setNow(START + at);
      const metrics = await page(live.masters[0], '/metrics/snapshot');
      assert.ok(metrics[key] > 0, `${name}: ${key}`);
    });
  }
});

test('a new leader knows the ended tasks that agents report; one that keeps leading forgets none', () =>
  withLive({ scenario: scenarioOf('leader-fails') }, async (live) => {
    const ended = async (master: number) => {
      const { frameworks } = await page(live.masters[master], '/state');
      return frameworks.flatMap((f: Json) => f.completed_tasks.map(({ id }: Json) => id)) as string[];
    };
    await live.setNow(START + 119);
    const before = await ended(0);
    assert.ok(before.length > 5);
    await live.setNow(START + 131);
    assert.ok((await ended(1)).length < before.length);
    await live.setNow(START + 160);
    const after = await ended(1);
    assert.deepEqual(
      before.filter((id) => !after.includes(id)),
      []
    );
    assert.equal(new Set(after).size, after.length);
    await live.do({ do: 'agent is marked gone', agent: 1 });
    assert.ok((await ended(1)).length >= after.length);
  }));

test('an agent marked gone answers for minutes', () =>
  withLive({ scenario: scenarioOf('agent-gone') }, async (live) => {
    await live.setNow(START + 300);
    assert.equal((await ask(live.agents[1], '/state')).status, 200);
    await live.setNow(START + 440);
    assert.equal(await failureOf(live.agents[1]), 'ECONNREFUSED');
  }));

test('a starting agent has no routes, then no state, then all', () =>
  withLive({ scenario: scenarioOf('agent-returns') }, async (live) => {
    const statuses = async () =>
      Promise.all(['/health', '/state', '/monitor/statistics'].map(async (p) => (await ask(live.agents[1], p)).status));
    await live.setNow(START + 359);
    assert.equal(await failureOf(live.agents[1]), 'ECONNREFUSED');
    await live.setNow(START + 360.5);
    assert.deepEqual(await statuses(), [404, 404, 404]);
    await live.setNow(START + 362);
    assert.deepEqual(await statuses(), [200, 503, 200]);
    await live.setNow(START + 364);
    assert.deepEqual(await statuses(), [200, 200, 200]);
  }));

test('followers redirect to a dead leader until its session ends, then to the next', () =>
  withLive({ scenario: scenarioOf('leader-fails') }, async (live) => {
    const location = async () => (await ask(live.masters[2], '/master/state?jsonp=x')).headers.location;
    const at = (n: number) => `//localhost:${new URL(live.masters[n]).port}/master/state?jsonp=x`;
    await live.setNow(START + 121);
    assert.equal(await location(), at(0));
    assert.equal(await failureOf(live.masters[0]), 'ECONNREFUSED');
    await live.setNow(START + 135);
    assert.equal(await location(), at(1));
    await live.setNow(START + 320);
    assert.equal((await ask(live.masters[0], '/state')).status, 307, 'the former leader follows');
    const { body } = await ask(live.masters[0], '/metrics/snapshot');
    assert.equal((JSON.parse(body.toString()) as Json)['master/tasks_running'], 0);
  }));
