// Each shipped rule's query crosses its threshold on a simulated cluster when it has a reason to, through POST /api/ds/query, and
// no other time: inactive, pending, firing, inactive. On a healthy day none fires.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import everyAlert from '../../tools/simulator/scenarios/every-alert.ts';
import everyday from '../../tools/simulator/scenarios/everyday.ts';
import grows from '../../tools/simulator/scenarios/grows.ts';
import { courseOf, type Evaluation } from './course.ts';
import { ALERTS } from './index.ts';
import { type Firing, firingsOf, statesOf } from './states.ts';

/** When a rule has a reason to fire, in minutes of the scenario, and the labels of what it is about. */
interface Reason {
  from: number;
  /** When it must be inactive again. */
  until: number;
  about?: Record<string, string>;
  /** Other times at which it may fire, as of the same faults' consequences. */
  also?: Array<[from: number, until: number]>;
}

/** No leader answers: elections, then all masters. */
const AWAY: Array<[number, number]> = [
  [300, 345],
  [380, 425],
];

/** An agent comes back with tasks that ended meanwhile; tasks fill their memory. */
const ENDS: Array<[number, number]> = [
  [178, 202],
  [460, 530],
];

const FAULTS: Record<string, Reason> = {
  'mesos-master-not-answering': { from: 380, until: 414 },
  'mesos-leader-missing': { from: 380, until: 394 },
  'mesos-leader-changes': { from: 300, until: 375, also: [[380, 475]] },
  'mesos-follower-missing': { from: 70, until: 105, also: AWAY },
  'mesos-registrar-slow': { from: 70, until: 100 },
  'mesos-event-queue-growing': { from: 70, until: 100 },
  'mesos-allocation-slow': { from: 70, until: 110 },
  'mesos-agents-unreachable': { from: 160, until: 184 },
  'mesos-agents-lost': { from: 160, until: 196 },
  'mesos-agents-fewer': { from: 160, until: 186 },
  'mesos-agent-draining-long': { from: 70, until: 154, about: { agent: 'agent2.example.com' } },
  'mesos-framework-disconnected': { from: 70, until: 90, about: { framework: 'chronos' } },
  'mesos-framework-failures': { from: 100, until: 142, about: { framework: 'marathon' }, also: ENDS },
  'mesos-agent-failures': { from: 100, until: 142, also: ENDS },
  'mesos-framework-losses': { from: 160, until: 182, about: { framework: 'hadoop' } },
  'mesos-agent-losses': { from: 160, until: 182, about: { agent: 'agent3.example.com' } },
  'mesos-crash-loop': { from: 100, until: 142, about: { framework: 'marathon', task: 'search' }, also: ENDS },
  'mesos-cpu-utilization': { from: 210, until: 294 },
  'mesos-memory-utilization': { from: 210, until: 294 },
  'mesos-disk-utilization': { from: 210, until: 294 },
  'mesos-role-quota': { from: 100, until: 148, about: { role: 'batch', resource: 'CPU' } },
  'mesos-agent-full': { from: 210, until: 296, about: { resource: 'disk' } },
  'mesos-no-room': { from: 210, until: 294 },
  'mesos-offers-starved': { from: 70, until: 134, about: { framework: 'kafka' } },
  'mesos-cpu-throttled': { from: 80, until: 128, about: { framework: 'marathon' } },
  'mesos-near-out-of-memory': { from: 420, until: 530, about: { framework: 'marathon' } },
  'mesos-collection-failing': { from: 320, until: 344, about: { poll: 'state' }, also: AWAY },
};

const HOUR = 60;

const TRENDS: Record<string, Reason> = {
  'mesos-capacity-forecast': { from: 90 * HOUR, until: 124 * HOUR, about: { resource: 'CPU' } },
  'mesos-series-dropped': { from: 72 * HOUR, until: 115 * HOUR },
};

/** Reports whether a minute is within one of the windows. */
const among = (minute: number, windows: Array<[number, number]>) =>
  windows.some(([from, until]) => minute >= from && minute <= until);

