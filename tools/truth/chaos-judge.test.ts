// Faults of the event stream: which samples are right on a machine that is busy, and that a fault is found on it all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Entry } from '../simulator/journal.ts';
import type { Live } from '../simulator/live/live.ts';
import { START, withLive } from '../simulator/live/testing.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Afterwards, type Around, judgeChaos, KEPT, momentsAround } from './chaos-judge.ts';
import type { Answer } from './compare.ts';
import type { Verdict } from './judge.ts';
import { type Look, waitedFor } from './lateness.ts';

/** A simulator that tells what happened every 0.2 s, but nothing from 50 s to 53 s. */
function told(at: number): number {
  const tick = Math.floor(Math.round(at * 1000) / 200) * 0.2;
  return tick > 50 && tick < 53 ? 50 : tick;
}

const ticking: Pick<Live, 'requests' | 'nowAt'> = {
  requests: () => [],
  nowAt: (clock) => [told(clock / 1000), told(clock / 1000)],
};

const toCluster = (at: number) => at;
const around = (late: number) => momentsAround({ live: ticking, late: () => late, toCluster });
const range = ({ moments }: Around) =>
  [Math.min(...moments), Math.max(...moments)].map((at) => Math.round(at * 10) / 10);

test('a sample is of what was told a moment before', () => {
  assert.deepEqual(range(around(0)(40.1)), [39.8, 40]);
  assert.ok(around(0)(40.1).needed < 0.1);
});

test('where the simulator was late, a sample is of what it had told', () => {
  assert.deepEqual(range(around(0)(52.9)), [50, 50]);
  assert.deepEqual(range(around(0)(53.1)), [50, 53]);
});

test('where the plugin waited for a processor, it may have read so much later, up to a second', () => {
  assert.deepEqual(range(around(0.5)(40.1)), [39.2, 40]);
  assert.deepEqual(range(around(1)(40.1)), [38.8, 40]);
  assert.deepEqual(range(around(5)(40.1)), [38.8, 40]);
});

test('what a sample would need is what the simulator was late and the plugin waited', () => {
  assert.ok(Math.abs(around(0.5)(40.1).needed - 0.5) < 0.1);
  assert.ok(around(0)(52.9).needed > 2.5, 'the simulator told nothing for three seconds');
  assert.ok(around(0)(49.5).needed > 0.4, 'its request may have been answered meanwhile');
});

test('requests that are no longer kept are an error', () => {
  const entry: Entry = {
    ...{ time: '', host: '', method: 'GET', path: '/state', headers: [] },
    authorized: false,
    digests: {},
    status: 0,
  };
  const live = (n: number) => ({ ...ticking, requests: () => Array.from({ length: n }, () => entry) });
  momentsAround({ live: live(49_999), late: () => 0, toCluster });
  assert.throws(() => momentsAround({ live: live(50_000), late: () => 0, toCluster }), /50000 requests or more/);
});

const SCENARIO: Scenario = {
  ...{ name: 'stream-cut', about: '', length: 240, plan: {} },
  steps: [30, 75].map((at) => ({ at, do: 'disturb', on: 'masters', name: 'stream', fault: null })),
};

type Change = (answers: Map<string, Answer>, at: number) => void;

/** A moment of judged, by its number from 0. */
const momentOf = (n: number) => START + 20 + 10 * (n + 1);

/**
 * The verdict on a plugin that reads what is told `read` seconds later, whose answers are changed, and which waited for a
 * processor: always as long, or by moment.
 */
async function judged(
  read: number,
  late: number | ((at: number) => number),
  change: Change = () => {}
): Promise<Verdict> {
  let verdict: Verdict | undefined;
  await withLive({ plan: { agents: 8, tasks: 60, deploys: 30, start: START } }, async (live) => {
    await live.setNow(START + 200);
    const from = START + 20;
    const watched: Live = { ...live, ...ticking };
    const moments = Array.from({ length: 17 }, (_, i) => from + 10 * (i + 1)).map((at) => {
      const then = at - 3.3;
      const truth = live.truth(told(then - read));
      const answers = new Map<string, Answer>();
      for (const check of KEPT) {
        const facts = check.facts(truth);
        const answer = (expr: string, of: (value: number) => number) =>
          answers.set(expr, {
            expr,
            series: facts.map(([labels, value]) => ({ labels, points: [[at, of(value)]] })),
          });
        answer(check.expr, (value) => value);
        answer(`timestamp(${check.expr})`, () => then);
      }
      answers.set('mesos_up{poll="subscribe"}', { expr: '', series: [{ labels: {}, points: [[at, 1]] }] });
      change(answers, at);
      return { at, answers };
    });
    const events = live
      .ends()
      .map((end, i) => ({ ...end, id: String(i), state: end.state.toLowerCase(), at: end.heard }));
    const states = Map.groupBy(events, ({ state }) => state);
    const ended = 'sum by (state) (mesos_agent_tasks_ended_total)';
    moments.at(-1)?.answers.set(ended, {
      expr: ended,
      series: [...states].map(([state, { length }]) => ({ labels: { state }, points: [[from + 170, length]] })),
    });
    const afterwards: Afterwards = {
      ...{ scenario: SCENARIO, live: watched, interval: 10, from, to: from + 170, moments, events },
      ...{ begins: from + 30, right: from + 95, toCluster },
      late: typeof late === 'number' ? () => late : late,
    };
    verdict = judgeChaos(afterwards);
  });
  return verdict!;
}

