// The loss of a leader: which gaps in the series are right.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Live } from '../simulator/live/live.ts';
import type { Moment } from './compare.ts';
import { judgeGaps } from './gaps.ts';
import { judgeUp, type Said, type Ups } from './up.ts';
import type { Watched } from './watched.ts';

const INTERVAL = 10;

/** A leader is lost at 100; the next is elected at 111 and has agents at 113. */
const LEADERSHIPS = [
  { master: 1, from: 0, ready: 0, until: 100 },
  { master: 2, from: 111, ready: 113 },
];

const watched = {
  scenario: { steps: [{ at: 100, do: 'leader dies' }] },
  live: { reachable: () => LEADERSHIPS, plan: { masters: 3 } } as unknown as Live,
  ...{ interval: INTERVAL, from: 0, to: 300, speed: 1, oneClock: true, measured: false },
  toCluster: (at: number) => at,
} as unknown as Watched;

const moments: Moment[] = Array.from({ length: 31 }, (_, i) => ({ at: i * INTERVAL, window: false, excused: false }));

/** The results of a plugin that polls at each moment, and finds no leader in a range of them. */
function plugin(down: number, back: number, sees: (at: number) => boolean = (at) => at < down || at >= back) {
  const said = moments.map(({ at }): [number, Said] => [at, { up: at < down || at >= back ? 1 : 0, at }]);
  const ups: Ups = new Map(['state', 'roles', 'snapshot'].map((poll) => [poll, new Map(said)]));
  const seen = moments.filter(({ at }) => sees(at)).map(({ at }): [number, number] => [at, 8]);
  const answer = { expr: 'x', series: [{ labels: {}, points: seen }] };
  const times = { expr: 'x', series: [{ labels: {}, points: seen.map(([at]): [number, number] => [at, at]) }] };
  return { ups, series: [{ entity: 'cluster', answer, times }] };
}

function deviations({ ups, series }: ReturnType<typeof plugin>): string[] {
  return judgeGaps(watched, ups, series, moments).deviations;
}

test('a gap from the first poll after the loss to the first after the return is right', () => {
  const { ups, series } = plugin(100, 120);
  const gaps = judgeGaps(watched, ups, series, moments);
  assert.deepEqual(gaps.deviations, []);
  assert.match(
    gaps.lines[0],
    /dead for 11 s, recovering 2 s; gap in the series 20 s, mesos_up 0 for 20 s, polls missed: 2/
  );
  assert.deepEqual(judgeUp(watched, ups, moments, (_, at) => at).deviations, []);
});

test('samples from the time without a leader are deviations', () => {
  const invents = plugin(100, 120, () => true);
  assert.match(deviations(invents)[0], /1 samples of the cluster are of the time without a leader/);
  assert.match(deviations(invents)[1], /series of the cluster are there at 1970-01-01T00:01:40/);
});

test('a gap that is longer than mesos_up is 0 is a deviation', () => {
  assert.match(deviations(plugin(100, 120, (at) => at < 100 || at >= 140))[0], /missing at 1970-01-01T00:02:00/);
});

test('an undetected loss, late returns and more than two missed polls are deviations', () => {
  assert.match(deviations(plugin(1000, 1000))[0], /mesos_up was never 0/);
  assert.match(deviations(plugin(120, 130))[0], /mesos_up is 0 only 20 s later/);
  const late = deviations(plugin(100, 150));
  assert.match(late[0], /mesos_up is 1 37 s after the new leader has something to tell/);
  assert.match(late[1], /5 polls were missed, and 2 are allowed/);
});

test('a loss outside of the queried time is reported', () => {
  const { ups, series } = plugin(100, 120);
  const ends = judgeGaps({ ...watched, to: 110 }, ups, series, moments);
  assert.match(ends.deviations[0], /1 leaders are lost, and 0 of them in the time that is watched/);
});

test('mesos_up is 1 only while the leader answers', () => {
  const wrong = (down: number, back: number) =>
    judgeUp(watched, plugin(down, back).ups, moments, (_, at) => at).deviations;
  assert.match(wrong(110, 120)[0], /mesos_up\{poll="state"\} at 1970-01-01T00:01:40\.000Z: 1, true is 0/);
  assert.match(wrong(90, 120)[0], /at 1970-01-01T00:01:30\.000Z: 0, true is 1/);
});
