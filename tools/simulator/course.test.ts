/** Scenes that move in time: the series and the failover, on a clock that the test sets. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { ask, askJSON, CAPTURES, failureOf, fakeClock, withReplay } from './testing.ts';

interface State {
  start_time: number;
  elected_time: number;
  build_time: number;
  activated_slaves: number;
  unreachable_slaves: number;
  frameworks: Array<{ name: string; registered_time?: number; unregistered_time: number; tasks: Task[] }>;
  slaves: Array<{ id: string; registered_time: number }>;
}
interface Task {
  statuses: Array<{ timestamp: number }>;
}

const SERIES = '04-series';
/** unix_time of the first line of INDEX.tsv. */
const SERIES_START = 1795246645.11;

const AGENT3 = '127.0.0.1:5053';

function sample(file: string): Buffer {
  return gunzipSync(readFileSync(join(CAPTURES, SERIES, file)));
}

test('the series serves at each moment the last sample taken', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async (replay) => {
    const [master] = replay.masters;
    for (const [seconds, file] of [
      [0, '000-master-metrics.json.gz'],
      [4.9, '000-master-metrics.json.gz'],
      [5, '001-master-metrics.json.gz'],
      [7, '001-master-metrics.json.gz'],
      [152, '030-master-metrics.json.gz'],
      [384.9, '076-master-metrics.json.gz'],
      [385, '000-master-metrics.json.gz'],
      [3 * 385 + 152, '030-master-metrics.json.gz'],
    ] as const) {
      clock.at(seconds);
      const got = await ask(master, '/metrics/snapshot');
      assert.ok(got.body.equals(sample(file)), `${file} at ${seconds} s`);
      assert.equal(got.headers['content-type'], 'application/json');
    }
  });
});

test('only the times inside an answer change: shifted by whole seconds so that the loop starts now', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async ({ masters: [master] }) => {
    const recorded = sample('030-master-state.json.gz').toString('latin1');
    const was = JSON.parse(recorded) as State;
    const shift = Math.floor(clock.start / 1000 - SERIES_START);
    clock.at(151);
    const text = (await ask(master, '/state')).body.toString('latin1');
    const is = JSON.parse(text) as State;

    assert.equal(is.build_time, was.build_time);
    assert.ok(Math.abs(is.elected_time - was.elected_time - shift) < 1e-5);
    assert.ok(Math.abs(is.start_time - was.start_time - shift) < 1e-5);
    const latest = Math.max(
      ...is.frameworks.flatMap((f) => f.tasks.flatMap((t) => t.statuses.map((s) => s.timestamp)))
    );
    assert.ok(latest * 1000 <= clock.read() && latest * 1000 > clock.read() - 30_000, 'recent, not in the future');
    assert.ok(was.frameworks.some((f) => f.unregistered_time === 0) && is.frameworks[0].unregistered_time === 0);

    const times = /"(\w+_time|timestamp)":\d{9,}(\.\d+)?/g;
    assert.equal(text.replace(times, ''), recorded.replace(times, ''), 'everything else is byte for byte as recorded');
    const fractions = (s: string) => [...s.matchAll(times)].map((m) => m[2]);
    assert.deepEqual(fractions(text), fractions(recorded));
  });
});

test('each loop looks like a restarted master: later election, smaller counters', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async (replay) => {
    const [master] = replay.masters;
    const read = async () => ({
      elected: (await askJSON<State>(master, '/state')).elected_time,
      uptime: (await askJSON<Record<string, number>>(master, '/metrics/snapshot'))['master/uptime_secs'],
    });
    clock.at(0);
    const first = await read();
    clock.at(380);
    const end = await read();
    clock.at(385);
    const again = await read();
    assert.equal(end.elected, first.elected);
    assert.ok(Math.abs(again.elected - first.elected - 385) < 1e-5);
    assert.ok(end.uptime > first.uptime);
    assert.equal(again.uptime, first.uptime);
    assert.equal(replay.position()?.loop, 1);
  });
});

