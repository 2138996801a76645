// The test suites of this repository, in the order they run: those that fail
// quickly first.
import { grafana13 } from '../workbench/pages.ts';
import { ensureBuilt } from './build.ts';
import { ensureChromium } from './chromium.ts';
import { runE2e } from './e2e-run.ts';
import { goTest } from './go-test.ts';
import {
  checks,
  hostile,
  jest,
  nodeTest,
  noOutcome,
  type Numbers,
  type Outcome,
  playwright,
  truth,
} from './outcome.ts';

/** A group of tests that one tool runs. */
export interface Suite {
  name: string;
  what: string;
  run(): Promise<Outcome>;
}

const raced = [
  './pkg/collector/...',
  './pkg/history/...',
  './pkg/lease/...',
  './pkg/mesos/...',
  './pkg/promql/...',
  './pkg/plugin/...',
];

/**
 * Tests that compare results of many runs, one after the other, or read files: goroutines meet in them as in the others,
 * or not at all, and under the race detector they would take half of its time. The suite go runs them.
 */
const comparing = [
  'TestALeaderChangeCostsTwoPollsAtMost',
  'TestARecordingIsToldOnceOverAKill',
  'TestDamage',
  'TestEveryMessageIsInTroubleshooting',
  'TestEveryRowOfTroubleshootingHasMessagesThatThereAre',
  'TestPromQLAnswersAreThoseOfTSDB',
  'TestRandomAgentsAndFrameworksAreToldOnce',
  'TestRecipesAreAnswered',
  'TestTasksReadByHandAreThoseReadByReflection',
  'TestTheRecordedSeriesInTime',
  'TestUseOfTheRecordedSeriesInTime',
];

function skipped(why: string): Outcome {
  console.log(`skipped: ${why}`);
  return { ...noOutcome(), skipped: 1 };
}

function sum(...outcomes: Outcome[]): Outcome {
  const total = (key: keyof Numbers) => outcomes.reduce((n, outcome) => n + outcome[key], 0);
  return {
    passed: total('passed'),
    failed: total('failed'),
    skipped: total('skipped'),
    failures: outcomes.flatMap(({ failures }) => failures),
    flaky: outcomes.flatMap(({ flaky }) => flaky),
  };
}

/** All suites; `npm test -- NAME` runs one. */
export const suites: Suite[] = [
  {
    name: 'static',
    what: 'types, lint, format, generated files, build',
    run: () =>
      checks({
        'tsc (plugin)': ['npx', 'tsc', '--noEmit'],
        'tsc (tools, dashboards, tests)': ['npx', 'tsc', '--noEmit', '-p', 'tsconfig.node.json'],
        eslint: ['npx', 'eslint', '.'],
        prettier: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'],
        gofmt: [process.execPath, 'tools/scripts/gofmt.ts'],
        'go vet': ['go', 'vet', './...'],
        'generated files are fresh': [process.execPath, 'tools/scripts/generate.ts', '--check'],
        // Once, before suites that run side by side need it.
        'plugin and workbench build': [process.execPath, 'tools/scripts/build-all.ts'],
      }),
  },
  {
    name: 'jest',
    what: 'the frontend, with the packages of Grafana 12 and of Grafana 13',
    run: async () => {
      ensureBuilt([grafana13]);
      return sum(await jest(), await jest('-c', 'jest.grafana-13.config.js'));
    },
  },
  {
    name: 'simulator',
    what: 'replay, scripts',
    run: () =>
      nodeTest(
        '{dashboards,tools/{bench,compose,hostile,package,prefill,scripts,simulator,truth,workbench}}/**/*.test.ts'
      ),
  },
  {
    name: 'go',
    what: 'the backend, the catalogue, the workbench host',
    run: async () => {
      const all = await goTest(['./...']);
      // The build for Grafana's catalogue, which has no engine on disk.
      return sum(
        all,
        await goTest(['./pkg/plugin', './pkg/events/sqlite'], ['-tags', 'catalogue', '-run', 'Catalogue'])
      );
    },
  },
  {
    name: 'race',
    what: 'what runs concurrently, under the race detector',
    run: async () => {
      // Tests of one package run one after the other, and a package may take ten minutes else.
      const all = await goTest(raced, ['-race', '-timeout', '30m', '-skip', `^(${comparing.join('|')})$`]);
      // SQLite takes twenty times as long under it: the whole package would take two minutes.
      const log = await goTest(['./pkg/events/...'], ['-race', '-run', 'AtOnce']);
      return sum(all, log);
    },
  },
  {
    name: 'truth',
    what: 'answers against the truth of simulated clusters, in short',
    run: () => truth('--short'),
  },
  {
    name: 'hostile',
    what: 'what one Viewer or one tenant can do to the plugin and to other users',
    run: async () =>
      process.platform === 'linux' ? hostile() : skipped('memory is read from /proc, which only Linux has'),
  },
  {
    name: 'browser',
    what: 'the workbench in Chromium, with the real backend',
    run: async () => {
      const chromium = ensureChromium();
      return chromium
        ? playwright('tests/playwright.config.ts', [], { CHROMIUM: chromium })
        : skipped('no Chromium found, and none could be installed');
    },
  },
  {
    name: 'e2e',
    what: 'a real Grafana, where GRAFANA_URL or GRAFANA_HOME names one',
    run: async () => (await runE2e([]))?.outcome ?? skipped('no Grafana named by GRAFANA_URL or GRAFANA_HOME'),
  },
];
