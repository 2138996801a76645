// The library of the simulated cluster: ports, clocks, faults, the control server, and a stop that leaves nothing running.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setImmediate } from 'node:timers/promises';
import { startControl } from '../control.ts';
import type { Replay } from '../replay.ts';
import { scenarioOf } from '../scenarios/index.ts';
import { ask, askJSON, failureOf, fakeClock, withoutPorts } from '../testing.ts';
import { startLive, type Live } from './live.ts';
import { START, withLive, type Json } from './testing.ts';

const active = () => process.getActiveResourcesInfo().filter((name) => /Timeout|TCPServer|FSReq/.test(name)).length;

/** A closed handle is listed until the event loop comes round. */
async function assertLeft(expected: number): Promise<void> {
  for (let attempts = 0; attempts < 100 && active() !== expected; attempts++) {
    await setImmediate();
  }
  assert.equal(active(), expected);
}

test('nothing remains when it has stopped', async () => {
  const before = active();
  const live = await startLive({ plan: { masters: 3 } });
  assert.ok(active() > before + 15);
  const waiting = Promise.all([1, 2, 3].map(() => failureOf(live.masters[0], '/metrics/snapshot')));
  await live.stop();
  await waiting;
  await assertLeft(before);
  for (const url of [...live.masters, ...live.agents, live.router]) {
    assert.equal(await failureOf(url), 'ECONNREFUSED');
  }
});

test('a port in use is an error that names it, and what had started is stopped', async () => {
  const before = active();
  await withLive({}, async (live) => {
    const port = Number(new URL(live.agents[3]).port);
    await assert.rejects(startLive({ port: port - 1 }), /port \d+ is in use: stop what listens there/);
  });
  await assertLeft(before);
});

test('can stand in for a replay', () =>
  withLive({}, async (live) => {
    const replay: Replay = live;
    await ask(replay.masters[0], '/state');
    assert.deepEqual(
      replay.requests().map(({ host, path, status }) => ({ host, path, status })),
      [{ host: 'master1', path: '/state', status: 200 }]
    );
    replay.clearRequests();
    assert.deepEqual(replay.requests(), []);
    replay.fault('master1', { kind: 'answer', status: 500, path: '/state' });
    assert.equal((await ask(replay.masters[0], '/state')).status, 500);
    assert.equal((await ask(replay.masters[0], '/roles')).status, 200);
    replay.fault('master1', null);
    assert.equal((await ask(replay.masters[0], '/state')).status, 200);
    await replay.kill(replay.masters[0]);
    assert.equal(await failureOf(replay.masters[0]), 'ECONNREFUSED');
    assert.equal(live.truth().leader, null);
    await replay.revive('master1');
    assert.equal((await ask(replay.masters[0], '/redirect')).status, 307);
    await assert.rejects(async () => replay.kill('agent99'), /no host "agent99"; there are: master1, agent1/);
    await assert.rejects(replay.setStage('x'), /has no stage "x"/);
  }));

test('time passes with the clock, as fast as wanted', async () => {
  const clock = fakeClock();
  const live = await startLive({ scenario: scenarioOf('agent-dies'), clock: clock.read, speed: 60 });
  try {
    assert.equal(live.plan.start, Math.floor(clock.start / 1000));
    clock.at(1);
    await live.tick();
    assert.equal(live.position()?.elapsed, 60);
    clock.at(2.1);
    await live.tick();
    assert.equal(await failureOf(live.agents[1]), 'ECONNREFUSED');
    assert.deepEqual(live.position()?.event, { t: 120, text: 'agent dies: agent 2' });
    assert.deepEqual(live.truth(live.plan.start + 60).cluster.agents, { active: 12 });
  } finally {
    await live.stop();
  }
});

test('stopped time continues with the clock, and stops again', async () => {
  const clock = fakeClock();
  const live = await startLive({ clock: clock.read, speed: 0 });
  try {
    const { start } = live.plan;
    clock.at(100);
    assert.equal(live.now(), start);
    await live.setNow(start + 3600);
    live.setSpeed(2);
    assert.equal(live.now(), start + 3600);
    clock.at(110);
    assert.equal(live.now(), start + 3620);
    live.setSpeed(0);
    clock.at(120);
    assert.equal(live.now(), start + 3620);
  } finally {
    await live.stop();
  }
});

test('hosts go down by themselves when the cluster time continues', () =>
  withLive({ scenario: scenarioOf('agent-dies'), speed: 0 }, async (live) => {
    await live.setNow(START + 119.5);
    live.setSpeed(1);
    const until = Date.now() + 10_000;
    while ((await failureOf(live.agents[1])) !== 'ECONNREFUSED') {
      assert.ok(Date.now() < until, 'the agent does not die');
    }
  }));

