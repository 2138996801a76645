// Files of sandboxes: answers as recorded (03-workload), files that grow, are rotated and outlast their tasks.
import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ask } from '../testing.ts';
import { START, withLive, type Json } from './testing.ts';

interface Entry {
  path: string;
  size: number;
  mtime: number;
  mode: string;
}

const parsed = async (base: string, path: string) => JSON.parse((await ask(base, path)).body.toString());
const browse = (base: string, path: string): Promise<Entry[]> =>
  parsed(base, `/files/browse?path=${encodeURIComponent(path)}`);
const read = (base: string, path: string, more: string): Promise<{ data: string; offset: number }> =>
  parsed(base, `/files/read?path=${encodeURIComponent(path)}&${more}`);

/** The whole text of a file, in parts as a client reads it. */
async function whole(base: string, path: string): Promise<string> {
  let text = '';
  for (;;) {
    const { data, offset } = await read(base, path, `offset=${text.length}&length=1000000`);
    if (data === '') {
      assert.equal(offset, text.length);
      return text;
    }
    assert.ok(data.length <= 65_536);
    text += data;
  }
}

async function executors(base: string, list: 'executors' | 'completed_executors'): Promise<Json[]> {
  const state: Json = await parsed(base, '/state');
  return state.frameworks.flatMap((framework: Json) => framework[list]);
}

test('the sandbox of a task that runs: its files grow and what was written stays', () =>
  withLive({}, async (live) => {
    const [agent] = live.agents;
    await live.setNow(START + 120);
    const [{ directory }] = await executors(agent, 'executors');
    const files = await browse(agent, directory);
    assert.deepEqual(
      files.map(({ path }) => path),
      [`${directory}/stderr`, `${directory}/stdout`]
    );
    const before = await whole(agent, `${directory}/stdout`);
    assert.equal(before.length, files[1].size);
    assert.deepEqual(await read(agent, `${directory}/stdout`, 'offset=-1'), { data: '', offset: before.length });
    assert.match(before, /^Registered executor\nReceived SUBSCRIBED event\n/);
    assert.match(before, /^2026-11-21T1[12]:\d\d:\d\d\.\d{3}Z INFO /m);
    await live.setNow(START + 240);
    const after = await whole(agent, `${directory}/stdout`);
    assert.ok(after.length > before.length && after.startsWith(before));
  }));

test('the sandbox of a task that has ended says why it ended', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 1800);
    let failed = 0;
    for (const agent of live.agents) {
      for (const { directory, completed_tasks, type } of await executors(agent, 'completed_executors')) {
        const [{ state, statuses }] = completed_tasks;
        if (state !== 'TASK_FAILED' || type !== undefined) {
          continue;
        }
        failed++;
        const stderr = await whole(agent, `${directory}/stderr`);
        assert.match(stderr, /ERROR (exiting with status 1|java\.lang\.OutOfMemoryError.*)\n$/);
        const { mtime } = (await browse(agent, directory))[0];
        assert.equal(mtime, Math.floor(statuses.at(-1).timestamp));
      }
    }
    assert.ok(failed > 0, 'some tasks of the workload fail');
  }));

test('a sandbox outlasts the list of executors, at the path with the ID of the executor', () =>
  withLive({}, async (live) => {
    const [agent] = live.agents;
    const seen = new Map<string, string>();
    for (let minutes = 10; minutes <= 720; minutes += 10) {
      await live.setNow(START + minutes * 60);
      const { frameworks } = await parsed(agent, '/state');
      const listed = new Set<string>();
      for (const { id: framework, completed_executors } of frameworks as Json[]) {
        for (const { id, type } of completed_executors as Json[]) {
          listed.add(id);
          if (type === undefined) {
            seen.set(id, framework);
          }
        }
      }
      for (const [id, framework] of seen) {
        if (!listed.has(id)) {
          const latest = `/frameworks/${framework}/executors/${id}/runs/latest`;
          assert.match(await whole(agent, `${latest}/stdout`), /\S/);
          return;
        }
      }
    }
    assert.fail('the agent still lists all');
  }));

test('an executor of several tasks says how each of them ended', () =>
  withLive({}, async (live) => {
    const ends = new Set<string>();
    for (let minutes = 30; minutes <= 240; minutes += 30) {
      await live.setNow(START + minutes * 60);
      for (const agent of live.agents) {
        for (const { directory, type, completed_tasks } of await executors(agent, 'executors')) {
          for (const { id, state } of type === 'CUSTOM' ? completed_tasks : []) {
            const [file, end] = state === 'TASK_FAILED' ? ['stderr', 'ERROR'] : ['stdout', 'INFO'];
            assert.match(await whole(agent, `${directory}/${file}`), new RegExp(`^\\S+ ${end} task ${id}: `, 'm'));
            ends.add(state);
          }
        }
      }
    }
    assert.ok(ends.has('TASK_FAILED') && ends.has('TASK_FINISHED'), [...ends].join());
  }));

test('a long output is rotated at whole lines, oldest last', () =>
  withLive({}, async (live) => {
    await live.setNow(START + 6 * 3600);
    for (const agent of live.agents) {
      for (const { directory } of await executors(agent, 'executors')) {
        const names = (await browse(agent, directory)).map(({ path }) => path);
        if (!names.includes(`${directory}/stdout.1`)) {
          continue;
        }
        const older = await whole(agent, `${directory}/stdout.1`);
        const newer = await whole(agent, `${directory}/stdout`);
        assert.ok(older.length >= 64 * 1024 && older.endsWith('\n'));
        const [last, first] = [older.trimEnd().split('\n').at(-1)!, newer.split('\n')[0]];
        assert.ok(last.slice(0, 24) < first.slice(0, 24));
        return;
      }
    }
    assert.fail('no container has run for long enough');
  }));

test('what there is not, and what is not allowed', () =>
  withLive({}, async (live) => {
    const [agent] = live.agents;
    const status = async (path: string) => (await ask(agent, path)).status;
    const [{ directory, id }] = await executors(agent, 'executors');
    assert.equal(await status('/files/browse?path=/nope'), 404);
    assert.equal(await status('/files/read?path=/nope&offset=0'), 404);
    const stdout = encodeURIComponent(`${directory}/stdout`);
    assert.equal(await status(`/files/read?path=${stdout}&offset=-2`), 400);
    assert.deepEqual(await read(agent, `${directory}/stdout`, 'offset=100000000'), { data: '', offset: 100_000_000 });
    assert.equal(await status(`/files/read.json?path=${stdout}&offset=0`), 404);
    assert.equal(await status(`/files/read?path=${encodeURIComponent(`${directory}/../../x`)}&offset=0`), 404);
    const nothing = await ask(agent, '/files/browse');
    assert.deepEqual([nothing.status, nothing.body.toString()], [400, "Expecting 'path=value' in query.\n"]);
    const [{ id: framework }] = (await parsed(agent, '/state')).frameworks.filter(({ executors }: Json) =>
      executors.some((executor: Json) => executor.id === id)
    );
    const latest = `/frameworks/${framework}/executors/${id}/runs/latest`;
    assert.equal((await browse(agent, latest))[1].path, `${latest}/stdout`);
  }));
