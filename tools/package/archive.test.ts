// The same files make the same zip, whatever their times, modes and the machine's time zone are.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { entriesOf, writeSum, writeZip } from './archive.ts';

const time = new Date('2026-03-29T01:30:10Z');

function folderWith(parent: string, name: string, touched: number): string {
  const folder = path.join(parent, name);
  mkdirSync(path.join(folder, 'img'), { recursive: true });
  // In another order, with other times and modes.
  const files = { 'plugin.json': '{}', gpx_mesos_linux_amd64: 'ELF', 'img/logo.svg': '<svg/>' };
  for (const [file, text] of Object.entries(files).sort(() => (touched % 2 ? 1 : -1))) {
    writeFileSync(path.join(folder, file), text);
    chmodSync(path.join(folder, file), touched % 2 ? 0o600 : 0o777);
    utimesSync(path.join(folder, file), touched, touched);
  }
  return folder;
}

test('equal files make equal zips, in each time zone', async (t) => {
  const parent = mkdtempSync(path.join(os.tmpdir(), 'mesos-zip-'));
  t.after(() => rmSync(parent, { recursive: true, force: true }));
  const [first, second] = [path.join(parent, 'first.zip'), path.join(parent, 'second.zip')];
  await writeZip(folderWith(parent, 'a', 1_000_000_001), 'plugin', first, time);
  const folder = folderWith(parent, 'b', 1_700_000_000);
  const script = `import { writeZip } from ${JSON.stringify(path.join(import.meta.dirname, 'archive.ts'))};
    await writeZip(${JSON.stringify(folder)}, 'plugin', ${JSON.stringify(second)}, new Date(${time.getTime()}));`;
  execFileSync(process.execPath, ['--input-type=module', '--eval', script], {
    env: { ...process.env, TZ: 'Asia/Kathmandu' },
  });
  assert.ok(readFileSync(first).equals(readFileSync(second)));
  assert.deepEqual(entriesOf(first), [
    { name: 'plugin/gpx_mesos_linux_amd64', mode: 0o100755 },
    { name: 'plugin/img/logo.svg', mode: 0o100644 },
    { name: 'plugin/plugin.json', mode: 0o100644 },
  ]);
  const sum = writeSum(first, 'sha256');
  assert.equal(readFileSync(`${first}.sha256`, 'utf8'), `${sum}  first.zip\n`);
  assert.equal(sum, writeSum(second, 'sha256'));
});
