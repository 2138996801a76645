// Prefilled history, as a panel shows it: the true values of that time, and no others.
import assert from 'node:assert/strict';
import { existsSync, rmSync } from 'node:fs';
import { test } from 'node:test';

import everyday from '../simulator/scenarios/everyday.ts';
import { workbenchArtifacts } from '../workbench/build.ts';
import { startWorkbench } from '../workbench/start.ts';
import { ensureBuilt, plugin } from '../scripts/build.ts';
import { INTERVAL, type Prefilled, startPrefilled } from './prefilled.ts';
import { provisioningFor } from '../scripts/provision.ts';

const small = { scenario: everyday, hours: 1 / 3, port: 0, plan: { agents: 3, tasks: 20 } };

type Point = [at: number, value: number];

/** Asks for an expression at every poll's moment from five minutes before the history begins to now; the points, in Unix seconds. */
async function ask(url: string, prefilled: Prefilled, expr: string): Promise<Point[]> {
  const answer = await fetch(`${url}/api/ds/query`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({
      from: String((prefilled.start - 300) * 1000),
      to: String(Date.now()),
      queries: [
        {
          ...{ refId: 'A', datasource: { uid: 'mesos', type: 'community-mesos-datasource' } },
          ...{ queryType: 'promql', expr, range: true, step: '15s', intervalMs: 15_000, maxDataPoints: 2000 },
        },
      ],
    }),
  });
  const { results } = (await answer.json()) as {
    results: { A: { error?: string; frames: Array<{ data: { values: Array<Array<number | null>> } }> } };
  };
  assert.equal(results.A.error, undefined);
  assert.equal(results.A.frames.length, 1, expr);
  const [times, values] = results.A.frames[0].data.values;
  return times
    .map((time, i): [number, number | null] => [Number(time) / 1000, values[i]])
    .filter((point): point is Point => point[1] !== null);
}

test('a panel shows prefilled history, and continues live', async () => {
  ensureBuilt([...plugin, ...workbenchArtifacts]); // so that it takes no time later
  const prefilled = await startPrefilled(small);
  const present = Date.now() / 1000;
  const provisioning = provisioningFor(prefilled.live.masters, 'Mesos', prefilled.settings);
  try {
    const workbench = await startWorkbench({
      ...{ provisioning, port: 0, history: prefilled.historyPath },
      log: () => undefined,
    });
    try {
      await prefilled.handOver();
      const joined = Date.now() / 1000;
      await fetch(`${workbench.url}/api/datasources/uid/mesos/health`);
      const allocated = () => ask(workbench.url, prefilled, 'sum(mesos_framework_cpus_allocated)');
      let points = await allocated();
      for (const end = Date.now() + 60_000; (points.at(-1) ?? [0])[0] < joined + INTERVAL; points = await allocated()) {
        assert.ok(Date.now() < end, 'it does not go on');
        await new Promise((resolve) => setTimeout(resolve, 1000));
      }

      const times = points.map(([at]) => at);
      assert.equal(times[0], prefilled.start, 'nothing before the start, nothing missing after it');
      const gaps = times.slice(1).map((at, i) => at - times[i]);
      assert.ok(Math.max(...gaps) <= 2 * INTERVAL, `gaps of ${Math.max(...gaps)} s`);
      assert.ok(gaps.filter((gap) => gap > INTERVAL).length <= 1, `${gaps}`);

      // In the present the cluster goes on between a poll's moment and its answer.
      const before = points.filter(([at]) => at < present - INTERVAL);
      assert.ok(before.length >= 79, `${before.length} points`);
      const truth = before.map(([at]) => prefilled.live.truth(at).cluster.allocated.cpus);
      assert.ok(new Set(truth).size > 5, 'there is something to see');
      before.forEach(([at, value], i) => {
        assert.ok(
          Math.abs(value - truth[i]) < 1e-6,
          `${value} is not ${truth[i]}, ${at - prefilled.start} s after the start`
        );
      });

      const used = await ask(workbench.url, prefilled, 'sum(mesos_framework_cpus_used)');
      assert.ok(used.filter(([at]) => at < joined).length >= 76, `${used.length} points of measured use`);
    } finally {
      await workbench.stop();
    }
  } finally {
    rmSync(provisioning, { recursive: true });
    await prefilled.stop();
  }
  assert.equal(existsSync(prefilled.historyPath), false);
});

test('polls use the credentials of the cluster', async () => {
  const auth = { monitor: { password: 'monitor-secret' } };
  const prefilled = await startPrefilled({ ...small, hours: 0.02, plan: { ...small.plan, principals: auth } });
  try {
    const { basicAuthUser, secureJsonData } = prefilled.settings;
    assert.deepEqual([basicAuthUser, secureJsonData?.basicAuthPassword], ['monitor', 'monitor-secret']);
    await prefilled.handOver();
  } finally {
    await prefilled.stop();
  }
});

test('a cluster behind a router is polled through it, with its token', async () => {
  const front = { kind: 'dcos', token: 'secret' } as const;
  const prefilled = await startPrefilled({ ...small, hours: 0.02, plan: { ...small.plan, front } });
  try {
    const { jsonData, secureJsonData } = prefilled.settings;
    assert.match(String(jsonData?.agentAddress), /^http:\/\/localhost:\d+\/agent\/\{id\}$/);
    assert.deepEqual(secureJsonData, { httpHeaderValue1: 'token=secret', agentHeaderValue1: 'token=secret' });
    await prefilled.handOver();
  } finally {
    await prefilled.stop();
  }
});

test('a history that cannot be written is an error with the cause, and leaves no files', async () => {
  const restricted = { limited: { password: 'limited-secret', restricted: true } };
  await assert.rejects(
    startPrefilled({ ...small, plan: { ...small.plan, principals: restricted } }),
    /The history could not be made: prefill: the cluster does not answer: /
  );
});
