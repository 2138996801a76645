// Runs test tools and reads from their reports how many tests passed.
import { spawn } from 'node:child_process';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { failure, failuresOfJest, failuresOfPlaywright, head } from './failures.ts';

/** Numbers of tests by result, and which failed. */
export interface Outcome {
  passed: number;
  failed: number;
  skipped: number;
  /** Each test that failed: its name, and below it the last lines of what it said. */
  failures: string[];
  /** What failed and passed when it was tried once more, as in failures; counted as passed. */
  flaky: string[];
}

/** The numbers of an outcome. */
export type Numbers = Pick<Outcome, 'passed' | 'failed' | 'skipped'>;

export function noOutcome(): Outcome {
  return { passed: 0, failed: 0, skipped: 0, failures: [], flaky: [] };
}

/** One failure that no test reports: of what runs them. */
export function broken(what: string): Outcome {
  return { ...noOutcome(), failed: 1, failures: [what] };
}

/** Runs a command, its output passed on line by line unless `line` takes it. Resolves with its exit code. */
export function run(command: string[], line?: (text: string) => void, env: NodeJS.ProcessEnv = {}): Promise<number> {
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

/** Runs a command that writes a JSON report to a given file, and counts the tests in it. */
async function reported(
  start: (file: string) => Promise<number>,
  name: string,
  count: (report: string) => Outcome
): Promise<Outcome> {
  const dir = mkdtempSync(path.join(os.tmpdir(), 'mesos-datasource-test-'));
  try {
    const file = path.join(dir, 'report.json');
    const code = await start(file);
    if (!existsSync(file)) {
      return broken(`${name} ended with ${code} and wrote no report`);
    }
    const outcome = count(readFileSync(file, 'utf8'));
    return code !== 0 && outcome.failed === 0
      ? { ...outcome, failed: 1, failures: [`${name} ended with ${code}, though no test failed`] }
      : outcome;
  } finally {
    rmSync(dir, { recursive: true, force: true });
  }
}

export function jest(...args: string[]): Promise<Outcome> {
  return reported(
    (file) => run(['npx', 'jest', '--json', `--outputFile=${file}`, ...args]),
    'jest',
    (report) => {
      const { numPassedTests, numFailedTests, numPendingTests, numRuntimeErrorTestSuites, testResults } =
        JSON.parse(report);
      return {
        ...noOutcome(),
        passed: numPassedTests,
        failed: numFailedTests + numRuntimeErrorTestSuites,
        skipped: numPendingTests,
        failures: failuresOfJest(testResults),
      };
    }
  );
}

/** Playwright with a configuration. A test that did not run counts as skipped, as in Playwright's report. */
export function playwright(config: string, args: string[] = [], env: NodeJS.ProcessEnv = {}): Promise<Outcome> {
  return reported(
    (file) =>
      run(['npx', 'playwright', 'test', '-c', config, '--reporter=list,json', ...args], undefined, {
        ...env,
        PLAYWRIGHT_JSON_OUTPUT_FILE: file,
      }),
    'playwright',
    (report) => {
      const { stats, suites } = JSON.parse(report);
      return {
        passed: stats.expected + stats.flaky,
        failed: stats.unexpected,
        skipped: stats.skipped,
        failures: failuresOfPlaywright({ suites }, 'unexpected'),
        flaky: failuresOfPlaywright({ suites }, 'flaky'),
      };
    }
  );
}

/** `npm run truth`: each scenario and each mutant counts as one test. */
export function truth(...args: string[]): Promise<Outcome> {
  return reported(
    (file) => run([process.execPath, 'tools/truth/cli.ts', `--report=${file}`, ...args]),
    'truth',
    (report) => ({ ...noOutcome(), ...JSON.parse(report) })
  );
}

/** The hostile-viewer suite: each attack counts as one test, and so does each check of the whole run. */
export function hostile(): Promise<Outcome> {
  return reported(
    (file) => run([process.execPath, 'tools/hostile/cli.ts', `--report=${file}`]),
    'hostile',
    (report) => ({ ...noOutcome(), ...JSON.parse(report) })
  );
}

/** node --test, read from the totals of its TAP output. */
export async function nodeTest(...patterns: string[]): Promise<Outcome> {
  const outcome = noOutcome();
  const totals: Record<string, keyof Numbers> = {
    pass: 'passed',
    fail: 'failed',
    skipped: 'skipped',
    cancelled: 'failed',
  };
  const lines: string[] = [];
  const failures: Array<{ name: string; told: string[] }> = [];
  let told: string[] | undefined;
  const code = await run([process.execPath, '--test', '--test-reporter=tap', ...patterns], (text) => {
    lines.push(text);
    const failed = /^( *)not ok \d+ - (.*)$/.exec(text);
    const ended = /^ *# Subtest: |^ *ok \d+ /.test(text);
    if (failed) {
      told = [];
      failures.push({ name: failed[2], told });
    } else if (ended) {
      told = undefined;
    }
    told?.push(text);
    const total = /^# (pass|fail|skipped|cancelled) (\d+)$/.exec(text);
    if (total) {
      outcome[totals[total[1]]] += Number(total[2]);
    }
  });
  if (code !== 0) {
    console.log(lines.join('\n'));
    outcome.failed ||= 1;
    outcome.failures = failures.map(({ name, told }) => failure(name, head(told.slice(1).join('\n'))));
  }
  return outcome;
}

/** Commands that pass or fail as a whole: each counts as one test. */
export async function checks(commands: Record<string, string[]>): Promise<Outcome> {
  const outcome = noOutcome();
  for (const [name, command] of Object.entries(commands)) {
    const said: string[] = [];
    const ok =
      (await run(command, (text) => {
        said.push(text);
        console.log(text);
      })) === 0;
    console.log(`${ok ? 'ok  ' : 'FAIL'} ${name}`);
    outcome[ok ? 'passed' : 'failed']++;
    if (!ok) {
      outcome.failures.push(failure(name, said.join('\n')));
    }
  }
  return outcome;
}
