// Every query of every dashboard is answered without an error by the plugin's executable, on six hours of a simulated cluster
// in which most of what can happen does, and no panel is empty.
import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { before, test } from 'node:test';

import { parse } from 'yaml';

import sixHours from '../tools/simulator/scenarios/six-hours.ts';
import { type Answer, askAll, type File, numbersOf, polled, provisionedFile } from './answers.ts';
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

/** Numbers of some queries, by what they are of. */
const numbers: Record<string, number[]> = {};

/** Returns a panel's first query. */
async function queryOf(name: string, title: string): Promise<object> {
  const { panels } = await provisionedFile(name);
  return panels.find((panel) => panel.title === title)?.targets?.[0] ?? assert.fail(`no panel ${title}`);
}

/** Returns the recording rules that docs/alerts.md shows. */
async function recordingRules(): Promise<Array<{ title: string; data: Array<{ model: { refId: string } }> }>> {
  const page = await readFile(new URL('../docs/alerts.md', import.meta.url), 'utf8');
  const [, text] = /```yaml\n(apiVersion[^`]*record:[^`]*)```/.exec(page) ?? assert.fail('no recording rules');
  return (parse(text) as { groups: Array<{ rules: [] }> }).groups.flatMap(({ rules }) => rules);
}

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
    const all = { cluster: '.*', framework: '.*', cpus: '1.5', memory: '0.75' };
    const asked = {
      efficiency: await queryOf('efficiency', 'CPU efficiency by framework'),
      room: await queryOf('capacity', 'Tasks that fit over time'),
      reasons: await queryOf('tasks', 'Failures by reason'),
      sources: await queryOf('tasks', 'Failures by source'),
      failed: {
        ...{ queryType: 'promql', instant: true },
        expr: 'sum(increase(mesos_cluster_tasks_ended_total{state="failed"}[$__range]))',
      },
      built: {
        ...{ queryType: 'metrics', entity: 'agent', resource: 'tasks', measure: 'fits', groupBy: [] },
        shape: { cpus: 1.5, memory: '768MiB' },
      },
    };
    for (const [name, query] of Object.entries(asked)) {
      numbers[name] = await numbersOf(url, query, all, last);
    }
    const panels = (await recordingRules()).map(({ title, data: [{ model }] }) => ({
      ...{ title, type: 'table', targets: [model] },
    }));
    answers.set('recording rules', await askAll(url, { title: 'Recording rules', panels }, last));
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

test('the recording rules of docs/alerts.md record something', () => {
  assert.equal(of('recording rules').length, 3);
  assert.deepEqual(errors('recording rules'), []);
  assert.deepEqual(empty('recording rules'), []);
});

test('tasks that failed without a reason are a row of failures by reason and by source', () => {
  const [failed] = numbers.failed;
  assert.ok(failed > 10);
  for (const rows of [numbers.reasons, numbers.sources]) {
    // A row of less than a half is left out.
    const sum = rows.reduce((all, one) => all + one, 0);
    assert.ok(sum > failed - 1, `${sum} of ${failed}`);
  }
});

test('room for the chosen CPUs and memory is what the builder answers of the same shape', () => {
  assert.ok(Math.max(...numbers.room) > Math.min(...numbers.room));
  assert.deepEqual(numbers.room, numbers.built);
});

test('an executor whose tasks have just ended does not seem to use many times what it has', () => {
  const known = numbers.efficiency.filter((one) => one !== null);
  assert.ok(known.length > 1000);
  assert.deepEqual(
    known.filter((one) => one > 1.2),
    []
  );
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
