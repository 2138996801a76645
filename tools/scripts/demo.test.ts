// The demo as a user starts and ends it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { root } from './build.ts';

interface Demo {
  process: ChildProcess;
  /** The output so far. */
  output: () => string;
  ended: Promise<number | null>;
}

function startDemo(...args: string[]): Demo {
  return startDemoIn({}, ...args);
}

function startDemoIn(environment: NodeJS.ProcessEnv, ...args: string[]): Demo {
  const env = { ...process.env, GRAFANA_HOME: '', ...environment };
  const child = spawn(process.execPath, [path.join(root, 'tools', 'scripts', 'demo.ts'), ...args], { cwd: root, env });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  return { process: child, output: () => output, ended: once(child, 'close').then(([code]) => code) };
}

async function until(what: string, condition: () => boolean | Promise<boolean>, patience = 600_000): Promise<void> {
  const end = Date.now() + patience;
  while (!(await condition())) {
    assert.ok(Date.now() < end, `${what} did not come about`);
    await new Promise((resolve) => setTimeout(resolve, 100));
  }
}

const answers = (url: string) =>
  fetch(url).then(
    (response) => response.ok,
    () => false
  );

const versionAt = async (master: string) =>
  ((await (await fetch(`${master}/version`)).json()) as { version: string }).version;

/** Runs with a folder of its own for what is temporary, which must be empty when the demo has ended. */
async function inEmptyFolder(run: (environment: NodeJS.ProcessEnv, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-demo-test-'));
  try {
    await run({ TMPDIR: folder, TEMP: folder }, folder);
    assert.deepEqual(readdirSync(folder), []);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
}

for (const [version, ...args] of [
  ['1.12.0', '--hours', '0.2'],
  ['0.28.2', '--hours', '0.2', '--mesos', '0.28'],
  ['1.12.0', '--replay'],
]) {
  test(`${args.join(' ')}: prints the address, and Ctrl-C ends everything it started`, () =>
    inEmptyFolder(async (environment) => {
      const demo = startDemoIn(environment, ...args, '--port', '0', '--cluster-port', '0');
      try {
        await until('the address', () => /Ctrl-C/.test(demo.output()) || demo.process.exitCode !== null);
        const page = /^ {2}(http:\S+)$/m.exec(demo.output())?.[1] ?? '';
        const master = /masters (http:[^\s,]+)/.exec(demo.output())?.[1] ?? '';
        assert.ok(await answers(page), demo.output());
        assert.match(page, /[?&]tab=dashboard/, 'the first address is that of the overview');
        assert.equal(await versionAt(master), version, demo.output());

        demo.process.kill('SIGINT');
        assert.equal(await demo.ended, 0, demo.output());
        assert.equal(await answers(page), false);
        assert.equal(await answers(`${master}/version`), false);
      } finally {
        demo.process.kill('SIGKILL');
      }
    }));
}

test('Ctrl-C stops the writing of the history, too', () =>
  inEmptyFolder(async (environment, folder) => {
    const demo = startDemoIn(environment, '--hours', '300', '--port', '0', '--cluster-port', '0');
    try {
      const begun = () => readdirSync(folder).some((name) => existsSync(path.join(folder, name, '1-mesos', 'wal')));
      await until('the history', () => begun() || demo.process.exitCode !== null);
      demo.process.kill('SIGINT');
      const began = Date.now();
      assert.equal(await demo.ended, 0, demo.output());
      assert.ok(Date.now() - began < 10_000);
      assert.doesNotMatch(demo.output(), /could not be made/);
    } finally {
      demo.process.kill('SIGKILL');
    }
  }));

test('contradictory options are refused', async () => {
  const refused: Array<[RegExp, ...string[]]> = [
    [/no --scenario, --hours or --mesos/, '--scene', '03-workload', '--scenario', 'everyday'],
    [/no --scenario, --hours or --mesos/, '--check', '--hours', '2'],
    [/no --scenario, --hours or --mesos/, '--replay', '--mesos', '1.4'],
    [/--mesos 1.5: expected 0.19, 0.22, 0.28, 1.4, 1.12/, '--mesos', '1.5'],
    [/--hours is a number above 0/, '--hours', '0'],
    [/Docker Compose has one cluster/, '--grafana', '--hours', '2'],
    [/no scenario "nowhere"; there are: everyday/, '--scenario', 'nowhere'],
  ];
  for (const [why, ...args] of refused) {
    const demo = startDemo(...args);
    assert.equal(await demo.ended, 2, demo.output());
    assert.match(demo.output(), why);
  }
});

test('a port in use is an error that names it', async () => {
  const holder = createServer().listen(0, '127.0.0.1');
  await once(holder, 'listening');
  try {
    const { port } = holder.address() as { port: number };
    for (const option of ['--port', '--cluster-port']) {
      const other = option === '--port' ? '--cluster-port' : '--port';
      const demo = startDemo(option, String(port), other, '0');
      assert.equal(await demo.ended, 1, demo.output());
      assert.match(demo.output(), new RegExp(`\\b${port}\\b.*in use`, 's'));
    }
  } finally {
    holder.close();
  }
});

test('an unknown option is an error that lists the options', async () => {
  const demo = startDemo('--sceen', '03-workload');
  assert.equal(await demo.ended, 2);
  assert.match(demo.output(), /--sceen/);
  assert.match(demo.output(), /--scene NAME/);
});

test('an unknown scene is an error that lists the scenes', async () => {
  const demo = startDemo('--scene', 'nowhere', '--port', '0', '--cluster-port', '0');
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /03-workload/);
});

test('a folder without Grafana is an error that names what is missing', async () => {
  const demo = startDemoIn({ GRAFANA_HOME: root }, '--port', '0', '--cluster-port', '0');
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /GRAFANA_HOME=.* has no bin.grafana/);
});