function check(uid: string, evaluations: Evaluation[], reason: Reason): void {
  const alert = ALERTS.find((one) => one.uid === uid);
  assert.ok(alert);
  const { from, until, about = {}, also = [] } = reason;
  const states = statesOf(alert, evaluations);
  const inside = states.filter(({ minute }) => minute >= from && minute <= until).map(({ state }) => state);
  const course = inside.filter((state, i) => state !== inside[i - 1]);
  const shown = `${uid}: ${states
    .filter(({ state }, i) => state !== states[i - 1]?.state)
    .map(({ minute, state }) => `${minute} ${state}`)
    .join(', ')}`;
  assert.equal(
    states
      .filter(({ minute }) => minute < from)
      .every(({ state, minute }) => state === 'inactive' || state === 'pending' || among(minute, also)),
    true,
    `fires before its reason: ${shown}`
  );
  assert.equal(course[0] === 'firing', false, `fires before its reason: ${shown}`);
  assert.ok(course.includes('firing'), `does not fire: ${shown}`);
  assert.ok(
    alert.for === '0s' || course.indexOf('pending') < course.indexOf('firing'),
    `is not pending before: ${shown}`
  );
  assert.notEqual(states.find(({ minute }) => minute >= until)?.state, 'firing', `does not end: ${shown}`);
  const firings = firingsOf(alert, evaluations);
  const other = firings.filter(({ minute }) => !among(minute, [[from, until], ...also]));
  assert.deepEqual(other.map(textOf), [], `fires without a reason: ${shown}`);
  const first = firings.filter(({ minute }) => minute >= from && minute <= until);
  assert.ok(
    first.some(({ labels }) => Object.entries(about).every(([name, value]) => labels[name] === value)),
    `fires for something else: ${first.map(textOf).join('; ')}`
  );
  assert.ok(
    first.every(({ labels }) => (labels.cluster ?? '') !== ''),
    'every alert has its cluster'
  );
}

const textOf = ({ minute, labels }: Firing) => `minute ${minute} ${JSON.stringify(labels)}`;

test('every rule has a reason to fire here', () => {
  assert.deepEqual(ALERTS.map(({ uid }) => uid).sort(), Object.keys({ ...FAULTS, ...TRENDS }).sort());
});

let faults: Map<string, Evaluation[]>;
let trends: Map<string, Evaluation[]>;

before(async () => {
  // The cluster has up to 2,400 series before it grows, and 3,060 afterwards: only then the limit drops some.
  const seldom = ALERTS.filter(({ uid }) => uid in TRENDS);
  trends = await courseOf(seldom, {
    ...{ scenario: grows, interval: 1200, every: 40, from: HOUR, agentStatistics: false, maxSeries: 2950 },
  });
  faults = await courseOf(
    ALERTS.filter(({ uid }) => uid in FAULTS),
    { scenario: everyAlert, interval: 60, every: 2, from: 62 }
  );
});

for (const [uid, reason] of Object.entries(FAULTS)) {
  test(`${uid} fires when it has a reason to, and ends`, () => check(uid, faults.get(uid)!, reason));
}

for (const [uid, reason] of Object.entries(TRENDS)) {
  test(`${uid} fires when it has a reason to, and ends`, () => check(uid, trends.get(uid)!, reason));
}

test('on a healthy day no rule fires', async () => {
  const day = { ...everyday, plan: { ...everyAlert.plan, deploys: 0.5 }, length: 24 * 3600 };
  const found = await courseOf(ALERTS, { scenario: day, interval: 120, every: 6, from: 20 });
  for (const alert of ALERTS) {
    const evaluations = found.get(alert.uid)!;
    assert.ok(evaluations.length > 230);
    assert.deepEqual(
      evaluations.filter(({ error }) => error !== undefined).map(({ minute, error }) => `minute ${minute}: ${error}`),
      [],
      alert.uid
    );
    assert.deepEqual(firingsOf(alert, evaluations).map(textOf), [], alert.uid);
    // Data, so that it is known that all is well: but for rules on what is not there.
    const silent = evaluations.filter(({ readings }) => readings.length === 0);
    const compared = { 'mesos-agents-fewer': 10, 'mesos-crash-loop': Infinity }[alert.uid] ?? 0;
    assert.ok(silent.length <= compared, `${alert.uid} has no data ${silent.length} times`);
  }
});
