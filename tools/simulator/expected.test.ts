/** The numbers that graphs are compared with, on recorded responses. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { cpusByFramework, masterTotals } from './expected.ts';
import { ask, fakeClock, withReplay } from './testing.ts';

const GIB = 2 ** 30;

test('scene 03: CPUs of all frameworks add up to the sum of the master', async () => {
  await withReplay({ scene: '03-workload' }, async ({ masters: [master] }) => {
    const cpus = await cpusByFramework(master);
    const { capacity, allocated } = await masterTotals(master);
    assert.ok(Math.abs(Object.values(cpus).reduce((a, b) => a + b) - 6.304) < 1e-9);
    assert.ok(Math.abs(allocated.cpus - 6.304) < 1e-9);
    assert.equal(capacity.cpus, 18);
    assert.equal(capacity.memory, 20 * GIB);
    assert.equal(cpus['suppressed-fw'], 0, 'zero is known, not absent');
  });
});

test('frameworks of equal name are summed', async () => {
  await withReplay({ scene: '03-workload' }, async (replay) => {
    const framework = (name: string, cpus: number) => ({ name, used_resources: { cpus } });
    const body = JSON.stringify({ frameworks: [framework('a', 1.5), framework('b', 0), framework('a', 2)] });
    replay.fault('5050', { kind: 'answer', body, headers: { 'Content-Type': 'application/json' } });
    assert.deepEqual(await cpusByFramework(replay.masters[0]), { a: 3.5, b: 0 });
  });
});

test('a follower redirects to the leader, a refusal is an error', async () => {
  await withReplay({ scene: '14-ha' }, async ({ masters: [leader, follower] }) => {
    // Followers redirect to /master/state, which was recorded a moment after /state: one short task ended in between.
    const [direct, redirected] = [await cpusByFramework(leader), await cpusByFramework(follower)];
    assert.deepEqual(Object.keys(redirected).sort(), Object.keys(direct).sort());
    assert.ok(Math.abs(direct.chronos - redirected.chronos - 0.1) < 1e-9);
  });
  await withReplay({ scene: '15-auth' }, async ({ masters: [master] }) => {
    await assert.rejects(cpusByFramework(master), /\/state answered 401 Unauthorized/);
    const headers = { Authorization: 'Basic bW9uaXRvcjptb25pdG9ycHc=' };
    assert.ok(Object.keys(await cpusByFramework(master, headers)).length > 0);
  });
});

test('frameworks and master agree in the samples of the series, except where a task started or ended between two requests', async () => {
  const clock = fakeClock();
  await withReplay({ scene: '04-series', clock: clock.read }, async ({ masters: [master] }) => {
    const apart: number[] = [];
    for (let t = 0; t < 385; t += 5) {
      clock.at(t + 0.5);
      const sum = Object.values(await cpusByFramework(master)).reduce((a, b) => a + b);
      if (Math.abs(sum - (await masterTotals(master)).allocated.cpus) > 1e-6) {
        apart.push(t);
      }
    }
    assert.deepEqual(apart, [60, 275, 300, 355, 375]);
    assert.equal((await ask(master, '/health')).status, 200);
  });
});