test('an agent that did not answer refuses connections, for as long as it did', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async (replay) => {
    const at = async (seconds: number, host: string) => {
      clock.at(seconds);
      await replay.tick();
      return failureOf(replay.hosts[host], '/monitor/statistics');
    };
    // Agent 3 was killed at 60 s and started again at 150 s; agent 2 was away for one sample at 250 s.
    assert.equal(await at(59, AGENT3), 'answered');
    assert.equal(await at(61, AGENT3), 'ECONNREFUSED');
    assert.equal(replay.position()?.event?.text, 'SIGKILL agent 3 process (its executors keep running)');
    assert.equal(await at(149, AGENT3), 'ECONNREFUSED');
    assert.equal(await at(157, AGENT3), 'answered');
    assert.equal(await at(252, '127.0.0.1:5052'), 'ECONNREFUSED');
    assert.equal(await at(258, '127.0.0.1:5052'), 'answered');
    assert.equal(await at(315, '127.0.0.1:5051'), 'ECONNREFUSED');
    assert.equal(await at(385 + 10, '127.0.0.1:5051'), 'answered');

    clock.at(100);
    const state = await askJSON<State>(replay.masters[0], '/state');
    assert.deepEqual([state.activated_slaves, state.unreachable_slaves, state.slaves.length], [2, 1, 2]);
  });
});

test('a host goes down at its moment even before the timer noticed', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async ({ hosts }) => {
    clock.at(61);
    assert.equal(await failureOf(hosts[AGENT3], '/state'), 'ECONNRESET');
  });
});

test('what was not sampled is what another scene recorded nearest in time', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, clock: clock.read }, async ({ masters: [master], requests }) => {
    const nearest = async (seconds: number) => {
      clock.at(seconds);
      assert.equal((await ask(master, '/roles')).status, 200);
      return requests().at(-1)?.file;
    };
    assert.equal(await nearest(0), '06-agent-disconnected/master-get_roles.json');
    assert.equal(await nearest(95), '07-agent-unreachable/master-get_roles.json');
    assert.equal(await nearest(170), '08-agent-returned/master-get_roles.json');
    assert.equal((await ask(master, '/version')).status, 200);
    assert.match((await ask(master, '/redirect')).headers.location ?? '', /^\/\/localhost:\d+$/);
  });
});

test('with real time, hosts go down and come back by themselves', async () => {
  // 385 s in a little over two: agent 3 is away from about 0.31 s to 0.78 s.
  await withReplay({ scene: SERIES, speed: 190 }, async (replay) => {
    const seen = new Set<string>();
    const end = Date.now() + 3000;
    let back = false;
    while (Date.now() < end && !back) {
      const outcome = await failureOf(replay.hosts[AGENT3]);
      back = seen.has('ECONNREFUSED') && outcome === 'answered';
      seen.add(outcome);
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    assert.ok(back, `saw ${[...seen].join(', ')}`);
  });
});

test('at another speed, times after the start are spread accordingly', async () => {
  const clock = fakeClock();
  await withReplay({ scene: SERIES, speed: 10, clock: clock.read }, async ({ masters: [master] }) => {
    clock.at(0);
    const before = await askJSON<State>(master, '/state');
    clock.at(15.1); // 151 s of the recording
    const state = await askJSON<State>(master, '/state');
    assert.equal(state.elected_time, before.elected_time);
    const latest = Math.max(
      ...state.frameworks.flatMap((f) => f.tasks.flatMap((t) => t.statuses.map((s) => s.timestamp)))
    );
    assert.ok(latest * 1000 <= clock.read() && latest * 1000 > clock.read() - 3000);
  });
});

test('the failover is played as polled: leader dies, followers point at it, another one leads', async () => {
  const clock = fakeClock();
  await withReplay({ scene: '14-ha/failover-series', clock: clock.read }, async (replay) => {
    const [first, second, third] = replay.masters;
    const port = (url: string) => new URL(url).port;
    const elected = async (url: string) =>
      (await askJSON<Record<string, number>>(url, '/metrics/snapshot'))['master/elected'];
    const to = async (seconds: number) => {
      clock.at(seconds);
      await replay.tick();
    };

    await to(1);
    assert.deepEqual([await elected(first), await elected(second), await elected(third)], [1, 0, 0]);
    assert.equal((await ask(second, '/state')).headers.location, `//localhost:${port(first)}/master/state`);

    await to(6);
    assert.equal(await failureOf(first), 'ECONNREFUSED');
    assert.equal((await ask(third, '/redirect')).headers.location, `//localhost:${port(first)}`);
    assert.equal(replay.position()?.event?.text, 'SIGKILL leader 127.0.0.1:5050');

    await to(12);
    assert.deepEqual([await elected(second), await elected(third)], [1, 0]);
    assert.equal((await ask(third, '/roles')).headers.location, `//localhost:${port(second)}/master/roles`);
    const state = await askJSON<State>(second, '/state');
    assert.equal(state.slaves.length, 3);
    assert.ok(Math.abs(state.elected_time * 1000 - clock.read()) < 2000, 'elected a moment ago on this clock');

    await to(10_000);
    assert.equal(await failureOf(first), 'ECONNREFUSED', 'stays as it ended');
    assert.equal(await elected(second), 1);
  });
});
