// Which moments of a scenario are compared.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { Judged, LITTLE, ONE_DELAY } from './lateness.ts';
import { momentsOf } from './moments.ts';
import type { Watched } from './watched.ts';

/** A scenario of a hundred moments, in which the machine held things up once. */
function watched(delay: { from: number; to: number }): Watched {
  const late = (from: number, to: number) => (delay.from <= to && delay.to >= from ? delay.to - delay.from : 0);
  const live = { events: () => [] };
  return {
    live,
    interval: 10,
    speed: 1,
    from: 1000,
    to: 1990,
    toCluster: (at: number) => at,
    late,
  } as unknown as Watched;
}

const momentsWith = (delay: { from: number; to: number }) => {
  const judged = new Judged(LITTLE, ONE_DELAY);
  return { judged, moments: momentsOf(watched(delay), 0, () => false, judged).map(({ at }) => at) };
};

test('a moment is not judged where its poll, or the one before, was held up', () => {
  const { moments, judged } = momentsWith({ from: 1500.1, to: 1501.3 });
  assert.equal(moments.length, 98);
  assert.ok(!moments.includes(1500) && !moments.includes(1510));
  assert.match(
    judged.lines()[0],
    /2 of 100 moments were not judged, which would need up to 1\.2 s; 0\.5 s is let pass/
  );
  assert.deepEqual(judged.deviations(), []);
});

test('what is late by little is judged', () => {
  const { moments, judged } = momentsWith({ from: 1500, to: 1500.4 });
  assert.equal(moments.length, 100);
  assert.deepEqual(judged.lines(), []);
});

test('a tenth of the moments at most may not be judged', () => {
  const { judged } = momentsWith({ from: 1500, to: 1590 });
  assert.match(judged.deviations()[0], /11 of 100 moments were not judged/);
});

test('of few moments those of one delay may not be judged', () => {
  const judges = (late: number[]) => {
    const judged = new Judged(LITTLE, ONE_DELAY);
    [1, 2, 3, 4, 5, 6, 7, 8].forEach((at) => judged.judges(at, late.includes(at) ? 1 : 0));
    return judged.deviations().length;
  };
  assert.equal(judges([4, 5, 6]), 0);
  assert.equal(judges([3, 4, 5, 6]), 1);
});
