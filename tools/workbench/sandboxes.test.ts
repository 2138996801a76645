// Logs of tasks through the executable, of clusters of every simulated version: what a query shows is what the agent has.
import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { startLive, type Live } from '../simulator/live/live.ts';
import { VERSIONS } from '../simulator/live/versions/shapes.ts';
import everyday from '../simulator/scenarios/everyday.ts';
import { ensureBuilt, plugin } from '../scripts/build.ts';
import { workbenchArtifacts } from './build.ts';
import { callerOf, type Call } from './call.ts';
import { startWorkbench } from './start.ts';

/** ms in which a slow machine has polled five clusters. */
const PATIENCE = 120_000;

interface LogTask {
  taskId: string;
  frameworkId: string;
  agentId: string;
  agent: string;
  state: string;
}

interface Frame {
  schema: { fields: Array<{ name: string }> };
  data: { values: unknown[][] };
}

interface Executor {
  directory: string;
  tasks: Array<{ id: string }>;
  completed_tasks: Array<{ id: string }>;
}

const uidOf = (version: string) => `mesos-${version.replace('.', '-')}`;

/** Before 0.25 pages end in .json. */
const pageOf = (version: string, name: string) => `${name}${['0.19', '0.22'].includes(version) ? '.json' : ''}`;

async function answer<T>(base: string, page: string): Promise<T> {
  return (await (await fetch(base + page)).json()) as T;
}

/** The whole lines of a task's stdout, from its agent. */
async function linesOf(live: Live, version: string, task: LogTask): Promise<string[]> {
  const agent = live.agents[Number(/\d+/.exec(task.agent)?.[0]) - 1];
  const state = await answer<{
    frameworks: Array<{ id: string; executors: Executor[]; completed_executors: Executor[] }>;
  }>(agent, pageOf(version, '/state'));
  const executor = state.frameworks
    .filter(({ id }) => id === task.frameworkId)
    .flatMap(({ executors, completed_executors }) => [...executors, ...completed_executors])
    .find(({ tasks, completed_tasks }) => [...tasks, ...completed_tasks].some(({ id }) => id === task.taskId));
  assert.ok(executor, `${version}: ${task.taskId} has an executor`);
  const file = `path=${encodeURIComponent(`${executor.directory}/stdout`)}`;
  const { offset: size } = await answer<{ offset: number }>(
    agent,
    `${pageOf(version, '/files/read')}?${file}&offset=-1`
  );
  let text = '';
  while (text.length < size) {
    const page = `${pageOf(version, '/files/read')}?${file}&offset=${text.length}`;
    text += (await answer<{ data: string }>(agent, page)).data;
  }
  return text.trimEnd().split('\n');
}

/** Waits until the cluster was polled. */
async function tasksOf(call: Call, version: string): Promise<LogTask[]> {
  for (const end = Date.now() + PATIENCE; ; await sleep(250)) {
    const found = await call<{ data: LogTask[] }>(
      'GET',
      `/datasources/uid/${uidOf(version)}/resources/logs/tasks?limit=500`
    );
    if (found.data.length > 0 || Date.now() > end) {
      return found.data;
    }
  }
}

test('the logs of tasks of every version', async () => {
  ensureBuilt([...plugin, ...workbenchArtifacts]);
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-sandboxes-'));
  const clusters: Array<{ version: (typeof VERSIONS)[number]; live: Live }> = [];
  try {
    for (const version of VERSIONS) {
      const start = Math.floor(Date.now() / 1000) - 1200;
      const live = await startLive({
        scenario: everyday,
        speed: 0,
        plan: { agents: 4, tasks: 30, start, mesos: version },
      });
      await live.setNow(start + 1200);
      clusters.push({ version, live });
    }
    const datasources = clusters.map(({ version, live }) => ({
      ...{ name: version, uid: uidOf(version), type: 'community-mesos-datasource', access: 'proxy' },
      jsonData: {
        ...{ masters: live.entry.masters, pollInterval: '10s', agentAddress: live.entry.agentAddress },
        sandboxLogs: 'admin',
      },
    }));
    writeFileSync(path.join(folder, 'mesos.yaml'), stringify({ apiVersion: 1, datasources }));
    const workbench = await startWorkbench({ provisioning: folder, port: 0, log: () => undefined });
    try {
      const call = callerOf(workbench.url);
      for (const { version, live } of clusters) {
        const tasks = await tasksOf(call, version);
        assert.ok(tasks.length > 0, `${version}: tasks are listed`);
        const running = tasks.filter(({ state }) => state === 'running').slice(0, 5);
        const ended = tasks.filter(({ state }) => ['finished', 'failed', 'killed'].includes(state)).slice(0, 2);
        assert.ok(running.length > 0, `${version}: tasks run`);
        for (const task of [...running, ...ended]) {
          const { taskId, frameworkId, agentId } = task;
          const { results } = await call<{ results: { A: { error?: string; frames: Frame[] } } }>('POST', '/ds/query', {
            ...{ from: 'now-2h', to: 'now' },
            queries: [
              {
                ...{ refId: 'A', datasource: { uid: uidOf(version) }, queryType: 'logs', limit: 5000 },
                ...{ taskId, frameworkId, agentId, file: 'stdout' },
              },
            ],
          });
          assert.equal(results.A.error, undefined, `${version}: ${taskId}`);
          const [{ schema, data }] = results.A.frames;
          const bodies = data.values[schema.fields.findIndex(({ name }) => name === 'body')] as string[];
          const real = await linesOf(live, version, task);
          assert.ok(bodies.length > 0, `${version}: ${taskId} has lines`);
          assert.deepEqual(bodies.toSorted(), real.slice(-bodies.length).toSorted(), `${version}: ${taskId}`);
        }
      }
    } finally {
      await workbench.stop();
    }
  } finally {
    await Promise.all(clusters.map(({ live }) => live.stop()));
    rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  }
});
