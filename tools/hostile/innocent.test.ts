// Whether innocent queries were slow because of the plugin or because of other processes on the machine.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import os from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { judgeInnocent, judgeTime, type Load, loadNow, othersBetween } from './innocent.ts';

/** A hundred queries that took so long, and some that took longer. */
const queries = (took: number, slower = 0, rest = took) => [
  ...Array.from({ length: 100 - slower }, () => took),
  ...Array.from({ length: slower }, () => rest),
];

const after = (load: Partial<Load>): Load => ({ ours: 0, busy: 0, idle: 0, ...load });
const NOTHING = after({});

test('on a machine of its own a second is the limit', () => {
  assert.equal(judgeInnocent(queries(1000), 0).problem, undefined);
  assert.match(judgeInnocent(queries(1001), 0).problem ?? '', /took 1001 ms and may take 1000 ms/);
  assert.match(judgeInnocent(queries(10, 6, 1500), 0).problem ?? '', /took 1500 ms/);
  assert.equal(judgeInnocent(queries(10, 4, 1500), 0).problem, undefined);
  assert.match(judgeInnocent([1200, 1200, 10], 0).problem ?? '', /took 1200 ms/, 'of few the median counts');
});

test('where others have a part of the machine, it is as much longer', () => {
  assert.deepEqual(judgeInnocent(queries(1300), 0.25), { slow: 1300 });
  assert.match(judgeInnocent(queries(1400), 0.25).problem ?? '', /may take 1333 ms, as other processes had 25 %/);
  assert.match(judgeInnocent(queries(2001), 0.5).problem ?? '', /may take 2000 ms/);
});

test('an answer may take longer in the same way', () => {
  const judged = (took: number, others: number) => judgeTime('the slowest answer', took, 5, 's', others);
  assert.deepEqual(judged(5, 0), {});
  assert.match(judged(5.1, 0).problem ?? '', /the slowest answer took 5.1 s and may take 5.0 s/);
  assert.deepEqual(judged(6.6, 0.25), {});
  assert.match(judged(6.8, 0.25).problem ?? '', /may take 6.7 s, as other processes had 25 %/);
  assert.match(judged(7.3, 0.74).unknown ?? '', /took 7.3 s while other processes had 74 % of the machine/);
});

test('where others have more than half, it is not known, and no success', () => {
  const { problem, unknown } = judgeInnocent(queries(5000), 0.6);
  assert.equal(problem, undefined);
  assert.match(unknown ?? '', /took 5000 ms while other processes had 60 % of the machine/);
  assert.deepEqual(judgeInnocent(queries(900), 0.6), { slow: 900 });
});

test('others are who ran and is not of this suite, while the machine was busy', () => {
  assert.equal(othersBetween(NOTHING, after({ ours: 4, busy: 4 })), 0);
  assert.equal(othersBetween(NOTHING, after({ ours: 3, busy: 4 })), 0.25);
  assert.equal(othersBetween(NOTHING, after({ ours: 1, busy: 2, idle: 2 })), 0.125, 'half of the machine was free');
  assert.equal(othersBetween(NOTHING, after({ ours: 4.1, busy: 4 })), 0, 'hundredths');
  assert.equal(othersBetween(NOTHING, NOTHING), 0);
});

/** Runs without end on all processors. */
const GREEDY = `
  const { Worker } = require('node:worker_threads');
  for (let i = 0; i < ${os.availableParallelism()}; i++) new Worker('for (;;) {}', { eval: true });
  setTimeout(() => process.exit(), 20_000);
`;

test('what a process below this one does is not of others', async (t) => {
  if (process.platform !== 'linux') {
    t.skip('what processes have done is read from /proc, which only Linux has');
    return;
  }
  const child = spawn(process.execPath, ['-e', GREEDY], { stdio: 'ignore' });
  try {
    await sleep(500);
    const before = loadNow();
    await sleep(1500);
    const now = loadNow();
    const ours = now.ours - before.ours;
    assert.ok(ours > 0.3, `it ran for ${ours.toFixed(2)} s`);
    const others = (now.busy - before.busy - ours) / (now.busy - before.busy);
    assert.ok(Math.abs(othersBetween(before, now) - others) < 0.35, `${othersBetween(before, now)}, and ${others}`);
  } finally {
    child.kill('SIGKILL');
  }
});
