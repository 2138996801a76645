import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { written } from '../lines.ts';
import { findPeers } from './find.ts';

/** A folder with programs that print a text. */
function programs(t: { after(end: () => void): void }, texts: Record<string, string>): string {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  t.after(() => rmSync(folder, { recursive: true }));
  for (const [name, text] of Object.entries(texts)) {
    writeFileSync(path.join(folder, name), `#!/bin/sh\necho '${text}'\n`);
    chmodSync(path.join(folder, name), 0o755);
  }
  return folder;
}

test('a peer that is not there is a line that says how to name it, and has no number', () => {
  const { peers, lines } = findPeers({ PATH: '' });
  assert.deepEqual(peers, {});
  assert.deepEqual(
    lines.map(({ verdict, value }) => [verdict, value]),
    [
      ['skipped', ''],
      ['skipped', ''],
      ['skipped', ''],
    ]
  );
  const texts = lines.map(written);
  assert.match(texts[0], /^Prometheus: skipped \(no prometheus on the PATH: name it by BENCH_PROMETHEUS=FILE /);
  assert.match(texts[1], /^mesos_exporter: skipped \(no mesos_exporter on the PATH: .* BENCH_MESOS_EXPORTER=FILE /);
  assert.match(texts[2], /^Infinity's backend: skipped \(BENCH_INFINITY is not set: name it by BENCH_INFINITY=FILE /);
});

test('peers are found on the PATH and by the environment, with the versions that they tell', (t) => {
  const PATH = programs(t, { prometheus: 'prometheus, version 3.5.0+ds (branch: main)', mesos_exporter: 'nothing' });
  const elsewhere = programs(t, { gpx_infinity_linux_amd64: '', prometheus: 'prometheus, version 2.42.0 (x)' });
  writeFileSync(path.join(elsewhere, 'plugin.json'), '{"info": {"version": "3.11.1"}}');
  const infinity = path.join(elsewhere, 'gpx_infinity_linux_amd64');
  const both = findPeers({ PATH, BENCH_INFINITY: infinity });
  assert.deepEqual(both.peers, {
    prometheus: { file: path.join(PATH, 'prometheus'), version: '3.5.0+ds' },
    exporter: { file: path.join(PATH, 'mesos_exporter'), version: 'version not told' },
    infinity: { file: infinity, version: '3.11.1' },
  });
  assert.deepEqual(both.lines.map(written), [
    'Prometheus: 3.5.0+ds',
    'mesos_exporter: version not told',
    "Infinity's backend: 3.11.1",
  ]);
  // What the environment names goes before what is on the PATH.
  const named = findPeers({ PATH, BENCH_PROMETHEUS: path.join(elsewhere, 'prometheus') });
  assert.equal(named.peers.prometheus?.version, '2.42.0');
});

test('a variable that names no program is an error, and not a peer that is missing', (t) => {
  const folder = programs(t, {});
  for (const file of [folder + '/none', path.join(folder, 'plugin.json')]) {
    writeFileSync(path.join(folder, 'plugin.json'), '{}');
    assert.throws(() => findPeers({ PATH: '', BENCH_INFINITY: file }), /BENCH_INFINITY=.*: it is no program/);
  }
});
