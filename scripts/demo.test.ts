// The demo as a user starts and ends it.
import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import path from 'node:path';
import { test } from 'node:test';

import { root } from './build.ts';

interface Demo {
  process: ChildProcess;
  /** All it printed so far. */
  output: () => string;
  ended: Promise<number | null>;
}

function startDemo(...args: string[]): Demo {
  return startDemoIn({}, ...args);
}

function startDemoIn(environment: NodeJS.ProcessEnv, ...args: string[]): Demo {
  const env = { ...process.env, GRAFANA_HOME: '', ...environment };
  const child = spawn(process.execPath, [path.join(root, 'scripts', 'demo.ts'), ...args], { cwd: root, env });
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

test('prints the address, and Ctrl-C ends everything it started', async () => {
  const demo = startDemo('--port', '0', '--cluster-port', '0');
  try {
    await until('the address', () => /^ {2}http:\S+$/m.test(demo.output()) || demo.process.exitCode !== null);
    const page = /^ {2}(http:\S+)$/m.exec(demo.output())?.[1] ?? '';
    const master = /masters (http:[^\s,]+)/.exec(demo.output())?.[1] ?? '';
    assert.ok(await answers(page), demo.output());
    assert.ok(await answers(`${master}/version`), demo.output());

    demo.process.kill('SIGINT');
    assert.equal(await demo.ended, 0, demo.output());
    assert.equal(await answers(page), false);
    assert.equal(await answers(`${master}/version`), false);
  } finally {
    demo.process.kill('SIGKILL');
  }
});

test('a port in use is said', async () => {
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

test('a wrong option is named with what there is', async () => {
  const demo = startDemo('--sceen', '03-workload');
  assert.equal(await demo.ended, 2);
  assert.match(demo.output(), /--sceen/);
  assert.match(demo.output(), /--scene NAME/);
});

test('an unknown scene is answered with those that exist', async () => {
  const demo = startDemo('--scene', 'nowhere', '--port', '0', '--cluster-port', '0');
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /03-workload/);
});

test('a folder that holds no Grafana is named with what it lacks', async () => {
  const demo = startDemoIn({ GRAFANA_HOME: root }, '--port', '0', '--cluster-port', '0');
  assert.equal(await demo.ended, 1);
  assert.match(demo.output(), /GRAFANA_HOME=.* has no bin.grafana/);
});
