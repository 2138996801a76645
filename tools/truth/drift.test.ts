// The drift of the model that events keep: none, but while the event stream is late.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Fault } from '../simulator/faults.ts';
import { DEFAULTS } from '../simulator/live/plan.ts';
import type { Live } from '../simulator/live/live.ts';
import { judgeDrift } from './judge.ts';

const START = 1_000_000;

/** Deviations where the stream has a fault from 30 s to 70 s, a poll is each 10 s, and drift is as at those polls. */
function deviations(fault: Fault | undefined, drift: number[], speed = 1): string[] {
  const steps = [
    { at: 30, fault: fault ?? null },
    { at: 70, fault: null },
  ].map((step) => ({ ...step, do: 'disturb' as const, on: 'masters' as const, name: 'stream' }));
  const scenario = { ...{ name: '', about: '', length: 200, plan: {} }, steps: fault ? steps : [] };
  const live = { plan: { ...DEFAULTS, start: START } } as Live;
  const points = drift.map((value, i): [number, number] => [START + 10 * i, value]);
  const toCluster = (at: number) => START + (at - START) * speed;
  const answer = { expr: '', series: [{ labels: { entity: 'task' }, points }] };
  return judgeDrift({ scenario, live, interval: 10, speed, toCluster }, answer, true).deviations;
}

const SLOW: Fault = { kind: 'stream-slow', bytesPerSecond: 0 };
const wrong = (n: number) => [`mesos_model_drift_total{entity="task"}: ${n}, true is 0`];

test('there is no drift', () => {
  assert.deepEqual(deviations(undefined, [0, 0, 0]), []);
  assert.deepEqual(deviations(undefined, [0, 2, 3]), wrong(3));
  assert.deepEqual(deviations(undefined, [4, 4, 4]), wrong(4));
  assert.deepEqual(deviations({ kind: 'stream-cut', seconds: 3 }, [0, 0, 0, 0, 0, 2, 2]), wrong(2));
});

test('while the stream is late there may be some, and for two polls more', () => {
  assert.deepEqual(deviations(SLOW, [0, 0, 0, 0, 1, 5, 5, 5, 8, 9, 9, 9]), []);
});

test('before and after there is none', () => {
  assert.deepEqual(deviations(SLOW, [0, 0, 1, 1, 1, 5, 5]), wrong(1));
  assert.deepEqual(deviations(SLOW, [0, 0, 0, 0, 1, 5, 5, 5, 8, 9, 9, 12]), wrong(3));
});

test("the fault is by the cluster's clock, which may be faster", () => {
  assert.deepEqual(deviations(SLOW, [0, 0, 3, 3, 3, 3, 3], 2), []);
  assert.deepEqual(deviations(SLOW, [0, 0, 0, 0, 0, 0, 0, 3], 2), wrong(3));
});

test('no series at all is no model that was kept', () => {
  const live = { plan: { ...DEFAULTS, start: START } } as Live;
  const scenario = { name: '', about: '', length: 200, plan: {}, steps: [] };
  const nothing = judgeDrift(
    { scenario, live, interval: 10, speed: 1, toCluster: (at) => at },
    { expr: '', series: [] },
    true
  );
  assert.equal(nothing.deviations.length, 1);
});
