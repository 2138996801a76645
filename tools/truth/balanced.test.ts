// Behind a load balancer that asks any master a poll counts when it met the leader, and only then.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Live } from '../simulator/live/live.ts';
import type { Front } from '../simulator/live/plan.ts';
import { judgeBalanced } from './balanced.ts';
import type { Ups } from './up.ts';
import type { Watched } from './watched.ts';

const INTERVAL = 10;

/** Polls every 10 s: who answered each, and what the plugin says of it. */
function deviations(polls: Array<[host: string, up: number]>, picks: 'any' | 'leader' = 'any'): string[] {
  const front: Front = { kind: 'balancer', picks };
  const requests = polls.map(([host], i) => ({
    ...{ host: 'front', path: '/state', status: 200, at: i * INTERVAL, time: '' },
    behind: { host, path: '/state' },
  }));
  const watched = {
    live: { requests: () => requests, reachable: () => [{ master: 1, from: 0, ready: 0 }], plan: { front } },
    ...{ interval: INTERVAL, to: 1000, oneClock: true },
  } as unknown as Watched & { live: Live };
  const ups: Ups = new Map([['state', new Map(polls.map(([, up], i) => [i * INTERVAL, { up, at: i * INTERVAL }]))]]);
  return judgeBalanced(watched, ups).deviations;
}

test('polls that met the leader are up, others are not', () => {
  assert.deepEqual(
    deviations([
      ['master1', 1],
      ['master2', 0],
      ['master3', 0],
    ]),
    []
  );
  assert.match(
    deviations([
      ['master2', 1],
      ['master1', 1],
    ])[0],
    /: 1, and the poll did not meet the leader/
  );
  assert.match(
    deviations([
      ['master1', 0],
      ['master1', 1],
    ])[0],
    /: 0, and the poll met the leader/
  );
});

test('a fifth of the polls must have met it', () => {
  const followers = Array.from({ length: 9 }, (): [string, number] => ['master2', 0]);
  assert.match(deviations([...followers, ['master1', 1]])[0], /1 of 10 polls found the leader/);
  assert.deepEqual(deviations([...followers.slice(5), ['master1', 1]]), []);
});

test('a balancer that asks the leader alone is no such one', () => {
  assert.deepEqual(deviations([['master2', 1]], 'leader'), []);
});
