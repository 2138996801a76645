// Simulated masters and agents answer unusual requests as recorded in 09-protocol.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, CAPTURES } from '../testing.ts';
import { withLive } from './testing.ts';

const recorded = (file: string) => readFileSync(join(CAPTURES, file), 'utf8');

test('spellings of a path: doubled and trailing slashes, the prefix of the process', () =>
  withLive({}, async (live) => {
    const [[master], [agent]] = [live.masters, live.agents];
    const body = async (base: string, path: string) => (await ask(base, path)).body.toString();
    const state = await body(master, '/state');
    for (const path of ['/state/', '//state', '/master/state', '/master//state/', '/state?unknown=1']) {
      assert.equal(await body(master, path), state, path);
    }
    const own = await body(agent, '/containers');
    assert.equal(await body(agent, '/slave(1)/containers'), own);
    const nothing: Array<[base: string, path: string]> = [
      ...['/state.json', '/master/state.json', '/tasks.json', '/nonexistent', '/slave(1)/state', '/containers'].map(
        (path): [string, string] => [master, path]
      ),
      ...['/master/version', '/master/metrics/snapshot', '/master/system/stats.json'].map((path): [string, string] => [
        master,
        path,
      ]),
      ...['/master/state', '/state.json', '/monitor/statistics.json', '/slaves', '/roles'].map(
        (path): [string, string] => [agent, path]
      ),
    ];
    for (const [base, path] of nothing) {
      const got = await ask(base, path);
      assert.deepEqual([got.status, got.body.toString()], [404, recorded('09-protocol/state.json.body')], path);
    }
  }));

test('pages answer every method alike, HEAD without the body', () =>
  withLive({}, async (live) => {
    for (const path of ['/state', '/slaves', '/state-summary', '/tasks', '/metrics/snapshot']) {
      const whole = await ask(live.masters[0], path);
      for (const method of ['POST', 'PUT', 'DELETE', 'OPTIONS']) {
        const got = await ask(live.masters[0], path, { method });
        assert.deepEqual([got.status, got.body.toString()], [200, whole.body.toString()], `${method} ${path}`);
      }
      const head = await ask(live.masters[0], path, { method: 'HEAD' });
      assert.equal(head.raw.length, 0);
      assert.equal(head.headers['content-length'], String(whole.raw.length));
      assert.equal(head.headers.server ?? head.headers.etag ?? head.headers['cache-control'], undefined);
    }
  }));

test('jsonp: any answer in JSON as a call', () =>
  withLive({}, async (live) => {
    assert.match(recorded('01-empty-master/master-get_state-jsonp_cb.js'), /^cb\(\{.*\}\)$/s);
    const cases = [
      ...['/state', '/slaves', '/frameworks', '/tasks', '/metrics/snapshot', '/version'].map((path) => [
        live.masters[0],
        path,
      ]),
      ...['/state', '/containers'].map((path) => [live.agents[0], path]),
    ];
    for (const [base, path] of cases) {
      const bare = await ask(base, path);
      const called = await ask(base, `${path}?jsonp=cb`);
      assert.equal(called.headers['content-type'], 'text/javascript', path);
      assert.equal(called.body.toString(), `cb(${bare.body.toString()})`, path);
    }
    const health = await ask(live.masters[0], '/health?jsonp=cb');
    assert.equal(health.body.length, 0);
  }));

test('the web interface has a page', () =>
  withLive({}, async (live) => {
    const got = await ask(live.masters[0], '/');
    assert.equal(got.headers['content-type'], 'text/html');
    assert.equal(got.body.toString(), recorded('01-empty-master/master-get_.html'));
  }));

test('the timeout of /metrics/snapshot has to have a unit', () =>
  withLive({}, async (live) => {
    for (const [timeout, file] of [
      ['5', '09-protocol/metrics-timeout-nounit.txt'],
      ['bogus', '01-empty-master/master-get_metrics_snapshot-timeout_bogus.txt'],
    ]) {
      const got = await ask(live.masters[0], `/metrics/snapshot?timeout=${timeout}`);
      assert.deepEqual([got.status, got.body.toString()], [400, recorded(file)]);
    }
    for (const timeout of ['1secs', '100ms', '0secs', '1ns']) {
      assert.equal((await ask(live.agents[0], `/metrics/snapshot?timeout=${timeout}`)).status, 200, timeout);
    }
  }));
