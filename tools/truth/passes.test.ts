// True measured use, compared with values computed here from the counters of a simulated cluster's agents.
import assert from 'node:assert/strict';
import { after, test } from 'node:test';

import { startLive } from '../simulator/live/live.ts';
import { scenarioOf } from '../simulator/scenarios/index.ts';
import { compare, type Answer } from './compare.ts';
import { passAt, readingsOf, USE_CHECKS } from './passes.ts';
import type { Watched } from './watched.ts';

const INTERVAL = 15;

interface Entry {
  executor_id: string;
  framework_id: string;
  statistics: { cpus_user_time_secs: number; cpus_system_time_secs: number; mem_rss_bytes: number; timestamp: number };
}

const scenario = scenarioOf('crash-loop');
const live = await startLive({ scenario, speed: 0, plan: { start: Date.UTC(2026, 10, 21, 12) / 1000 } });
after(() => live.stop());

/** The responses of all agents at a moment, by agent, framework and executor. */
async function poll(at: number): Promise<Map<string, Entry['statistics']>> {
  await live.setNow(at);
  await (await fetch(`${live.masters[0]}/state`)).text();
  const all = new Map<string, Entry['statistics']>();
  for (const [n, url] of live.agents.entries()) {
    for (const entry of (await (await fetch(`${url}/monitor/statistics`)).json()) as Entry[]) {
      all.set(`${n + 1} ${entry.framework_id} ${entry.executor_id}`, entry.statistics);
    }
  }
  return all;
}

const watched = {
  ...{ scenario, live, interval: INTERVAL, speed: 1, oneClock: true, measured: true, shift: 0 },
  toCluster: (at: number) => at,
} as unknown as Watched;

test('cores and memory are those of the counters, also of containers that start and end', async () => {
  const start = live.plan.start + 150;
  const polls = [await poll(start), await poll(start + INTERVAL), await poll(start + 2 * INTERVAL)];
  const readings = readingsOf(watched);
  const pass = passAt(readings, start + 2 * INTERVAL, INTERVAL);
  assert.equal(pass.length, live.plan.agents);

  let compared = 0;
  for (const { agent, used } of pass) {
    for (const { placed, cores, memory } of used) {
      const key = `${/\d+/.exec(agent)?.[0].replace(/^0/, '')} ${placed.frameworkId} ${placed.executorId}`;
      const [before, now] = polls.slice(1).map((one) => one.get(key));
      assert.deepEqual(memory, { low: now?.mem_rss_bytes, high: now?.mem_rss_bytes, sure: true }, key);
      if (before === undefined || now === undefined) {
        assert.equal(cores, undefined, `${key} is new`);
        continue;
      }
      const change = (name: 'cpus_user_time_secs' | 'cpus_system_time_secs') => now[name] - before[name];
      const rate =
        (change('cpus_user_time_secs') + change('cpus_system_time_secs')) / (now.timestamp - before.timestamp);
      assert.ok(cores !== undefined && cores.low <= rate + 1e-9 && rate <= cores.high + 1e-9, `${key}: ${rate}`);
      assert.ok(cores.high - cores.low < 0.003, 'two hundredths of a second either way, in fifteen seconds');
      compared++;
    }
  }
  assert.ok(compared > 50, `${compared} containers were there twice`);
});

test('sums add up, and a container that one side does not know counts in none', () => {
  const last = live.now();
  const pass = passAt(readingsOf(watched), last, INTERVAL);
  const factsOf = (expr: string) => USE_CHECKS.find((check) => check.expr === expr)?.facts(pass) ?? [];
  const sum = (expr: string) => factsOf(expr).reduce((total, [, value]) => total + value, 0);
  for (const measure of ['cpus_used', 'cpus_measured', 'memory_used_bytes', 'memory_measured_bytes']) {
    const [whole] = factsOf(`mesos_cluster_${measure}`);
    for (const entity of ['agent', 'framework', 'role', 'executor']) {
      assert.ok(Math.abs(sum(`mesos_${entity}_${measure}`) - whole[1]) < 1e-3, `${entity} ${measure}`);
    }
  }
  const listed = live.truth(last).cluster.allocated;
  const [[, measured]] = factsOf('mesos_cluster_memory_measured_bytes');
  assert.ok(measured > 0 && measured < listed.memoryBytes, 'tasks that only start are not read yet');
});

test('a poll without responses has no true values, and a result then is a deviation', () => {
  const check = USE_CHECKS[0];
  const moment = { at: 60, window: false, excused: false };
  const answer: Answer = { expr: check.expr, series: [{ labels: {}, points: [[60, 0]] }] };
  assert.deepEqual(check.facts([]), []);
  assert.equal(compare(check, answer, [moment], () => check.facts([])).deviations.length, 1);
});
