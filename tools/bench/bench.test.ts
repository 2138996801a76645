import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../scripts/build.ts';

function bench(...args: string[]) {
  return spawnSync(process.execPath, [path.join(root, 'tools', 'bench', 'cli.ts'), ...args], { encoding: 'utf8' });
}

test('an unknown option is an error that lists the options', () => {
  for (const [option, value] of [
    ['--size', 'huge'],
    ['--size', 'small'], // of --peers only
    ['--part', 'weather'],
    ['--sise', 'small'],
  ]) {
    const { status, stderr } = bench(option, value);
    assert.equal(status, 2);
    assert.match(stderr, new RegExp(option));
    assert.match(stderr, /small \(100 agents, 1,000 tasks\), medium .*, large /);
    assert.match(stderr, /files, reading, small, large/);
  }
  assert.equal(bench('--help').status, 0);
});
