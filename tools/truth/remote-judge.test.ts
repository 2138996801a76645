// Two Grafanas on one data source: what is found where a sample is lost or doubled, where both poll, and where one answers
// something else.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { START, withLive } from '../simulator/live/testing.ts';
import type { Entry } from '../simulator/journal.ts';
import type { Answer } from './compare.ts';
import type { Verdict } from './judge.ts';
import { type Asked, ASKED, type Done, judgeRemote, type Record, type Samples, windowsOf } from './remote-judge.ts';

const INTERVAL = 10;
const FROM = START + 20;

/** Grafana 0 polls until it is killed, and Grafana 1 from 12 s later on, until it ends in order. */
const STEPS: Done[] = [
  { do: 'holder is killed', who: 0, began: FROM + 45, ended: FROM + 45 },
  { do: 'it starts', who: 0, began: FROM + 55, ended: FROM + 56 },
  { do: 'holder ends', who: 1, began: FROM + 112, ended: FROM + 113 },
];
const POLLS = [
  { who: 0, at: [0, 10, 20, 30, 40].map((n) => FROM + n) },
  { who: 1, at: [57, 67, 77, 87, 97, 107].map((n) => FROM + n) },
];

const nameOf = (labels: { [label: string]: string }) =>
  JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));

function add(samples: Samples, labels: { [label: string]: string }, at: number, value: number): void {
  const name = nameOf(labels);
  samples.set(name, (samples.get(name) ?? new Map<number, number>()).set(Math.round(1000 * at), value));
}

type Change = (record: Record) => void;

/** The verdict on two Grafanas that do everything right but what is changed. */
async function judged(change: Change = () => {}): Promise<Verdict> {
  let verdict: Verdict | undefined;
  await withLive({ plan: { agents: 8, tasks: 60, deploys: 30 } }, async (live) => {
    await live.setNow(START + 200);
    const [local, engine]: [Samples[], Samples] = [[new Map(), new Map()], new Map()];
    for (const { who, at: times } of POLLS) {
      for (const at of times) {
        const truth = live.truth(at);
        for (const samples of [local[who], engine]) {
          add(samples, { __name__: 'mesos_up', cluster: 'simulated', poll: 'state' }, at, 1);
          for (const { expr, facts } of ASKED) {
            facts(truth).forEach(([labels, value]) =>
              add(samples, { __name__: expr, cluster: 'simulated', ...labels }, at, value)
            );
          }
        }
      }
    }
    const polls = POLLS.flatMap(({ at }) => at);
    // Each counts what ended since the other one polled.
    for (const [term, { who, at: times }] of POLLS.entries()) {
      const since = term === 0 ? FROM : (POLLS[term - 1].at.at(-1) ?? FROM);
      const ends = Map.groupBy(live.ends(), ({ agent, state }) =>
        JSON.stringify({ agent, state: state.toLowerCase() })
      );
      for (const [key, ended] of ends) {
        const labels = { __name__: 'mesos_agent_tasks_ended_total', cluster: 'simulated', ...JSON.parse(key) };
        for (const samples of [local[who], engine]) {
          add(samples, labels, times[0] - 0.001, 0);
          times.forEach((at) =>
            add(samples, labels, at, ended.filter(({ heard }) => heard > since && heard <= at).length)
          );
        }
      }
    }
    const asked = (at: number): Asked => {
      const then = polls.findLast((poll) => poll <= at) ?? 0;
      const truth = live.truth(then);
      const answers = new Map<string, Answer>();
      for (const check of ASKED) {
        const facts = check.facts(truth);
        const answer = (expr: string, of: (value: number) => number) =>
          answers.set(expr, { expr, series: facts.map(([labels, value]) => ({ labels, points: [[at, of(value)]] })) });
        answer(check.expr, (value) => value);
        answer(`timestamp(${check.expr})`, () => then);
      }
      return { answers, rules: ['{} 1', '{} 2'] };
    };
    const moments = Array.from({ length: 22 }, (_, i) => FROM + 1 + 5 * i).map((at) => ({
      at,
      both: [asked(at), asked(at)],
    }));
    const request = (path: string, at: number): Entry => ({
      ...{
        host: 'master1',
        method: path === '/api/v1' ? 'POST' : 'GET',
        path,
        headers: [],
        authorized: false,
        digests: {},
      },
      ...{ time: new Date(1000 * at).toISOString(), status: 200, at },
    });
    const requests = [
      ...polls.flatMap((at) => ['/state', '/roles', '/metrics/snapshot'].map((path) => request(path, at))),
      ...POLLS.map(({ at: [first] }) => request('/api/v1', first)),
    ];
    const record: Record = {
      ...{ scenario: { name: '', about: '', length: 0, steps: [] }, live: { ...live, requests: () => requests } },
      ...{ interval: INTERVAL, from: FROM, to: FROM + 113, steps: [...STEPS], moments, local, engine, given: [] },
      counted: [...engine.values()].reduce((sum, { size }) => sum + size, 0),
      toCluster: (at) => at,
    };
    change(record);
    verdict = judgeRemote(record);
  });
  return verdict!;
}