test('in real time hosts go down by themselves', async () => {
  const live = await startLive({ scenario: scenarioOf('agent-dies'), speed: 200 });
  try {
    const until = Date.now() + 10_000;
    while ((await failureOf(live.agents[1])) !== 'ECONNREFUSED') {
      assert.ok(Date.now() < until, 'the agent does not die');
    }
    assert.ok(live.now() >= live.plan.start + 120);
  } finally {
    await live.stop();
  }
});

test('the same plan answers the same, to the last byte but for ports', async () => {
  const pages = async (live: Live) => {
    await live.setNow(START + 500);
    const texts: string[] = [];
    for (const path of ['/state', '/roles', '/metrics/snapshot']) {
      texts.push((await ask(live.masters[0], path)).body.toString());
    }
    texts.push((await ask(live.agents[2], '/monitor/statistics')).body.toString());
    return withoutPorts(texts.join('\n'));
  };
  const options = { scenario: scenarioOf('agent-returns') };
  let first = '';
  await withLive(options, async (live) => void (first = await pages(live)));
  await withLive(options, async (live) => assert.equal(await pages(live), first));
  await withLive({ ...options, plan: { seed: 2 } }, async (live) => assert.notEqual(await pages(live), first));
});

test('every agent answers through the router, also those without a port of their own', () =>
  withLive({ plan: { agents: 20 }, agentPorts: 5 }, async (live) => {
    assert.equal(live.agents.length, 5);
    const { slaves } = await askJSON<Json>(live.masters[0], '/state');
    assert.equal(slaves.length, 20);
    for (const { id, hostname } of slaves as Json[]) {
      const state = await askJSON<Json>(live.router, `/agent/${id}/slave(1)/state`);
      assert.equal(state.hostname, hostname);
    }
    await live.do({ do: 'agent dies', agent: 20 });
    assert.equal((await ask(live.router, `/agent/${slaves[19].id}/state`)).status, 502);
    assert.equal((await ask(live.router, '/agent/nobody/state')).status, 404);
  }));

test('the compressed body equals the plain one', () =>
  withLive({}, async (live) => {
    const plain = await ask(live.masters[0], '/state');
    const zipped = await ask(live.masters[0], '/state', { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.ok(zipped.raw.length < plain.raw.length / 5);
    assert.deepEqual(zipped.body, plain.body);
    const { raw, headers } = await ask(live.masters[0], '/state', { method: 'HEAD' });
    assert.equal(raw.length, 0);
    assert.equal(headers['content-length'], String(plain.raw.length));
  }));

test('/metrics/snapshot is answered twice a second, and later when others ask too', async () => {
  const live = await startLive({});
  try {
    const took = async (requests: number) => {
      const begun = performance.now();
      const all = Array.from({ length: requests }, () => ask(live.masters[0], '/metrics/snapshot'));
      assert.ok((await Promise.all(all)).every(({ status }) => status === 200));
      return performance.now() - begun;
    };
    assert.ok((await took(4)) > 1400, 'the fourth waits a second and a half');
    const begun = performance.now();
    await ask(live.masters[0], '/state');
    assert.ok(performance.now() - begun < 1000, 'nothing else waits');
    await live.do({ do: 'crowd', clients: 3 });
    assert.ok((await took(1)) > 1400);
  } finally {
    await live.stop();
  }
});

test('a slow network and truncated answers', async () => {
  await withLive({ scenario: scenarioOf('slow-network') }, async (live) => {
    await live.setNow(START + 61);
    const { body } = await ask(live.masters[0], '/roles');
    const begun = performance.now();
    await ask(live.masters[0], '/roles');
    assert.ok(performance.now() - begun > (body.length / 20_000) * 500, 'it trickles');
    await assert.rejects(ask(live.agents[0], '/state', { patience: 300 }), /no answer in 300 ms/);
    await live.setNow(START + 301);
    await ask(live.agents[0], '/state', { patience: 2000 });
  });
  await withLive({ scenario: scenarioOf('truncated') }, async (live) => {
    await live.setNow(START + 61);
    await assert.rejects(ask(live.masters[0], '/state'));
    await live.setNow(START + 181);
    const { status, body, headers } = await ask(live.masters[0], '/state');
    assert.equal(status, 200);
    assert.equal(headers['content-length'], String(body.length));
    assert.throws(() => JSON.parse(body.toString()) as unknown, SyntaxError);
    await live.setNow(START + 301);
    assert.equal((await askJSON<Json>(live.masters[0], '/state')).slaves.length, 12);
  });
});

test('the control server returns the truth and performs actions', () =>
  withLive({}, async (live) => {
    const control = await startControl(live, 0);
    try {
      const post = (path: string, body: unknown) =>
        fetch(`${control.url}${path}`, { method: 'POST', body: JSON.stringify(body) });
      assert.deepEqual(await askJSON(control.url, '/clock'), { now: START });
      assert.deepEqual(await (await post(`/clock?now=${START + 60}`, {})).json(), { now: START + 60 });
      assert.equal((await post('/do', { do: 'agent is deactivated', agent: 2 })).status, 200);
      const now = await askJSON<Json>(control.url, '/truth');
      assert.deepEqual(now.cluster.agents, { active: 11, deactivated: 1 });
      const then = await askJSON<Json>(control.url, `/truth?at=${START + 30}`);
      assert.deepEqual(then.cluster.agents, { active: 12 });
      const events = await askJSON<Json[]>(control.url, '/events');
      assert.deepEqual(events[0], { at: START + 60, text: 'agent is deactivated: agent 2' });
      const wrong = await post('/do', { do: 'agent dies', agent: 77 });
      assert.equal(wrong.status, 400);
      assert.match(((await wrong.json()) as Json).error, /no agent 77/);
      assert.match(((await (await post('/clock?now=noon', {})).json()) as Json).error, /expected Unix seconds/);
      assert.equal((await askJSON<Json>(control.url, '/')).scene, 'everyday');
    } finally {
      await control.stop();
    }
  }));

test('what its time was at a moment is remembered, and what is forgotten is an error', async () => {
  const clock = fakeClock();
  const live = await startLive({ clock: clock.read });
  try {
    const begun = live.plan.start;
    const nowAt = (seconds: number) => live.nowAt(clock.start + 1000 * seconds).map((at) => at - begun);
    assert.deepEqual(nowAt(-1), [0, 0]);
    for (const at of [1, 2]) {
      clock.at(at);
      live.now();
    }
    assert.deepEqual([nowAt(0.5), nowAt(1), nowAt(1.9), nowAt(5)].flat(), [0, 0, 1, 1, 1, 1, 2, 2]);
    for (let i = 0; i < 45_000; i++) {
      clock.at(3 + i / 1000);
      live.now();
    }
    assert.throws(
      () => nowAt(1),
      /the cluster's time at 2030-01-01T00:00:01.250Z is forgotten: it is remembered since /
    );
    assert.throws(() => nowAt(-1), /is forgotten/);
    assert.deepEqual(nowAt(47).map(Math.round), [47, 47]);
  } finally {
    await live.stop();
  }
});

test('every response has the cluster time, in Date and in the journal', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 60);
    const { headers } = await fetch(`${live.masters[0]}/state`);
    assert.equal(headers.get('date'), 'Sat, 21 Nov 2026 12:01:00 GMT');
    assert.deepEqual(
      live.requests().map(({ at }) => at),
      [START + 60]
    );
  }));

