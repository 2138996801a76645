// Which moments are not judged because /state was rightly asked for less often.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Judged, LITTLE, ONE_DELAY } from './lateness.ts';
import { momentsOf } from './moments.ts';
import { type Poll, Rests } from './rests.ts';
import type { Watched } from './watched.ts';

const INTERVAL = 10;

const watched = {
  ...{ live: { events: () => [] }, interval: INTERVAL, speed: 1, from: 1010, to: 1190 },
  toCluster: (at: number) => at,
} as unknown as Watched;

/** Polls of which each begins so many seconds after the one before, whose answers took so long. */
function polls(...all: Array<[after: number, took?: number]>): Poll[] {
  let at = 1005;
  return all.map(([after, took]) => ({ at: (at += after), took }));
}

function judged(all: Poll[]) {
  const judged = new Judged(LITTLE, ONE_DELAY);
  const rests = new Rests(INTERVAL, all);
  return { rests, judged, moments: momentsOf(watched, 0, () => false, judged, rests).map(({ at }) => at) };
}

/** What a poll brings that answers at once, at each interval. */
const usual = Array.from({ length: 20 }, (): [number, number] => [INTERVAL, 0.02]);

test('after a first answer that took long the next poll is later, and what is not old is judged', () => {
  const { moments, judged: noted, rests } = judged(polls([0, 1.25], [25, 0.02], ...usual));
  assert.equal(rests.every(1005), 25);
  assert.equal(rests.every(1030), INTERVAL, 'of two answers the quicker one counts');
  assert.equal(moments.length, 19);
  assert.deepEqual(noted.lines(), []);
});

test('a moment within the rest is not judged, and it is said', () => {
  const { moments, judged: noted } = judged(polls([2, 1.3], [26, 0.02], ...usual)); // at 1007 and 1033
  assert.ok(moments.includes(1020) && !moments.includes(1030) && moments.includes(1040));
  assert.deepEqual(noted.lines(), [
    'busy machine: 1 of 19 moments were not judged, at which /state was asked for less often since its answers took 1.3 s',
  ]);
  assert.deepEqual(noted.deviations(), []);
});

test('who asks less often without a reason, or than the reason allows, is judged', () => {
  assert.equal(judged(polls([2, 0.02], [26, 0.02], ...usual)).moments.length, 19);
  assert.equal(judged(polls([2, 0.5], [26, 0.02], ...usual)).moments.length, 19);
  assert.ok(judged(polls([2, 1.3], [60, 0.02], ...usual)).moments.includes(1040));
});

test('more than the moments of one delay may not be left out', () => {
  const { judged: noted } = judged(polls([2, 4], [80, 0.02], ...usual));
  assert.match(noted.deviations()[0], /6 of 19 moments were not judged/);
});

test('a poll that fails says nothing of how long answers take', () => {
  const { rests } = judged(polls([2, 1.3], [26], [26, 0.02]));
  assert.equal(rests.every(1033), 26);
  assert.equal(rests.every(1059), INTERVAL);
});
