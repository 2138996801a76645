// Every query of every dashboard is answered without an error by the plugin's executable, on six hours of a simulated cluster
// in which most of what can happen does, and no panel is empty.
import assert from 'node:assert/strict';
import { before, test } from 'node:test';

import sixHours from '../tools/simulator/scenarios/six-hours.ts';
import { type Answer, askAll, type File, polled, provisionedFile } from './answers.ts';
import { dashboardNames } from './list.ts';
import { withRecording } from './recorded.ts';

/** What may have no answer, or only zeros where a graph leaves them out, and why. */
const MAY_BE_EMPTY: Record<string, string> = {
  'annotation: Maintenance': 'no maintenance is planned in these six hours',
  'panel: Corrections of the model': 'nothing was missed, so that nothing was corrected; the panel says so',
  'panel: Messages dropped or invalid': 'the leader drops and refuses nothing in these six hours',
  'panel: Duration of polls': 'those of a recording take no time',
  'panel: Size of responses': 'those of a recording are not written down',
};

/** What a recording lacks, and live polls have. */
const LIVE = ['panel: Duration of polls', 'panel: Size of responses'];

/** Seconds between two polls: few enough that six hours are recorded in some seconds. */
const INTERVAL = 60;

const names = [...dashboardNames, 'public-overview'];

/** A panel whose query is wrong, one without data, and one that hides all it has. */
const faulty: File = {
  title: 'Faulty',
  panels: ['sum(', 'mesos_nothing', '0 * mesos_cluster_cpus_capacity'].map((expr) => ({
    title: expr,
    type: 'timeseries',
    targets: [{ refId: 'A', queryType: 'promql', expr }],
    fieldConfig: { overrides: [{ matcher: { id: 'byValue', options: { reducer: 'allIsZero' } } }] },
  })),
};

const answers = new Map<string, Answer[]>();

before(async () => {
  const recording = { scenario: sixHours, interval: INTERVAL, settings: { sandboxLogs: 'viewer' } };
  await withRecording(recording, async (url, { end }) => {
    await polled(url);
    // The last moment of which there are samples of all kinds.
    const last = Math.floor(end / INTERVAL) * INTERVAL * 1000;
    for (const name of names) {
      answers.set(name, await askAll(url, await provisionedFile(name), last));
    }
    answers.set('faulty', await askAll(url, faulty, last));
    answers.set('live', await askAll(url, await provisionedFile('health'), Date.now()));
  });
});

const of = (name: string) => answers.get(name) ?? [];

const errors = (name: string) =>
  of(name).flatMap(({ asker, refId, error }) => (error === undefined ? [] : [`${asker}, ${refId}: ${error}`]));

/** Queries without rows, and panels of which nothing is drawn. */
function empty(name: string): string[] {
  const without = of(name).flatMap(({ asker, rows }) => (rows === 0 ? [asker] : []));
  const panels = Map.groupBy(of(name), ({ asker }) => asker);
  const hidden = [...panels].flatMap(([asker, all]) => (all.every((answer) => answer.hidden) ? [asker] : []));
  return [...new Set([...without, ...hidden])];
}

for (const name of names) {
  test(`${name}: every query is answered`, () => {
    assert.ok(of(name).length > 7, `${of(name).length} queries`);
    assert.deepEqual(errors(name), []);
  });

  test(`${name}: no panel, variable or annotation is empty`, () => {
    assert.deepEqual(
      empty(name).filter((asker) => !(asker in MAY_BE_EMPTY)),
      []
    );
  });
}

test('what a recording lacks is there as soon as the cluster is polled', () => {
  for (const asker of LIVE) {
    assert.ok(of('live').some((answer) => answer.asker === asker && answer.rows > 0));
  }
});

test('what may be empty exists', () => {
  const askers = new Set([...answers.values()].flat().map(({ asker }) => asker));
  assert.deepEqual(
    Object.keys(MAY_BE_EMPTY).filter((asker) => !askers.has(asker)),
    []
  );
});

test('an error, an answer without rows and a panel without lines would be found', () => {
  assert.match(errors('faulty').join(), /^panel: sum\(, A: /);
  assert.deepEqual(
    empty('faulty'),
    faulty.panels.map(({ title }) => `panel: ${title}`)
  );
});
