// How long a process waited for a processor because of others than itself.
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import os from 'node:os';
import { test } from 'node:test';
import { setTimeout as sleep } from 'node:timers/promises';

import { Watched } from '../bench/processes.ts';
import { type Look, waitedFor } from './lateness.ts';

/** Looks every tenth of a second at a process with two threads, which begin to run and to wait at 10 s: shares of the time. */
function looks(one: { ran: number; waited: number }, other: { ran: number; waited: number }): Look[] {
  return Array.from({ length: 200 }, (_, i) => {
    const passed = Math.max(0, i / 10 - 10);
    const of = ({ ran, waited }: { ran: number; waited: number }) => ({ ran: ran * passed, waited: waited * passed });
    const threads = new Map([
      ['1', of(one)],
      ['2', of(other)],
    ]);
    return { at: i / 10, ran: passed * (one.ran + other.ran), threads };
  });
}

const near = (value: number, right: number) => assert.ok(Math.abs(value - right) < 0.16, `${value} and not ${right}`);

test('a thread that waits while other processes run has waited so long', () => {
  const found = looks({ ran: 0, waited: 0.8 }, { ran: 0, waited: 0 });
  near(waitedFor(found, 15), 0.8 * 1.1);
  assert.equal(waitedFor(found, 9.5), 0);
});

test('a thread that waits while others of its process run has not', () => {
  assert.equal(waitedFor(looks({ ran: 0.2, waited: 0.8 }, { ran: 1, waited: 0 }), 15), 0);
  // Of all threads of a process that has all of two processors, none has.
  assert.equal(waitedFor(looks({ ran: 1, waited: 0.5 }, { ran: 1, waited: 0.5 }), 15), 0);
});

test('of a wait, only what others of the process do not explain counts', () => {
  near(waitedFor(looks({ ran: 0.1, waited: 0.8 }, { ran: 0.3, waited: 0 }), 15), 0.5 * 1.1);
});

test('a wait that began long before counts for the time that is looked at', () => {
  const threads = (waited: number) => new Map([['1', { ran: 0, waited }]]);
  const found = [
    { at: 0, ran: 0, threads: threads(0) },
    { at: 8.9, ran: 0, threads: threads(0) },
    { at: 10, ran: 0, threads: threads(9) },
  ];
  near(waitedFor(found, 10), 1.1);
});

test('nothing was looked at: nothing was waited for', () => {
  assert.equal(waitedFor([], 10), 0);
});

/** A process with twice as many threads as there are processors, all of which run without end. */
const GREEDY = `
  const { Worker } = require('node:worker_threads');
  for (let i = 0; i < ${2 * os.availableParallelism()}; i++) new Worker('for (;;) {}', { eval: true });
  setTimeout(() => process.exit(), 20_000);
`;

test('a real process that takes all processors has waited for itself', async (t) => {
  if (process.platform !== 'linux') {
    t.skip('how long threads wait is known on Linux only');
    return;
  }
  const child = spawn(process.execPath, ['-e', GREEDY], { stdio: 'ignore' });
  const found: Look[] = [];
  try {
    await sleep(500);
    const greedy = new Watched(child.pid!);
    for (let i = 0; i < 16; i++) {
      found.push({ at: Date.now() / 1000, ran: greedy.cpu(), threads: greedy.threads() });
      await sleep(100);
    }
  } finally {
    child.kill('SIGKILL');
  }
  const [first, last] = [found[0], found[found.length - 1]];
  const passed = last.at - first.at;
  const waits = [...last.threads].map(([id, { waited }]) => waited - (first.threads.get(id)?.waited ?? 0));
  const most = Math.max(...waits);
  if (last.ran - first.ran < 0.6 * passed * os.availableParallelism()) {
    t.skip('other processes have more than four tenths of the processors');
    return;
  }
  assert.ok(most > 0.3 * passed, `one of its threads waited for ${most} of ${passed} s`);
  assert.ok(waitedFor(found, last.at) < 0.25, `of which others caused ${waitedFor(found, last.at)}`);
});