test('the leaders are known with their times, and since when each knew an agent', () =>
  withLive({ scenario: scenarioOf('master-recovers') }, async (live) => {
    await live.setNow(START + 600);
    const [first, second] = live.leaderships();
    assert.deepEqual([first.master, first.ready, first.until], [1, START, START + 120]);
    assert.equal(second.from, START + 150);
    const ready = second.ready ?? 0;
    assert.deepEqual([live.truth(ready - 0.01).ready, live.truth(ready).ready], [false, true]);
    assert.equal(live.truth(ready).agents.length, 1);
  }));

test('the truth about containers is what agent and leader answer at that moment', () =>
  withLive({ scenario: scenarioOf('agent-returns') }, async (live) => {
    await live.setNow(START + 100);
    const { containers, placed } = live.containers(1, START + 100);
    const said = await askJSON<Json[]>(live.agents[0], '/monitor/statistics');
    assert.deepEqual(
      containers.map(({ executorId, memoryBytes }) => [executorId, memoryBytes]),
      said.map(({ executor_id, statistics }) => [executor_id, statistics.mem_rss_bytes])
    );
    const state = await askJSON<Json>(live.masters[0], '/state');
    const used = (state.slaves as Json[]).find(({ hostname }) => hostname === 'agent01.example.com')?.used_resources;
    assert.equal(
      placed.reduce((sum, { memoryBytes }) => sum + memoryBytes, 0),
      used?.mem * 2 ** 20
    );
    const before = live.containers(1, START + 40).containers;
    for (const { id, cpuSeconds } of before) {
      const now = containers.find((container) => container.id === id);
      assert.ok(now === undefined || now.cpuSeconds > cpuSeconds);
    }
    assert.ok(before.some(({ id }) => containers.some((container) => container.id === id)));
  }));

test('10,000 agents and 100,000 tasks start within 20 s', async () => {
  const begun = performance.now();
  await withLive({ plan: { agents: 10_000, tasks: 100_000 } }, async (live) => {
    const took = performance.now() - begun;
    assert.ok(took < 20_000, `${took} ms`);
    const metrics = await askJSON<Json>(live.masters[0], '/metrics/snapshot');
    assert.equal(metrics['master/slaves_active'], 10_000);
    assert.ok(metrics['master/tasks_running'] > 60_000, `${metrics['master/tasks_running']} tasks`);
    assert.equal(metrics['master/tasks_running'], live.truth().cluster.tasks.running);
  });
});
