// The comparison of answers with the truth: what it lets pass, and what it does not.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Truth } from '../../simulator/live/truth.ts';
import type { Check } from './checks.ts';
import { type Answer, compare, type Moment } from './compare.ts';

const INTERVAL = 15;

/** A cluster whose one figure grows by one each second; dead from 100 to 130. */
const truth = (at: number) => ({ at, leader: at >= 100 && at < 130 ? null : 'master' }) as unknown as Truth;

const CHECK: Check = {
  expr: 'up_and_up',
  by: ['agent'],
  facts: ({ at, leader }) => (leader === null ? [] : [[{ agent: 'a' }, at]]),
};

const answerOf = (points: Array<[number, number]>): Answer => ({
  expr: CHECK.expr,
  series: [{ labels: { agent: 'a', cluster: 'any' }, points }],
});

/** Asks at a moment: the answer, and when the cluster was polled for it. */
function asked(at: number, value?: number, polled = at, moment: Partial<Moment> = {}) {
  const points: Array<[number, number]> = value === undefined ? [] : [[at, value]];
  const times: Array<[number, number]> = value === undefined ? [] : [[at, polled]];
  return compare(
    CHECK,
    answerOf(points),
    answerOf(times),
    [{ at, window: false, excused: false, ...moment }],
    INTERVAL,
    truth
  );
}

test('what was true at the poll passes', () => {
  assert.deepEqual(asked(60, 60), { checks: 1, inWindows: 0, deviations: [] });
  assert.deepEqual(asked(60, 50, 50).deviations, []);
});

test('another value, one of an older poll, none, and one of a dead cluster are deviations', () => {
  assert.match(asked(60, 61).deviations[0], /^up_and_up\{agent="a"\} at 1970-01-01T00:01:00\.000Z: 61, true is 60$/);
  assert.equal(asked(60, 40, 40).deviations.length, 1);
  assert.match(asked(60).deviations[0], /nothing, true is 60/);
  assert.match(asked(120, 99, 99).deviations[0], /99, true is nothing/);
  assert.deepEqual(asked(120).deviations, []);
});

test('in a window nothing is compared, but counted; who is excused may be silent, and not wrong', () => {
  assert.deepEqual(asked(60, 1, 60, { window: true }), { checks: 1, inWindows: 1, deviations: [] });
  assert.deepEqual(asked(60, undefined, 60, { excused: true }).deviations, []);
  assert.equal(asked(60, 1, 60, { excused: true }).deviations.length, 1);
});

test('a state that nothing is in may be zero or absent', () => {
  const check = { ...CHECK, zeros: true, facts: () => [] };
  const at = (value: number) =>
    compare(
      check,
      answerOf([[60, value]]),
      answerOf([[60, 60]]),
      [{ at: 60, window: false, excused: false }],
      INTERVAL,
      truth
    );
  assert.deepEqual(at(0).deviations, []);
  assert.equal(at(1).deviations.length, 1);
});
