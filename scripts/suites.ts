// The test suites of this repository, in the order they run: what is quick to
// fail first. Each says how it is started and how its results are counted.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { ensureChromium } from './chromium.ts';

/** Counts of single tests. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
}

/** A group of tests that one tool runs. */
export interface Suite {
  name: string;
  what: string;
  run(): Promise<Outcome>;
}

/** Runs a command, its output passed on line by line unless `line` takes it. */
function run(command: string[], line?: (text: string) => void, env: NodeJS.ProcessEnv = {}): Promise<number> {
  return new Promise((resolve, reject) => {
    const child = spawn(command[0], command.slice(1), {
      stdio: ['ignore', line ? 'pipe' : 'inherit', 'inherit'],
      env: { ...process.env, ...env },
    });
    let rest = '';
    child.stdout?.setEncoding('utf8').on('data', (chunk: string) => {
      const lines = (rest + chunk).split('\n');
      rest = lines.pop() ?? '';
      lines.forEach((text) => line?.(text));
    });
    child.on('error', reject);
    child.on('close', (code) => {
      if (rest) {
        line?.(rest);
      }
      resolve(code ?? 1);
    });
  });
}

/** Commands that pass or fail as a whole: each counts as one test. */
function checks(commands: Record<string, string[]>): () => Promise<Outcome> {
  return async () => {
    const outcome: Outcome = { passed: 0, failed: 0, skipped: 0 };
    for (const [name, command] of Object.entries(commands)) {
      const ok = (await run(command)) === 0;
      console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
      outcome[ok ? 'passed' : 'failed']++;
    }
    return outcome;
  };
}

/** go test, read from its own JSON events. A package that does not build is a failure. */
function goTest(...args: string[]): () => Promise<Outcome> {
  return async () => {
    const outcome: Outcome = { passed: 0, failed: 0, skipped: 0 };
    const output = new Map<string, string[]>();
    const counted = { pass: 'passed', fail: 'failed', skip: 'skipped' } as const;
    const code = await run(['go', 'test', '-json', ...args], (text) => {
      let event: {
        Action: string;
        Package?: string;
        Test?: string;
        Output?: string;
        ImportPath?: string;
        Elapsed?: number;
      };
      try {
        event = JSON.parse(text);
      } catch {
        console.log(text);
        return;
      }
      const id = `${event.Package ?? event.ImportPath}/${event.Test ?? ''}`;
      if (event.Output !== undefined) {
        output.set(id, [...(output.get(id) ?? []), event.Output]);
      }
      const count = counted[event.Action as keyof typeof counted];
      if (!count && event.Action !== 'build-fail') {
        return;
      }
      if (event.Action === 'fail' || event.Action === 'build-fail' || event.Action === 'skip') {
        process.stdout.write((output.get(id) ?? []).join(''));
      }
      if (event.Test && count) {
        outcome[count]++;
      } else if (event.Action === 'pass') {
        console.log(`ok   ${event.Package} (${event.Elapsed} s)`);
      }
      output.delete(id);
    });
    if (code !== 0 && outcome.failed === 0) {
      outcome.failed = 1;
    }
    return outcome;
  };
}

/** jest or Playwright, read from the report file they write. */
function reported(
  command: string[],
  variable: string | undefined,
  count: (report: string) => Outcome
): () => Promise<Outcome> {
  return async () => {
    const dir = mkdtempSync(path.join(os.tmpdir(), 'mesos-datasource-test-'));
    try {
      const file = path.join(dir, 'report.json');
      const code = variable
        ? await run(command, undefined, { [variable]: file })
        : await run([...command, `--outputFile=${file}`]);
      if (!existsSync(file)) {
        console.error(`${command[0]} ended with ${code} and wrote no report`);
        return { passed: 0, failed: 1, skipped: 0 };
      }
      const outcome = count(readFileSync(file, 'utf8'));
      if (code !== 0 && outcome.failed === 0) {
        outcome.failed = 1;
      }
      return outcome;
    } finally {
      rmSync(dir, { recursive: true, force: true });
    }
  };
}

function countJest(report: string): Outcome {
  const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites } = JSON.parse(report);
  return { passed: numPassedTests, failed: numFailedTests + numRuntimeErrorTestSuites, skipped: numPendingTests };
}

function countPlaywright(report: string): Outcome {
  const { stats } = JSON.parse(report);
  return { passed: stats.expected + stats.flaky, failed: stats.unexpected, skipped: stats.skipped };
}

/** node --test, read from the totals of its TAP output. */
function nodeTest(...patterns: string[]): () => Promise<Outcome> {
  return async () => {
    const outcome: Outcome = { passed: 0, failed: 0, skipped: 0 };
    const totals: Record<string, keyof Outcome> = {
      pass: 'passed',
      fail: 'failed',
      skipped: 'skipped',
      cancelled: 'failed',
    };
    const lines: string[] = [];
    const code = await run([process.execPath, '--test', '--test-reporter=tap', ...patterns], (text) => {
      lines.push(text);
      const total = /^# (pass|fail|skipped|cancelled) (\d+)$/.exec(text);
      if (total) {
        outcome[totals[total[1]]] += Number(total[2]);
      }
    });
    if (code !== 0) {
      console.log(lines.join('\n'));
      outcome.failed ||= 1;
    }
    return outcome;
  };
}

const raced = ['./pkg/collector/...', './pkg/history/...', './pkg/mesos/...', './pkg/plugin/...'];

/** All suites; `npm test -- NAME` runs one. */
export const suites: Suite[] = [
  {
    name: 'static',
    what: 'types, lint, format, generated files, build',
    run: checks({
      'tsc (plugin)': ['npx', 'tsc', '--noEmit'],
      'tsc (scripts, simulator, workbench)': ['npx', 'tsc', '--noEmit', '-p', 'tsconfig.node.json'],
      eslint: ['npx', 'eslint', '.'],
      prettier: ['npx', 'prettier', '--check', '--log-level', 'warn', '.'],
      gofmt: [process.execPath, 'scripts/gofmt.ts'],
      'go vet': ['go', 'vet', './...'],
      'generated files are fresh': [process.execPath, 'scripts/generate.ts', '--check'],
      // Once, before suites that run side by side need it.
      'plugin and workbench build': [process.execPath, 'scripts/build-all.ts'],
    }),
  },
  { name: 'jest', what: 'the frontend', run: reported(['npx', 'jest', '--json'], undefined, countJest) },
  {
    name: 'simulator',
    what: 'replay, scripts',
    run: nodeTest('simulator/**/*.test.ts', 'scripts/**/*.test.ts', 'workbench/**/*.test.ts'),
  },
  { name: 'go', what: 'the backend, the catalogue, the workbench host', run: goTest('./...') },
  { name: 'race', what: 'what runs concurrently, under the race detector', run: goTest('-race', ...raced) },
  {
    name: 'browser',
    what: 'the workbench in Chromium, the real backend behind it',
    run: async () => {
      const chromium = ensureChromium();
      if (!chromium) {
        console.log('skipped: no Chromium, and none could be installed');
        return { passed: 0, failed: 0, skipped: 1 };
      }
      process.env.CHROMIUM = chromium;
      return reported(
        ['npx', 'playwright', 'test', '-c', 'tests/playwright.config.ts', '--reporter=list,json'],
        'PLAYWRIGHT_JSON_OUTPUT_FILE',
        countPlaywright
      )();
    },
  },
];
