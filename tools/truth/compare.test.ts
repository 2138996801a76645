// The comparison of query results with true values: what it accepts, and what it reports.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { type Answer, compare, type Compared, type Fact, type Moment } from './compare.ts';

const CHECK: Compared = { expr: 'load', by: ['agent'] };

const answerOf = (points: Array<[number, number]>): Answer => ({
  expr: CHECK.expr,
  series: [{ labels: { agent: 'a', cluster: 'any' }, points }],
});

/** A check at 60 s: results and true values. */
function asked(value: number | undefined, facts: Fact[] | null, differs: Partial<Moment & Compared> = {}) {
  const points: Array<[number, number]> = value === undefined ? [] : [[60, value]];
  const moment = { at: 60, window: false, excused: false, ...differs };
  return compare({ ...CHECK, ...differs }, answerOf(points), [moment], () => facts);
}

const is = (value: number, latitude?: Fact[2]): Fact[] => [[{ agent: 'a' }, value, latitude]];

test('equal values pass', () => {
  assert.deepEqual(asked(60, is(60)), { checks: 1, inWindows: 0, deviations: [] });
  assert.deepEqual(asked(undefined, []), { checks: 0, inWindows: 0, deviations: [] });
});

test('another value, a missing one, and one where there should be none are deviations', () => {
  assert.match(asked(61, is(60)).deviations[0], /^load\{agent="a"\} at 1970-01-01T00:01:00\.000Z: 61, true is 60$/);
  assert.match(asked(undefined, is(60)).deviations[0], /nothing, true is 60/);
  assert.match(asked(99, []).deviations[0], /99, true is nothing/);
  assert.match(asked(0, null, { zeros: true }).deviations[0], /0, true is nothing/);
});

test('an expression without any result is reported as such', () => {
  assert.match(
    asked(undefined, is(60)).deviations[1],
    /load: nothing was answered at any moment, and 1 facts are true/
  );
  assert.equal(asked(61, is(60)).deviations.length, 1);
});

test('in a window checks are counted and not compared; with a faulty network values may be missing, but not wrong', () => {
  assert.deepEqual(asked(1, is(60), { window: true }), { checks: 1, inWindows: 1, deviations: [] });
  assert.deepEqual(asked(undefined, is(60), { excused: true }).deviations, []);
  assert.equal(asked(1, is(60), { excused: true }).deviations.length, 1);
});

test('a state with no members may be zero or absent', () => {
  assert.deepEqual(asked(0, [], { zeros: true }).deviations, []);
  assert.deepEqual(asked(undefined, is(0), { zeros: true }).deviations, []);
  assert.equal(asked(1, [], { zeros: true }).deviations.length, 1);
});

test('inexact values may differ within their tolerance, and be missing only where that is allowed', () => {
  assert.deepEqual(asked(1.4, is(1, { low: 0.5, high: 1.5 })).deviations, []);
  assert.match(asked(1.6, is(1, { low: 0.5, high: 1.5 })).deviations[0], /1\.6, true is 1 \(0\.5 to 1\.5\)/);
  assert.match(asked(undefined, is(1, { low: 0.5, high: 1.5 })).deviations[0], /nothing, true is 1/);
  assert.deepEqual(asked(undefined, is(1, { low: 0, high: 2, mayLack: true })).deviations, []);
  assert.equal(asked(-0.1, is(1, { low: 0, high: 2, mayLack: true })).deviations.length, 1);
});