/** The parts in which something is wrong. */
async function wrong(change?: Change): Promise<string[]> {
  const { wrong } = await judged(change);
  return [...wrong].flatMap(([part, n]) => (n > 0 ? [part] : []));
}

/** The first series of a name. */
const seriesOf = (samples: Samples, metric: string) =>
  [...samples].find(([name]) => name.includes(`"__name__":"${metric}"`))![1];

test('what is right has no deviations, and the takeover is told', async () => {
  const { deviations, inWindows, checks, lines } = await judged();
  assert.deepEqual(deviations, []);
  assert.ok(inWindows > 0 && inWindows < checks / 10, `${inWindows} of ${checks}`);
  assert.ok(
    lines.includes('holder is killed: Grafana 1 polled 12.0 s later, 17.0 s between two polls'),
    lines.join('\n')
  );
});

test('a sample that is not in the engine is lost', async () => {
  const lost: Change = ({ engine }) => void seriesOf(engine, 'mesos_cluster_cpus_capacity').delete(1000 * (FROM + 20));
  assert.ok((await wrong(lost)).includes('sent'));
});

test('a sample that the engine has and no Grafana is made up', async () => {
  const madeUp: Change = ({ engine }) => void seriesOf(engine, 'mesos_up').set(1000 * (FROM + 25), 1);
  assert.ok((await wrong(madeUp)).includes('sent'));
});

test('a sample that the engine counts twice is found', async () => {
  assert.deepEqual(await wrong((record) => record.counted++), ['sent']);
});

test('another value in the engine is found', async () => {
  const other: Change = ({ engine }) => void seriesOf(engine, 'mesos_cluster_cpus_capacity').set(1000 * (FROM + 20), 7);
  assert.deepEqual(await wrong(other), ['sent', 'true']);
});

test('samples of one moment of both Grafanas are found', async () => {
  const both: Change = ({ local: [mine, others] }) =>
    void others.set([...mine.keys()][0], new Map([[1000 * FROM, [...mine.values()][0].get(1000 * FROM)!]]));
  assert.ok((await wrong(both)).includes('once'));
});

test('Grafanas that take turns although nothing was done to one are found', async () => {
  const turns: Change = ({ local: [mine, others], engine }) =>
    [63, 73, 83].forEach((n) => {
      seriesOf(mine, 'mesos_up').set(1000 * (FROM + n), 1);
      seriesOf(engine, 'mesos_up').set(1000 * (FROM + n), 1);
      seriesOf(others, 'mesos_up');
    });
  assert.ok((await wrong(turns)).includes('once'));
});

test('twice the requests are found', async () => {
  const twice: Change = (record) => {
    const requests = record.live.requests();
    record.live = { ...record.live, requests: () => [...requests, ...requests] };
  };
  assert.deepEqual(await wrong(twice), ['load']);
});

