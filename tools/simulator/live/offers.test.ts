// Offers are outstanding for a moment, the same on all pages, and never of allocated resources.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { scenarioOf } from '../scenarios/index.ts';
import { askJSON, CAPTURES } from '../testing.ts';
import { START, withLive, type Json } from './testing.ts';

const MIB = 1 << 20;
const near = (a: number, b: number, what: string) => assert.ok(Math.abs(a - b) < 0.01, `${what}: ${a} and ${b}`);

/** Offers of a recorded /state in which one was outstanding. */
const recorded = JSON.parse(
  gunzipSync(readFileSync(join(CAPTURES, '04-series/038-master-state.json.gz'))).toString()
) as Json;

test('what is offered is offered by an agent, to a framework, in a role, and free', () =>
  withLive({ scenario: scenarioOf('everyday') }, async (live) => {
    const [master] = live.masters;
    const theirs = (recorded.frameworks as Json[]).flatMap(({ offers }) => offers ?? []);
    let seen = 0;
    for (let at = 0; at < 120; at += 2) {
      await live.setNow(START + at);
      const state = await askJSON<Json>(master, '/state');
      const truth = live.truth();
      const offers = (state.frameworks as Json[]).flatMap((framework) => framework.offers as Json[]);
      seen += offers.length;
      for (const offer of offers) {
        assert.deepEqual(Object.keys(offer), Object.keys(theirs[0]));
        const agent = state.slaves.find(({ id }: Json) => id === offer.slave_id);
        const framework = state.frameworks.find(({ id }: Json) => id === offer.framework_id);
        assert.deepEqual(agent.offered_resources, offer.resources);
        assert.ok(framework.roles.includes(offer.allocation_info.role));
        for (const kind of ['cpus', 'mem', 'disk']) {
          assert.ok(agent.used_resources[kind] + offer.resources[kind] <= agent.resources[kind] + 0.001, kind);
        }
      }
      near(sum(state.slaves, 'cpus'), truth.cluster.offered.cpus, 'by agents');
      near(sum(state.frameworks, 'cpus'), truth.cluster.offered.cpus, 'by frameworks');
      near(sum(state.slaves, 'mem') * MIB, truth.cluster.offered.memoryBytes, 'memory');
      near(
        truth.roles.reduce((n, { offered }) => n + offered.cpus, 0),
        truth.cluster.offered.cpus,
        'by roles'
      );
      const { roles } = await askJSON<{ roles: Json[] }>(master, '/roles');
      const tops = roles.filter(({ name }) => !String(name).includes('/'));
      near(
        tops.reduce((n, { offered }) => n + Number(offered.cpus ?? 0), 0),
        truth.cluster.offered.cpus + truth.cluster.offered.revocableCpus,
        '/roles'
      );
      const metrics = await askJSON<Record<string, number>>(master, '/metrics/snapshot');
      assert.equal(metrics['master/outstanding_offers'], offers.length);
    }
    assert.ok(seen > 10, `${seen} offers in two minutes`);
    const metrics = await askJSON<Record<string, number>>(master, '/metrics/snapshot');
    const count = (name: string) =>
      Object.entries(metrics).reduce((n, [key, value]) => n + (key.endsWith(`/offers/${name}`) ? value : 0), 0);
    assert.equal(
      count('sent'),
      count('accepted') + count('declined') + count('rescinded') + metrics['master/outstanding_offers']
    );
  }));

function sum(things: Json[], kind: string): number {
  return things.reduce((n, { offered_resources: offered }) => n + Number(offered[kind]), 0);
}

test('nothing is offered of agents that get no tasks, or to frameworks that are not there', () =>
  withLive({}, async (live) => {
    const offered = () => live.truth().agents.map(({ offered: { cpus } }) => cpus);
    let before = 0;
    for (let at = 0; at < 60 && before === 0; at++) {
      await live.setNow(START + at);
      before = Math.max(...offered());
    }
    assert.ok(before > 0, 'nothing was ever offered');
    for (let agent = 1; agent <= 6; agent++) {
      await live.do({ do: 'agent is deactivated', agent });
      await live.do({ do: 'agent dies', agent: agent + 6 });
    }
    assert.equal(Math.max(...offered()), 0);
    for (const framework of live.truth().frameworks.map((f) => f.framework)) {
      await live.do({ do: 'framework disconnects', framework });
    }
    for (let agent = 1; agent <= 6; agent++) {
      await live.do({ do: 'agent is reactivated', agent });
    }
    await live.setNow(live.now() + 60);
    assert.equal(Math.max(...offered()), 0);
  }));
