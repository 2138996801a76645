// What older versions do not tell may be missing, and never wrong; all else must be there.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AgentTruth, Truth } from '../simulator/live/truth.ts';
import type { Version } from '../simulator/live/versions/shapes.ts';
import type { Check } from './checks.ts';
import { compare, type Fact } from './compare.ts';
import { told, truthFor } from './untold.ts';

const withExecutors = (executors: number) => ({ agents: [{ agent: 'a', executors }] as AgentTruth[] }) as Truth;

/** How a value compares with what is true of an agent, or of a role. */
function deviations(
  expr: string,
  labels: Record<string, string>,
  value: number | undefined,
  version: Version,
  truth = withExecutors(0)
): string[] {
  const check = { expr, by: Object.keys(labels) } as Check;
  const facts: Fact[] = told(check, [[labels, 8]], truth, version);
  const points: Array<[number, number]> = value === undefined ? [] : [[60, value]];
  const answer = { expr, series: [{ labels, points }] };
  const moment = { at: 60, window: false, excused: false };
  // An expression without any result is reported once more.
  return compare(check, answer, [moment], () => facts).deviations.slice(0, 1);
}

test('what an agent is allocated may be missing in 0.22 where there are executors, and is never wrong', () => {
  const [allocated, of] = ['mesos_agent_cpus_allocated', { agent: 'a' }];
  assert.deepEqual(deviations(allocated, of, undefined, '0.22', withExecutors(2)), []);
  assert.equal(deviations(allocated, of, 7.8, '0.22', withExecutors(2)).length, 1);
  assert.equal(deviations(allocated, of, undefined, '0.22').length, 1);
  assert.equal(deviations(allocated, of, undefined, '0.28', withExecutors(2)).length, 1);
});

test('quota consumed and what is reserved for roles may be missing before 1.12', () => {
  for (const version of ['0.22', '0.28', '1.4'] as const) {
    assert.deepEqual(deviations('mesos_role_cpus_quota_consumed', { role: 'prod' }, undefined, version), []);
    assert.equal(deviations('mesos_role_cpus_quota_consumed', { role: 'prod' }, 0, version).length, 1);
    assert.equal(deviations('mesos_role_cpus_allocated', { role: 'prod' }, undefined, version).length, 1);
  }
  assert.equal(deviations('mesos_role_cpus_quota_consumed', { role: 'prod' }, undefined, '1.12').length, 1);
});

test('the default role is listed with nothing before 1.4', () => {
  const check = { expr: 'mesos_role_tasks', by: ['role', 'state'] } as Check;
  const facts: Fact[] = [[{ role: 'prod', state: 'running' }, 3]];
  const labels = (version: Version) => told(check, facts, withExecutors(0), version).map(([{ role }]) => role);
  assert.deepEqual(labels('0.28'), ['prod', '*']);
  assert.deepEqual(labels('1.4'), ['prod']);
});

test('0.19 calls every agent that it lists activated', () => {
  const check = { expr: 'mesos_cluster_agents', by: ['state'] } as Check;
  const facts: Fact[] = [
    [{ state: 'active' }, 11],
    [{ state: 'disconnected' }, 1],
  ];
  const counts = (version: Version) =>
    told(check, facts, withExecutors(0), version).map(([{ state }, n]) => [state, n]);
  assert.deepEqual(counts('0.19'), [['active', 12]]);
  assert.deepEqual(counts('0.22'), [
    ['active', 11],
    ['disconnected', 1],
  ]);
});

test('room is counted on agents that 0.19 lists, as it does not tell which are lost', () => {
  const truth = { agents: [{ state: 'disconnected' }, { state: 'active' }] } as Truth;
  const states = (expr: string, version: Version) =>
    truthFor({ expr } as Check, truth, version).agents.map(({ state }) => state);
  assert.deepEqual(states('fits: a shape, in all', '0.19'), ['active', 'active']);
  assert.deepEqual(states('fits: a shape, in all', '0.22'), ['disconnected', 'active']);
  assert.deepEqual(states('mesos_cluster_agents', '0.19'), ['disconnected', 'active']);
});
