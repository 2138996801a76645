import assert from 'node:assert/strict';
import { test } from 'node:test';

import { startLive } from '../../simulator/live/live.ts';
import { megabytes, rounded } from '../lines.ts';
import { resultsTable } from '../peers.ts';
import { type Expected, judged, lately, truthText } from './checks.ts';
import { findPeers } from './find.ts';
import { TOOLS, type Tool } from './rows.ts';
import { playScenes } from './scenes.ts';

test('a number is right where it was true lately, and wrong a factor away', () => {
  const is: Expected = { is: () => undefined };
  const values = [2048 * 2 ** 20, 4096 * 2 ** 20];
  assert.deepEqual(judged({ value: values[1] }, is, values, megabytes), { verdict: 'ok', text: 'ok: 4295 MB' });
  assert.deepEqual(judged({ value: 2048 * 1024 }, is, values, megabytes), {
    verdict: 'wrong',
    text: '**wrong**: 2.1 MB',
  });
  assert.deepEqual(judged({ none: 'an error' }, is, values, megabytes), {
    verdict: 'no answer',
    text: 'no answer: an error',
  });
  assert.equal(truthText(is, values, megabytes), '2147 MB to 4295 MB');
});

test('where nothing is true, any number is wrong, 0 too', () => {
  const nothing: Expected = { nothing: 'nothing: it died' };
  assert.equal(judged({ value: 0 }, nothing, [], rounded).verdict, 'wrong');
  assert.equal(judged({ none: 'an error' }, nothing, [], rounded).verdict, 'ok');
  assert.equal(truthText(nothing, [], rounded), 'nothing: it died');
});

test('a count over a time may be off by what PromQL extrapolates, and not by a counter that began again', () => {
  const about: Expected = { about: 30, within: 6 };
  assert.equal(judged({ value: 34.2 }, about, [], rounded).verdict, 'ok');
  assert.equal(judged({ value: 55 }, about, [], rounded).verdict, 'wrong');
  assert.equal(judged({ none: 'nothing' }, about, [], rounded).verdict, 'no answer');
});

test('what was true lately is what the simulator knows, at each moment', async () => {
  const live = await startLive({ speed: 0, plan: { tasks: 40, agents: 4 } });
  try {
    const before = live.truth().cluster.allocated.cpus;
    await live.setNow(live.now() + 60);
    await live.do({ do: 'framework is removed', framework: 'marathon' });
    await live.setNow(live.now() + 10);
    const found = lately({ live }, live.now(), ({ cluster }) => cluster.allocated.cpus);
    assert.ok(found.includes(live.truth().cluster.allocated.cpus));
    assert.ok(found.length >= 2 && before > Math.min(...found), String(found));
    await live.setNow(live.now() + 60);
    const later = lately({ live }, live.now(), ({ frameworks }) =>
      frameworks.find(({ framework }) => framework === 'marathon') ? 1 : undefined
    );
    assert.deepEqual(later, [], 'what is not there has no value');
  } finally {
    await live.stop();
  }
});

test('scenes of the simulator: the plugin is right in each, and peers that are here are judged by the same code', async (t) => {
  if (process.platform !== 'linux') {
    return t.skip('processes are found in /proc, which only Linux has');
  }
  const { peers, lines } = findPeers();
  lines.filter(({ verdict }) => verdict === 'skipped').forEach(({ name, note }) => t.diagnostic(`${name}: ${note}`));
  const results = await playScenes(peers);
  const here: Tool[] = ['ours'];
  if (peers.prometheus && peers.exporter) {
    here.push('exporter');
  }
  if (peers.infinity) {
    here.push('infinity');
  }
  assert.ok(results.length >= 16, `${results.length} checks`);
  for (const { what, truth, said } of results) {
    assert.equal(said.ours?.verdict, 'ok', `${what}: ${said.ours?.text}, true is ${truth}`);
    assert.deepEqual(Object.keys(said).sort(), [...here].sort(), what);
  }
  const rows = resultsTable(results);
  assert.equal(rows.length, results.length + 2);
  assert.ok(Object.values(TOOLS).every((name) => rows[0].includes(name)));
  if (!peers.infinity) {
    assert.ok(rows.slice(2).every((row) => row.endsWith('| skipped |')));
  }
  if (here.includes('exporter')) {
    const of = (what: string) => results.find((result) => result.what === what)?.said.exporter?.verdict;
    assert.equal(of('CPUs in use of the cluster'), 'ok');
    assert.equal(of('memory in use of an agent, in bytes'), 'wrong');
    assert.equal(of('CPUs in use of a framework'), 'cannot');
    assert.equal(of('CPUs in use of an agent that died'), 'wrong');
  }
});