const deviations = async (...args: Parameters<typeof judged>) => (await judged(...args)).deviations;

/** Looks at a plugin of which a thread waits for nine tenths of all time: two others of it run meanwhile, or other processes. */
function starving({ itself }: { itself: boolean }): Look[] {
  return Array.from({ length: 2100 }, (_, i) => {
    const passed = i / 10;
    const threads = {
      '1': { ran: passed / 10, waited: (9 * passed) / 10 },
      '2': { ran: itself ? passed : 0, waited: 0 },
    };
    return { at: START + passed, ran: passed * (itself ? 1.1 : 0.1), threads: new Map(Object.entries(threads)) };
  });
}

test('what was told in time is no deviation, whatever the machine does', async () => {
  assert.deepEqual(await deviations(0.1, 0), []);
  assert.deepEqual(await deviations(0.1, 1), []);
});

test('what was read late is one, but where the plugin had to wait for a processor', async () => {
  assert.notDeepEqual(await deviations(0.9, 0), []);
  assert.deepEqual(await deviations(0.9, 0.9), []);
});

test('what was read more than a second late is one, however long the plugin waited', async () => {
  assert.notDeepEqual(await deviations(2, 1), []);
  const rarely = (at: number) => (at < momentOf(1) ? 3 : 1);
  assert.notDeepEqual(await deviations(2, rarely), []);
});

test('a moment at which the plugin waited for longer is not judged, which is said and counted', async () => {
  const once = (at: number) => (at > momentOf(4) - 5 && at < momentOf(4) + 5 ? 3 : 0);
  const without = await judged(0.1, 0);
  const found = await judged(0.1, once);
  assert.deepEqual(found.deviations, []);
  assert.equal(without.inWindows, 0);
  assert.ok(
    found.inWindows > found.checks / 30 && found.inWindows < found.checks / 10,
    `${found.inWindows} of ${found.checks}`
  );
  assert.deepEqual(
    found.lines.filter((line) => line.includes('not judged')),
    ['busy machine: 1 of 17 moments were not judged, which would need up to 3.0 s; 1 s is let pass']
  );
});

test('where more than a tenth of the moments are not judged, that is a deviation', async () => {
  const [told] = await deviations(0.1, 1.5);
  assert.equal(told, '17 of 17 moments were not judged, and 10 % may be: run it on a machine that is less busy');
  const some = (at: number) => (at > momentOf(4) - 5 && at < momentOf(6) + 5 ? 1.5 : 0);
  assert.deepEqual(await deviations(0.1, some), [
    '3 of 17 moments were not judged, and 10 % may be: run it on a machine that is less busy',
  ]);
});

test('a plugin that holds itself up has no excuse', async () => {
  const looks = starving({ itself: true });
  assert.notDeepEqual(await deviations(0.9, (at) => waitedFor(looks, at)), []);
  const others = starving({ itself: false });
  assert.deepEqual(await deviations(0.9, (at) => waitedFor(others, at)), []);
});

test('a task too many is found on the busiest machine', async () => {
  const more: Change = (answers) =>
    answers.get('mesos_cluster_tasks')?.series.forEach(({ labels, points }) => {
      if (labels.state === 'running' && points !== null) {
        points[0][1] += 60;
      }
    });
  assert.ok((await deviations(0.1, 1, more)).length >= 15);
});

test('a task that stays on an agent is found on the busiest machine', async () => {
  const stays: Change = (answers) => {
    const one = answers.get('mesos_agent_cpus_allocated')?.series[3]?.points?.[0];
    if (one) {
      one[1] += 7.7;
    }
  };
  assert.ok((await deviations(0.1, 1, stays)).length >= 15);
});

test('an agent that is missing is found on the busiest machine', async () => {
  const missing: Change = (answers) => answers.get('mesos_agent_state')?.series.splice(2, 1);
  assert.ok((await deviations(0.1, 1, missing)).length >= 15);
});
