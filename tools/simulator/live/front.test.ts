// What stands before the masters: the router of DC/OS, and load balancers.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { scenarioOf } from '../scenarios/index.ts';
import * as http from '../testing.ts';
import type { Live } from './live.ts';
import { START, withLive, type Json } from './testing.ts';

const AUTHORIZED = { headers: { Authorization: 'token=secret' } };

type Options = Parameters<typeof http.ask>[2];

/** Asks below a path. */
function ask(base: string, path: string, options?: Options) {
  const { origin, pathname } = new URL(base);
  return http.ask(origin, `${pathname.replace(/\/$/, '')}${path}`, options);
}

async function statusAt(live: Live, at: number): Promise<number | string> {
  await live.setNow(START + at);
  const [entry] = live.entry.masters;
  return ask(entry, '/metrics/snapshot', AUTHORIZED).then(
    ({ status }) => status,
    ({ code }: NodeJS.ErrnoException) => code ?? ''
  );
}

test('DC/OS: a path before the pages of the leader and of agents, and a token', () =>
  withLive({ scenario: scenarioOf('dcos') }, async (live) => {
    const { masters, agentAddress, token } = live.entry;
    const [mesos] = masters;
    assert.equal(token, 'token=secret');
    const denied = await ask(mesos, '/state');
    assert.equal(denied.status, 401);
    assert.equal(denied.headers['www-authenticate'], 'oauthjwt');
    assert.match(denied.body.toString(), /^<!DOCTYPE html>/);
    assert.equal((await ask(mesos, '/state', { headers: { Authorization: 'token=old' } })).status, 401);

    const state = JSON.parse((await ask(mesos, '/state', AUTHORIZED)).body.toString()) as Json;
    assert.equal(state.slaves.length, 12);
    // The master's own redirect names an address that nobody outside can reach.
    const { headers } = await ask(mesos, '/redirect', AUTHORIZED);
    assert.equal(headers.location, `//localhost:${live.masters[0].split(':').at(-1)}`);
    assert.notEqual(await http.failureOf(live.masters[0], '/state'), 'answered');
    assert.notEqual(await http.failureOf(live.agents[0], '/monitor/statistics'), 'answered');

    const of = (id: string) => agentAddress.replace('{id}', id);
    const statistics = await ask(of(state.slaves[0].id), '/monitor/statistics', AUTHORIZED);
    assert.ok((JSON.parse(statistics.body.toString()) as Json[]).length > 0);
    assert.equal((await ask(of(state.slaves[0].id), '/monitor/statistics')).status, 401);
    assert.equal((await ask(of('nobody'), '/monitor/statistics', AUTHORIZED)).status, 404);
    const login = await ask(mesos.replace('/mesos', ''), '/');
    assert.deepEqual([login.status, /<html>/.test(login.body.toString())], [200, true]);
  }));

test('DC/OS: the router follows a change of the leader five seconds late', () =>
  withLive({ scenario: scenarioOf('dcos') }, async (live) => {
    assert.equal(await statusAt(live, 69), 200);
    assert.equal(await statusAt(live, 71), 502);
    await live.setNow(START + 90);
    const elected = live.leaderships()[1].from - START;
    assert.equal(live.reachable()[1].from - START, elected + 5);
  }));

test('DC/OS: until the router follows, an agent that is down is a bad gateway', () =>
  withLive({ scenario: scenarioOf('dcos') }, async (live) => {
    await live.setNow(START + 250);
    const { agentId } = live.truth().agents[1];
    assert.equal((await ask(live.entry.agentAddress.replace('{id}', agentId), '/health', AUTHORIZED)).status, 502);
  }));

test('a load balancer: any master answers', () =>
  withLive({ scenario: scenarioOf('balancer') }, async (live) => {
    const [entry] = live.entry.masters;
    const answers: Json[] = [];
    for (let i = 0; i < 30; i++) {
      answers.push(JSON.parse((await ask(entry, '/state')).body.toString()) as Json);
    }
    assert.equal(new Set(answers.map(({ pid }) => pid)).size, 3);
    for (const { pid, leader, slaves } of answers) {
      assert.equal(slaves.length, pid === leader ? 12 : 0);
    }
    const answering = new Set(live.requests().map(({ behind }) => behind?.host));
    assert.deepEqual([...answering].sort(), ['master1', 'master2', 'master3']);
  }));

test('a load balancer to the leader: connections are reset until it notices that the leader is lost', () =>
  withLive({ scenario: scenarioOf('balancer-leader') }, async (live) => {
    assert.equal(await statusAt(live, 69), 200);
    assert.equal(await statusAt(live, 71), 'ECONNRESET');
    assert.equal(await statusAt(live, 75), 503);
    await live.setNow(START + 90);
    assert.equal(await statusAt(live, live.reachable()[1].from - START), 200);
  }));
