// A simulated cluster has the same events however often it is queried, and its sums are always consistent.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { SCENARIOS } from '../scenarios/index.ts';
import { add, amount, fits, sum } from './amount.ts';
import { makeWorld } from './history.ts';
import { DEFAULTS, lineage } from './plan.ts';
import { carryOut, type Step } from './steps.ts';
import { START } from './testing.ts';
import { isListed, tasksOf, truthOf } from './truth.ts';
import { cpuSeconds, cores, memory } from './use.ts';
import type { World } from './world.ts';

const PLAN = { ...DEFAULTS, start: START };

function worldOf(steps: Step[] = [], plan = {}): World {
  return makeWorld({ ...PLAN, ...plan }, steps);
}

/** The sums of the leading master must follow from the tasks and executors it lists. */
function assertSums(world: World, when: string): void {
  const roles = new Map<string, ReturnType<typeof amount>>();
  const frameworks = new Map<string, ReturnType<typeof amount>>();
  const count = (sums: typeof roles, name: string, what: ReturnType<typeof amount>) => {
    const sum = sums.get(name) ?? amount();
    add(sum, what);
    sums.set(name, sum);
  };
  for (const agent of world.agents) {
    const total = amount();
    for (const thing of [...agent.listed, ...agent.listedExecutors]) {
      const { role, framework } = 'service' in thing ? thing.service : thing;
      add(total, thing.resources);
      count(roles, role, thing.resources);
      count(frameworks, framework.id, thing.resources);
      assert.equal(agent.registration, 'registered', `${when}: ${agent.hostname} has listed tasks`);
    }
    assert.deepEqual(agent.used, total, `${when}: ${agent.hostname}`);
    assert.ok(fits(agent.used, agent.total), `${when}: ${agent.hostname} is allocated more than it has`);
    const promised = sum([agent.used, agent.offer?.resources ?? amount()]);
    assert.ok(fits(promised, agent.total), `${when}: ${agent.hostname} is allocated and offered more than it has`);
    const ports = [...agent.tasks].flatMap((task) => task.ports);
    assert.equal(new Set(ports).size, ports.length, `${when}: a port of ${agent.hostname} is given twice`);
  }
  for (const framework of world.frameworks) {
    assert.deepEqual(framework.used, frameworks.get(framework.id) ?? amount(), `${when}: ${framework.name}`);
  }
  for (const [role, own] of world.allocated) {
    assert.deepEqual(own, roles.get(role) ?? amount(), `${when}: ${role}`);
    for (const name of lineage(role)) {
      const limit = world.quota.get(name)?.limit;
      assert.ok(limit === undefined || world.subtree(name).cpus <= limit.cpus, `${when}: ${name} is over its limit`);
    }
  }
  const ids = world.frameworks.filter(isListed).flatMap((f) => [...tasksOf(f), ...f.unreachable].map(({ id }) => id));
  assert.equal(new Set(ids).size, ids.length, `${when}: a task is there twice`);
}

for (const { name, plan, steps, length } of SCENARIOS) {
  test(`${name}: the sums of the leading master add up at every moment`, () => {
    const world = worldOf(steps, plan);
    for (let t = 0; t <= length; t += 7) {
      world.advance(START + t);
      assertSums(world, `after ${t} s`);
    }
  });
}

test('the same plan makes the same events, however often the cluster is queried', () => {
  for (const { plan, steps } of SCENARIOS) {
    const often = worldOf(steps, plan);
    for (let t = 0; t <= 1200; t += 11) {
      often.advance(START + t);
      truthOf(often);
    }
    const once = worldOf(steps, plan);
    once.advance(often.now);
    assert.deepEqual(truthOf(once), truthOf(often));
    assert.deepEqual(once.events, often.events);
  }
});

test('another seed makes other events', () => {
  const [one, other] = [worldOf(), worldOf([], { seed: 2 })];
  [one, other].forEach((world) => world.advance(START + 600));
  assert.notDeepEqual(truthOf(one).cluster.tasks, truthOf(other).cluster.tasks);
});

test('in clusters of all sizes nearly all planned tasks run', () => {
  for (const [agents, tasks] of [
    [3, 30],
    [10, 1000],
    [100, 1000],
    [1000, 10_000],
  ]) {
    const world = worldOf([], { agents, tasks });
    const { cluster } = truthOf(world);
    assert.equal(cluster.agents.active, agents);
    const running = cluster.tasks.running;
    assert.ok(running > 0.6 * tasks && running <= tasks, `${running} of ${tasks} tasks on ${agents} agents`);
    const share = cluster.allocated.cpus / cluster.capacity.cpus;
    assert.ok(share > 0.2 && share < 0.9, `${share} of the CPUs of ${agents} agents`);
    assert.ok(cluster.used.cpus < cluster.allocated.cpus, 'less is used than allocated');
    assert.ok(cluster.used.memoryBytes < cluster.allocated.memoryBytes * 1.2);
  }
});

test('the load follows the day: few Spark tasks in the afternoon, many at night', () => {
  const spark = (hour: number) => {
    const world = worldOf([], { start: START + (hour - 12) * 3600, agents: 40, tasks: 400 });
    return truthOf(world).frameworks.find(({ framework }) => framework === 'spark-etl')?.tasks.running ?? 0;
  };
  assert.ok(spark(2) > 1.5 * spark(15), `${spark(2)} at night, ${spark(15)} in the afternoon`);
});

test('CPU seconds are the integral of the use, also when limits change', () => {
  const world = worldOf();
  const containers = world.agents.flatMap(({ tasks }) => [...tasks].map(({ container }) => container)).slice(0, 30);
  const from = world.now;
  const before = containers.map((container) => cpuSeconds(container, from));
  for (const [i, container] of containers.entries()) {
    let total = 0;
    for (let t = 0; t < 900; t++) {
      total += cores(container, from + t + 0.5);
    }
    const grown = cpuSeconds(container, from + 900) - before[i];
    assert.ok(Math.abs(grown - total) < 0.01 * total, `${grown} is not ${total}`);
    assert.ok(memory(container, from) <= container.limit.mem * (1 << 20));
  }
});

test('an action on something that does not exist is an error', () => {
  const world = worldOf();
  assert.throws(() => carryOut(world, { do: 'agent dies', agent: 99 }), /no agent 99 in this cluster; it has: 1 to 12/);
  assert.throws(
    () => carryOut(world, { do: 'service crashes', framework: 'marathon', service: 'x' }),
    /no service x of marathon in this cluster; it has: web\.shop/
  );
  assert.throws(() => carryOut(world, { do: 'rack dies', rack: 9 }), /it has: r1, r2, r3/);
  assert.throws(() => carryOut(world, { do: 'nonsense' } as never), /unknown step "nonsense"; known: agent dies/);
});
