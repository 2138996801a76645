// The event stream of a generated cluster has the shape of the recorded one, and agrees with its /state and snapshot.
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { ask, askJSON, CAPTURES } from '../testing.ts';
import { DEFAULTS } from './cluster.ts';
import { startGenerated, type GeneratedMaster } from './master.ts';

type Json = Record<string, any>;

const PLAN = { ...DEFAULTS, agents: 60, tasks: 600, frameworks: 6, churn: 0, rhythm: 0, events: 20 };

/** Whole records at the beginning of a stream. */
function recordsOf(stream: Buffer): Json[] {
  const records: Json[] = [];
  for (let at = 0; ;) {
    const line = stream.indexOf('\n', at);
    const end = line + 1 + Number(stream.subarray(at, line).toString());
    if (line < 0 || end > stream.length) {
      return records;
    }
    records.push(JSON.parse(stream.subarray(line + 1, end).toString()) as Json);
    at = end;
  }
}

/** The records of a stream that is read while `during` runs. */
async function subscribed(master: GeneratedMaster, during: () => void): Promise<Json[]> {
  const ended = new AbortController();
  const response = await fetch(`${master.url}/api/v1`, {
    method: 'POST',
    body: '{"type":"SUBSCRIBE"}',
    signal: ended.signal,
  });
  assert.equal(response.status, 200);
  during();
  const { bytes } = master.traffic();
  const chunks: Uint8Array[] = [];
  let read = 0;
  const reader = (response.body as ReadableStream<Uint8Array>).getReader();
  while (read < bytes['/api/v1']) {
    const { value } = await reader.read();
    assert.ok(value, 'the stream ended');
    chunks.push(value);
    read += value.length;
  }
  ended.abort();
  assert.equal(read, bytes['/api/v1']);
  return recordsOf(Buffer.concat(chunks));
}

/** The paths of keys in a value, with the types of what is there. */
function shapeOf(value: unknown, path = ''): string[] {
  if (Array.isArray(value)) {
    return value.flatMap((element) => shapeOf(element, `${path}[]`));
  }
  if (typeof value === 'object' && value !== null) {
    return Object.entries(value).flatMap(([key, of]) => shapeOf(of, `${path}.${key}`));
  }
  // A task is written in the same way wherever it is.
  return [`${path.replace(/^.*\.(completed_tasks|tasks)\[\]|^\.task_added\.task/, 'TASK')}: ${typeof value}`];
}

/** What depends on what a cluster runs: labels of discovery, fields of health checks. */
const ITS_OWN = /\.(discovery|health_check)\./;

test('the records have the keys and types of recorded ones', async () => {
  const master = await startGenerated(PLAN);
  try {
    const file = join(CAPTURES, '05-subscribe', 'subscribe.json.recordio.gz');
    const theirs = new Set(recordsOf(gunzipSync(readFileSync(file))).flatMap((record) => shapeOf(record)));
    const records = await subscribed(master, () => master.advance(PLAN.start + 60));
    const ours = new Set(records.flatMap((record) => shapeOf(record)));
    assert.deepEqual(
      [...ours].filter((path) => !theirs.has(path) && !ITS_OWN.test(path)),
      []
    );
    const types = new Set(records.map(({ type }) => type as string));
    assert.deepEqual([...types], ['SUBSCRIBED', 'HEARTBEAT', 'TASK_UPDATED', 'TASK_ADDED']);
  } finally {
    await master.stop();
  }
});

test('as many events come as planned, and lead from SUBSCRIBED to /state and to what the snapshot counts', async () => {
  const master = await startGenerated(PLAN);
  try {
    const passed = 300;
    const [first, ...records] = await subscribed(master, () => {
      for (let t = 0.05; t < passed + 0.05; t += 0.05) {
        master.advance(PLAN.start + t);
      }
    });
    const events = records.filter(({ type }) => type !== 'HEARTBEAT').length;
    assert.ok(Math.abs(events - PLAN.events * passed) < 20, `${events} events`);

    const states = new Map<string, string>();
    const cpus = new Map<string, number>();
    const cpusOf = (resources: Json[]) => resources.find(({ name }) => name === 'cpus')?.scalar.value as number;
    const { get_tasks, get_executors } = first.subscribed.get_state;
    for (const task of [...get_tasks.tasks, ...records.flatMap((r) => r.task_added?.task ?? [])] as Json[]) {
      states.set(task.task_id.value, task.state);
      cpus.set(task.task_id.value, cpusOf(task.resources));
    }
    for (const { task_updated } of records.filter(({ type }) => type === 'TASK_UPDATED')) {
      assert.ok(states.has(task_updated.status.task_id.value), 'a task is added before it changes');
      states.set(task_updated.status.task_id.value, task_updated.state);
    }
    const live = [...states].filter(([, state]) => /STARTING|RUNNING|STAGING/.test(state));
    const state = await askJSON<Json>(master.url, '/state');
    const tasks: Json[] = state.frameworks.flatMap((f: Json) => f.tasks);
    assert.deepEqual(live.sort(), tasks.map((task) => [task.id, task.state]).sort());
    const executors = (get_executors.executors as Json[]).map(({ executor_info }) => cpusOf(executor_info.resources));
    const used = [...live.map(([id]) => cpus.get(id) as number), ...executors].reduce((sum, n) => sum + n, 0);
    const metrics = await askJSON<Json>(master.url, '/metrics/snapshot');
    assert.ok(Math.abs(used - metrics['master/cpus_used']) < 1e-6);
    assert.equal(metrics['master/tasks_running'], live.filter(([, state]) => state === 'TASK_RUNNING').length);
    const ended: Json[] = state.frameworks.flatMap((f: Json) => f.completed_tasks);
    const told = new Map(ended.map((task) => [task.id as string, task.state as string]));
    const all = [...states].filter(([id, state]) => /FINISHED|FAILED|KILLED/.test(state) && told.has(id));
    assert.ok(all.length > 100);
    all.forEach(([id, state]) => assert.equal(state, told.get(id)));
  } finally {
    await master.stop();
  }
});

test('a cluster without events between ticks has no event stream', async () => {
  const master = await startGenerated({ ...PLAN, events: 0 });
  try {
    const { status } = await ask(master.url, '/api/v1', { method: 'POST', body: '{"type":"SUBSCRIBE"}' });
    assert.equal(status, 404);
  } finally {
    await master.stop();
  }
});