test('another number of one Grafana is found, and that they are not the same', async () => {
  const other: Change = ({ moments }) => {
    const [point] = moments[4].both[1].answers.get('mesos_cluster_cpus_capacity')!.series[0].points!;
    point[1] += 1;
  };
  assert.deepEqual(await wrong(other), ['answers', 'same']);
});

test('a number that is wrong is found in windows, too', async () => {
  const other: Change = ({ moments }) => {
    const moment = moments.find(({ at }) => at > FROM + 50)!;
    moment.both[0].answers.get('mesos_cluster_cpus_capacity')!.series[0].points![0][1] += 1;
  };
  assert.deepEqual(await wrong(other), ['answers']);
});

test('a Grafana without an answer is found, but not in windows', async () => {
  const silent = (from: number): Change => {
    return ({ moments }) => {
      moments.find(({ at }) => at > from)!.both[0] = {
        error: 'the remote engine cannot be reached',
        answers: new Map(),
      };
    };
  };
  assert.deepEqual(await wrong(silent(FROM + 70)), ['answers', 'same']);
  assert.deepEqual(await wrong(silent(FROM + 50)), []);
});

test('a rule that finds something else on one Grafana is found', async () => {
  assert.deepEqual(await wrong(({ moments }) => moments[16].both[1].rules!.splice(1, 1, '{} 3')), ['same']);
});

test('a takeover that takes longer than a session is found', async () => {
  const later: Change = (record) => {
    for (const samples of [record.local[1], record.engine]) {
      seriesOf(samples, 'mesos_up').delete(1000 * (FROM + 57));
    }
    record.counted--;
  };
  assert.deepEqual(await wrong(later), ['gaps']);
});

test('a poll that is left out is found, but not after an answer that took long', async () => {
  const leaves: Change = (record) => {
    for (const samples of [record.local[1], record.engine]) {
      seriesOf(samples, 'mesos_up').delete(1000 * (FROM + 77));
    }
    record.counted--;
  };
  assert.deepEqual(await wrong(leaves), ['gaps']);
  // Of the answers before, the quicker one counts.
  const slowly = (...took: number[]): Change => {
    return (record) => {
      leaves(record);
      for (const samples of [record.local[1], record.engine]) {
        took.forEach((seconds, i) =>
          add(samples, { __name__: 'mesos_poll_duration_seconds', poll: 'state' }, FROM + 57 + 10 * i, seconds)
        );
      }
      record.counted += took.length;
    };
  };
  assert.deepEqual(await wrong(slowly(1, 0.9)), []);
  assert.deepEqual(await wrong(slowly(1, 0.02)), ['gaps']);
});

test('an end that both count is found', async () => {
  const both: Change = ({ engine, local: [, others] }) => {
    for (const [name, points] of engine) {
      if (name.includes('mesos_agent_tasks_ended_total')) {
        const before = points.get(1000 * (FROM + 40)) ?? 0;
        for (const at of POLLS[1].at) {
          [points, others.get(name)!].forEach((of) => of.set(1000 * at, (of.get(1000 * at) ?? 0) + before));
        }
      }
    }
  };
  assert.deepEqual(await wrong(both), ['ended']);
});

test('an end that nobody counts is found', async () => {
  const none: Change = ({ engine, local }) => {
    for (const samples of [engine, ...local]) {
      for (const [name, points] of samples) {
        if (name.includes('mesos_agent_tasks_ended_total')) {
          [...points.keys()].forEach((at) => points.set(at, 0));
        }
      }
    }
  };
  assert.deepEqual(await wrong(none), ['ended']);
});

test('samples that were refused are found', async () => {
  assert.deepEqual(await wrong(({ given }) => given.push('Grafana 0: 3 samples refused, too_old')), ['given up']);
});

test('while the engine is away, what reads it has a window, and a holder none', () => {
  const steps: Done[] = [
    { do: 'engine ends', began: 100, ended: 101 },
    { do: 'engine starts', began: 130, ended: 131 },
  ];
  const { all, reads } = windowsOf({ steps, to: 300 });
  assert.deepEqual(all, []);
  assert.deepEqual(reads, [{ from: 100, to: 131 + 60 + 3 }]);
});
