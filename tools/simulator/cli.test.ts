/** The command line: what it prints, how it fails, how it ends. */
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { test } from 'node:test';
import { ask, failureOf } from './testing.ts';

const CLI = join(import.meta.dirname, 'cli.ts');

function start(...args: string[]) {
  const child = spawn(process.execPath, [CLI, ...args], { stdio: ['ignore', 'pipe', 'pipe'] });
  const out = { text: '', errors: '' };
  child.stdout.on('data', (chunk) => (out.text += String(chunk)));
  child.stderr.on('data', (chunk) => (out.errors += String(chunk)));
  const ended = once(child, 'close').then(([code]) => ({ code: code as number | null, ...out }));
  return { child, out, ended };
}

async function until(condition: () => boolean): Promise<void> {
  const end = Date.now() + 20_000;
  while (!condition()) {
    assert.ok(Date.now() < end, 'nothing happened in 20 s');
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}

test('prints the addresses, serves, names a port in use, stops with Ctrl-C', async () => {
  const { child, out, ended } = start('--scene', '14-ha', '--stage', 'newleader', '--port', '0', '--control', '0');
  await until(() => out.text.includes('Ctrl-C'));
  assert.match(out.text, /Serving scene 14-ha, stage newleader/);
  const masters = [...out.text.matchAll(/master {2}(http:\S+)/g)].map((m) => m[1]);
  assert.equal(masters.length, 3);
  assert.equal((await ask(masters[1], '/state')).status, 200);
  const control = /control (http:\S+)/.exec(out.text)?.[1] ?? '';
  assert.equal((await ask(control, '/')).status, 200);

  const port = new URL(masters[1]).port;
  const second = await start('--scene', '01-empty-master', '--port', port).ended;
  assert.equal(second.code, 1);
  assert.equal(
    second.errors,
    `port ${port} is in use: stop what listens there, or choose another first port with --port\n`
  );

  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
  assert.equal(await failureOf(masters[1]), 'ECONNREFUSED');
});

test('wrong options are errors with what would be right', async () => {
  const cases: Array<[string[], RegExp]> = [
    [['--scene', 'nope'], /no scene "nope"[\s\S]*03-workload/],
    [['--scene', '14-ha', '--stage', 'nope', '--port', '0'], /no stage "nope"; it has: leader/],
    [['--port', 'x'], /--port x: expected a port/],
    [['--speed', '0'], /--speed 0: expected a number above 0/],
    [['--wrong'], /Unknown option '--wrong'/],
    [['--scenario', 'nope'], /no scenario "nope"; there are: everyday, agent-dies/],
    [['--scenario', 'everyday', '--agents', 'x'], /--agents x: expected a whole number, 1 or more/],
    [['--scenario', 'everyday', '--mesos', '0.3'], /--mesos 0.3: expected 0.19, 0.22, 0.28, 1.4, 1.12/],
  ];
  for (const [args, message] of cases) {
    const { code, errors } = await start(...args).ended;
    assert.equal(code, 1, args.join(' '));
    assert.match(errors, message);
  }
});

test('lists the scenes', async () => {
  const { code, text } = await start('--list').ended;
  assert.equal(code, 0);
  assert.deepEqual(text.split('\n').slice(0, 3), ['01-empty-master', '02-agents-idle', '03-workload']);
});

test('lists the scenarios', async () => {
  const { code, text } = await start('--list-scenarios').ended;
  assert.equal(code, 0);
  assert.match(text, /^everyday +nothing goes wrong/);
  assert.match(text, /^leader-fails +/m);
});

test('says what a data source must name where something is before the masters', async () => {
  const { child, out, ended } = start('--scenario', 'dcos', '--mesos', '1.4', '--agents', '3', '--port', '0');
  await until(() => out.text.includes('Ctrl-C'));
  const [, entry, agents] = /Name (http:\S+\/mesos); agentAddress: (http:\S+\/agent\/\{id\})/.exec(out.text) ?? [];
  assert.equal(new URL(entry).port, new URL(agents).port);
  const token = /Authorization: (\S+)/.exec(out.text)?.[1] ?? '';
  const { origin } = new URL(entry);
  const state = (await ask(origin, '/mesos/state', { headers: { Authorization: token } })).body.toString();
  assert.equal((JSON.parse(state) as { version: string }).version, '1.4.2');
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
});

test('serves a scenario, prints its events, stops with Ctrl-C', async () => {
  const options = ['--agents', '4', '--seed', '7', '--speed', '100', '--port', '0'];
  const { child, out, ended } = start('--scenario', 'agent-dies', ...options);
  await until(() => out.text.includes('Ctrl-C'));
  assert.match(out.text, /Serving scenario agent-dies/);
  assert.equal([...out.text.matchAll(/ {2}agent {3}http/g)].length, 4);
  const master = /master {2}(http:\S+)/.exec(out.text)?.[1] ?? '';
  assert.equal((await ask(master, '/state')).status, 200);
  await until(() => out.text.includes('at 120 s: agent dies: agent 2'));
  await until(() => out.text.includes('at 195 s: agent2.example.com is unreachable'));
  child.kill('SIGINT');
  assert.equal((await ended).code, 0);
  assert.equal(await failureOf(master), 'ECONNREFUSED');
});
