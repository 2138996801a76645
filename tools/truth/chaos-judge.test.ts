// Faults of the event stream: which samples are right on a machine that is busy, and that a fault is found on it all the same.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { Live } from '../simulator/live/live.ts';
import { START, withLive } from '../simulator/live/testing.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Afterwards, judgeChaos, KEPT, momentsAround } from './chaos-judge.ts';
import type { Answer } from './compare.ts';

/** A simulator that tells what happened every 0.2 s, but nothing from 50 s to 53 s. */
function told(at: number): number {
  const tick = Math.floor(Math.round(at * 1000) / 200) * 0.2;
  return tick > 50 && tick < 53 ? 50 : tick;
}

const ticking: Pick<Live, 'requests' | 'nowAt'> = {
  requests: () => [],
  nowAt: (clock) => [told(clock / 1000), told(clock / 1000)],
};

const range = (moments: number[]) => [Math.min(...moments), Math.max(...moments)].map((at) => Math.round(at * 10) / 10);

test('a sample is of what was told a moment before', () => {
  assert.deepEqual(range(momentsAround(ticking, () => 0)(40.1)), [39.8, 40]);
});

test('where the simulator was late, a sample is of what it had told', () => {
  assert.deepEqual(range(momentsAround(ticking, () => 0)(52.9)), [50, 50]);
  assert.deepEqual(range(momentsAround(ticking, () => 0)(53.1)), [50, 53]);
});

test('where the plugin waited for a processor, it may have read so much later', () => {
  assert.deepEqual(range(momentsAround(ticking, () => 1)(40.1)), [38.8, 40]);
});

const SCENARIO: Scenario = {
  ...{ name: 'stream-cut', about: '', length: 240, plan: {} },
  steps: [30, 75].map((at) => ({ at, do: 'disturb', on: 'masters', name: 'stream', fault: null })),
};

type Change = (answers: Map<string, Answer>, at: number) => void;

/** A plugin that reads what is told `read` seconds later, whose answers are changed, and which waited for a processor. */
async function deviations(read: number, late: number, change: Change = () => {}): Promise<string[]> {
  let found: string[] = [];
  await withLive({ plan: { agents: 8, tasks: 60, deploys: 30, start: START } }, async (live) => {
    await live.setNow(START + 200);
    const from = START + 20;
    const watched: Live = { ...live, ...ticking };
    const moments = Array.from({ length: 17 }, (_, i) => from + 10 * (i + 1)).map((at) => {
      const then = at - 3.3;
      const truth = live.truth(told(then - read));
      const answers = new Map<string, Answer>();
      for (const check of KEPT) {
        const facts = check.facts(truth, truth);
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
      ...{ begins: from + 30, right: from + 95, toCluster: (at) => at, late: () => late },
    };
    found = judgeChaos(afterwards).deviations;
  });
  return found;
}

test('what was told in time is no deviation, whatever the machine does', async () => {
  assert.deepEqual(await deviations(0.1, 0), []);
  assert.deepEqual(await deviations(0.1, 2), []);
});

test('what was read late is one, but where the plugin had to wait for a processor', async () => {
  assert.notDeepEqual(await deviations(1.5, 0), []);
  assert.deepEqual(await deviations(1.5, 2), []);
});

test('a task too many is found on the busiest machine', async () => {
  const more: Change = (answers) =>
    answers.get('mesos_cluster_tasks')?.series.forEach(({ labels, points }) => {
      if (labels.state === 'running' && points !== null) {
        points[0][1] += 60;
      }
    });
  assert.ok((await deviations(0.1, 2, more)).length >= 15);
});

test('a task that stays on an agent is found on the busiest machine', async () => {
  const stays: Change = (answers) => {
    const one = answers.get('mesos_agent_cpus_allocated')?.series[3]?.points?.[0];
    if (one) {
      one[1] += 7.7;
    }
  };
  assert.ok((await deviations(0.1, 2, stays)).length >= 15);
});

test('an agent that is missing is found on the busiest machine', async () => {
  const missing: Change = (answers) => answers.get('mesos_agent_state')?.series.splice(2, 1);
  assert.ok((await deviations(0.1, 2, missing)).length >= 15);
});
