/** Features of a replay: ports, faults, stages, other paths, the journal. */
import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { startControl } from './control.ts';
import { digest, type Entry } from './journal.ts';
import { startReplay } from './replay.ts';
import { acceptsGzip } from './server.ts';
import { ask, askJSON, CAPTURES, failureOf, withReplay } from './testing.ts';

const MONITOR = 'Basic bW9uaXRvcjptb25pdG9ycHc=';
const LIMITED = 'Basic bGltaXRlZDpsaW1pdGVkcHc=';

test('gzip is served when requested and for long bodies', async () => {
  await withReplay({ scene: '03-workload' }, async ({ masters: [master] }) => {
    const zipped = await ask(master, '/state', { headers: { 'Accept-Encoding': 'gzip' } });
    const plain = await ask(master, '/state');
    assert.equal(zipped.headers['content-encoding'], 'gzip');
    assert.equal(plain.headers['content-encoding'], undefined);
    assert.ok(gunzipSync(zipped.raw).equals(plain.raw));
    const small = await ask(master, '/version', { headers: { 'Accept-Encoding': 'gzip' } });
    assert.equal(small.headers['content-encoding'], undefined, '158 bytes are not worth it');
  });
});

test('raw HTTP: 1.0 closes, no Host is no error, pipelined requests are answered in order', async () => {
  await withReplay({ scene: '09-protocol' }, async ({ masters: [master] }) => {
    const get = (path: string, version: string, host = '') => `GET ${path} HTTP/${version}\r\n${host}\r\n`;
    const statuses = (text: string) => [...text.matchAll(/HTTP\/1\.1 (\d+)/g)].map((m) => m[1]);

    const old = await talk(master, get('/version', '1.0'));
    assert.deepEqual([statuses(old.text), old.closed], [['200'], true]);
    const bare = await talk(master, get('/version', '1.1'));
    assert.deepEqual([statuses(bare.text), bare.closed], [['200'], false], 'kept open');
    assert.doesNotMatch(bare.text, /^(connection|keep-alive|server|transfer-encoding):/im);
    const two = await talk(master, get('/version', '1.1', 'Host: x\r\n') + get('/state.json', '1.1', 'Host: x\r\n'));
    assert.deepEqual([statuses(two.text), two.closed], [['200', '404'], false]);
  });
});

test('Accept-Encoding is understood as Mesos does', () => {
  const cases: Array<[string | undefined, boolean]> = [
    [undefined, false],
    ['gzip', true],
    ['deflate', false],
    ['gzip;q=0', false],
    ['deflate, gzip;q=0.5', true],
    ['*', true],
    ['gzip;q=0, *', false],
  ];
  for (const [header, accepted] of cases) {
    assert.equal(acceptsGzip(header), accepted, header);
  }
});

test('variants of a recorded path get its response', async () => {
  await withReplay({ scene: '03-workload' }, async ({ masters: [master], agents: [agent] }) => {
    for (const [base, spelling, path] of [
      [master, '//state', '/state'],
      [master, '/state/', '/state'],
      [master, '/state?unknown=1', '/state'],
      [master, '/master/roles', '/roles'],
      [master, '/master/flags', '/flags'],
      [agent, '/slave(1)/state', '/state'],
    ]) {
      assert.ok((await ask(base, spelling)).body.equals((await ask(base, path)).body), spelling);
    }
    for (const path of ['/nope', '/master/metrics/snapshot', '/master/version', '/state.json']) {
      assert.equal((await ask(master, path)).status, 404, path);
    }
  });
});

test('credentials decide the response', async () => {
  await withReplay({ scene: '15-auth' }, async ({ masters: [master], requests }) => {
    const status = async (path: string, Authorization?: string) =>
      (await ask(master, path, { headers: Authorization ? { Authorization } : {} })).status;
    assert.equal(await status('/metrics/snapshot'), 401);
    assert.equal(await status('/metrics/snapshot', MONITOR), 200);
    assert.equal(await status('/metrics/snapshot', LIMITED), 403);
    assert.equal(await status('/state', LIMITED), 200, 'filtered, not refused');
    assert.equal(await status('/metrics/snapshot', 'Basic dW5rbm93bjo='), 401, 'never recorded: as without');
    assert.equal(await status('/version'), 200, 'open to all');
    assert.equal(
      await status('/maintenance/schedule', MONITOR),
      404,
      'nothing is borrowed from scenes without authentication'
    );

    const text = JSON.stringify(requests());
    assert.ok(!text.includes(MONITOR) && !text.includes(MONITOR.slice(6)), 'no credential is kept');
    assert.equal(requests()[0].authorized, false);
    assert.equal(requests()[1].authorized, true);
    assert.equal(requests()[1].digests.authorization, digest(MONITOR));
  });
});

test('what a scene lacks is borrowed from the nearest moment, unless disabled', async () => {
  await withReplay({ scene: '08b-scheduler-gone' }, async ({ masters: [master], requests }) => {
    assert.equal((await ask(master, '/roles')).status, 200);
    assert.equal(requests()[0].file, '08-agent-returned/master-get_roles.json');
  });
  await withReplay({ scene: '08b-scheduler-gone', borrow: false }, async ({ masters: [master] }) => {
    assert.equal((await ask(master, '/state')).status, 200);
    assert.equal((await ask(master, '/roles')).status, 404);
  });
});

test('the masters of 14-ha change with the stage, and redirects lead to the ports in use', async () => {
  await withReplay({ scene: '14-ha' }, async (replay) => {
    const [first, second, third] = replay.masters;
    const port = (url: string) => new URL(url).port;
    const location = async (url: string, path: string) => (await ask(url, path)).headers.location;

    assert.equal(replay.stage(), 'leader');
    assert.equal(await location(second, '/state'), `//localhost:${port(first)}/master/state`);
    assert.equal(await location(third, '/redirect'), `//localhost:${port(first)}`);

    await replay.setStage('leader-killed');
    assert.equal(await failureOf(first), 'ECONNREFUSED');
    assert.equal(await location(second, '/redirect'), `//localhost:${port(first)}`, 'still to the dead one');

    await replay.setStage('newleader');
    assert.equal((await ask(second, '/state')).status, 200);
    assert.equal(await location(third, '/roles'), `//localhost:${port(second)}/master/roles`);

    await replay.setStage('rejoined');
    assert.equal(await location(first, '/state'), `//localhost:${port(second)}/master/state`, 'on its old port again');

    await replay.setStage('noleader');
    assert.equal((await ask(first, '/state')).status, 503);
    assert.equal(await failureOf(second), 'ECONNREFUSED');

    await assert.rejects(replay.setStage('nope'), /no stage "nope"; it has: leader, leader-killed, newleader/);
  });
});

test('a killed host refuses connections, and returns on its port', async () => {
  await withReplay({ scene: '03-workload' }, async (replay) => {
    const [agent] = replay.agents;
    await replay.kill('127.0.0.1:5051');
    assert.equal(await failureOf(agent), 'ECONNREFUSED');
    assert.equal(await failureOf(replay.masters[0]), 'answered');
    await replay.revive(agent);
    assert.equal(await failureOf(agent), 'answered');
    await assert.rejects(replay.kill('5099'), /no host "5099".*127\.0\.0\.1:5050/);
  });
});

test('faults', async (t) => {
  await withReplay({ scene: '03-workload' }, async (replay) => {
    const [master] = replay.masters;
    const gzip = { headers: { 'Accept-Encoding': 'gzip' } };
    const whole = await ask(master, '/state', gzip);

    await t.test('hang: no answer', async () => {
      replay.fault('5050', { kind: 'hang', path: '/state' });
      assert.equal(await failureOf(master, '/state', 300), 'no answer in 300 ms');
      assert.equal(await failureOf(master, '/roles'), 'answered', 'other paths are not hit');
    });
    await t.test('reset: the connection breaks', async () => {
      replay.fault('5050', { kind: 'reset' });
      assert.equal(await failureOf(master, '/state'), 'ECONNRESET');
    });
    await t.test('delay: the recorded answer, later', async () => {
      replay.fault('5050', { kind: 'delay', ms: 200, times: 1 });
      const begin = Date.now();
      assert.ok((await ask(master, '/state', gzip)).raw.equals(whole.raw));
      assert.ok(Date.now() - begin >= 199);
    });
    await t.test('times: over after so many requests', async () => {
      replay.fault('5050', null);
      replay.fault('5050', { kind: 'reset', times: 2 });
      const outcomes = [await failureOf(master), await failureOf(master), await failureOf(master)];
      assert.deepEqual(outcomes, ['ECONNRESET', 'ECONNRESET', 'answered']);
    });
    await t.test('truncate: a gzip body that ends too early', async () => {
      replay.fault('5050', { kind: 'truncate', times: 1 });
      await assert.rejects(ask(master, '/state', gzip), { code: 'Z_BUF_ERROR' });
    });
    await t.test('cut: fewer bytes than announced', async () => {
      replay.fault('5050', { kind: 'cut', times: 1 });
      assert.equal(await failureOf(master, '/state'), 'ECONNRESET');
    });
    await t.test('endless: as many bytes as wanted', async () => {
      replay.fault('5050', { kind: 'endless', bytes: 3_000_000, times: 1 });
      assert.ok((await ask(master, '/state')).body.length >= 3_000_000);
    });
    await t.test('answer: anything else', async () => {
      replay.fault('5050', { kind: 'answer', body: '<html>hello</html>', times: 1 });
      const got = await ask(master, '/state');
      assert.deepEqual([got.status, got.headers['content-type']], [200, 'text/html']);
      assert.equal(got.body.toString(), '<html>hello</html>');
    });
    await t.test('unknown kinds are refused', () => {
      assert.throws(() => replay.fault('5050', { kind: 'smoke' } as never), /unknown fault kind "smoke"; known: hang/);
    });
  });
});

test('hosts keep their recorded distance from the first port', async () => {
  const base = await freePorts(12);
  await withReplay({ scene: '14-ha', port: base }, async ({ masters }) => {
    assert.deepEqual(
      masters.map((url) => Number(new URL(url).port) - base),
      [0, 11, 12]
    );
  });
  await withReplay({ scene: '03-workload', port: base }, async ({ masters, agents }) => {
    assert.deepEqual(
      [...masters, ...agents].map((url) => Number(new URL(url).port) - base),
      [0, 1, 2, 3]
    );
  });
});

test('a port in use is an error that names it, and nothing keeps running', async () => {
  const base = await freePorts(4);
  const other = createServer().listen(base + 2, '127.0.0.1');
  await once(other, 'listening');
  try {
    await assert.rejects(
      startReplay({ dir: CAPTURES, scene: '03-workload', port: base }),
      new Error(`port ${base + 2} is in use: stop what listens there, or choose another first port with --port`)
    );
    assert.equal(await failureOf(`http://localhost:${base}`), 'ECONNREFUSED');
  } finally {
    other.close();
  }
});

test('unknown scenes and folders without a manifest are errors that name them', async () => {
  await assert.rejects(
    startReplay({ dir: CAPTURES, scene: 'nope' }),
    /no scene "nope"[\s\S]*03-workload\n[\s\S]*15-auth/
  );
  await assert.rejects(startReplay({ dir: join(CAPTURES, '03-workload') }), /no manifest\.jsonl in .*03-workload/);
  await assert.rejects(startReplay({ dir: CAPTURES, scene: '03-workload', stage: 'x' }), /03-workload has no stages/);
  await assert.rejects(startReplay({ dir: CAPTURES, scene: '04-series', stage: 'x' }), /04-series has no stages/);
});

test('any folder in this format can be served; a broken line is named', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'replay-'));
  try {
    const row = { file: 'own/x.txt', host: '10.1.2.3:15050', method: 'GET', path: '/x', status: 418, scene: 'own' };
    writeFileSync(join(dir, 'manifest.jsonl'), `${JSON.stringify(row)}\n`);
    await assert.rejects(
      withReplay({ dir }, async ({ masters }) => void (await ask(masters[0], '/x', { patience: 2000 })))
    );
    const own = join(dir, 'own');

    mkdirSync(own);
    writeFileSync(join(own, 'x.txt'), 'tea');
    await withReplay({ dir }, async (replay) => {
      assert.equal(replay.scene, 'own');
      const got = await ask(replay.hosts['10.1.2.3:15050'], '/x');
      assert.deepEqual([got.status, got.body.toString()], [418, 'tea']);
    });
    writeFileSync(join(dir, 'manifest.jsonl'), `${JSON.stringify(row)}\n{"file": 1}\n`);
    await assert.rejects(startReplay({ dir }), /manifest\.jsonl:2: "file" is missing/);
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the journal can be written to a file', async () => {
  const dir = mkdtempSync(join(tmpdir(), 'replay-'));
  const record = join(dir, 'requests.jsonl');
  try {
    await withReplay({ scene: '03-workload', record }, async ({ masters: [master] }) => {
      await ask(master, '/state', { headers: { Authorization: 'Basic c2VjcmV0' } });
      await ask(master, '/nope');
    });
    const text = readFileSync(record, 'utf8');
    const entries = text
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line) as Entry);
    assert.deepEqual(
      entries.map(({ host, method, path, status, authorized }) => [host, method, path, status, authorized]),
      [
        ['127.0.0.1:5050', 'GET', '/state', 200, true],
        ['127.0.0.1:5050', 'GET', '/nope', 404, false],
      ]
    );
    assert.ok(!text.includes('c2VjcmV0'));
  } finally {
    rmSync(dir, { recursive: true });
  }
});

test('the control server offers the functions of the library', async () => {
  await withReplay({ scene: '14-ha' }, async (replay) => {
    const control = await startControl(replay, 0);
    try {
      const post = (path: string, body: object) =>
        fetch(control.url + path, { method: 'POST', body: JSON.stringify(body) });
      assert.equal((await post('/stage', { name: 'newleader' })).status, 200);
      assert.equal(replay.stage(), 'newleader');
      assert.equal((await post('/stage', { name: 'x' })).status, 400);
      await post('/kill', { host: '5062' });
      assert.equal(await failureOf(replay.masters[2]), 'ECONNREFUSED');
      await post('/revive', { host: '5062' });
      await post('/fault', { host: '5061', fault: { kind: 'answer', status: 500, times: 1 } });
      assert.equal((await ask(replay.masters[1], '/state')).status, 500);
      const requests = await askJSON<Entry[]>(control.url, '/requests');
      assert.deepEqual(
        requests.map(({ path, status }) => [path, status]),
        [['/state', 500]]
      );
      await fetch(`${control.url}/requests`, { method: 'DELETE' });
      assert.equal(replay.requests().length, 0);
      assert.equal((await askJSON<{ stage: string }>(control.url, '/')).stage, 'newleader');
      assert.equal((await fetch(`${control.url}/nope`)).status, 404);
    } finally {
      await control.stop();
    }
  });
});

/** Sends bytes on a connection and reads until it is closed, or quiet for a while. */
async function talk(base: string, bytes: string): Promise<{ text: string; closed: boolean }> {
  const socket = connect(Number(new URL(base).port), '127.0.0.1');
  let text = '';
  socket.on('data', (chunk) => (text += String(chunk)));
  socket.write(bytes);
  const closed = await Promise.race([
    once(socket, 'end').then(() => true),
    new Promise<boolean>((resolve) => setTimeout(() => resolve(false), 300)),
  ]);
  socket.destroy();
  return { text, closed };
}

/** The first of so many consecutive ports that were free a moment ago. */
async function freePorts(count: number): Promise<number> {
  for (;;) {
    const probe = createServer().listen(0, '127.0.0.1');
    await once(probe, 'listening');
    const { port } = probe.address() as AddressInfo;
    await new Promise((resolve) => probe.close(resolve));
    if (port + count < 65536 && (await areFree(port, count))) {
      return port;
    }
  }
}

async function areFree(port: number, count: number): Promise<boolean> {
  for (let i = 0; i <= count; i++) {
    const probe = createServer();
    probe.listen(port + i, '127.0.0.1');
    const free = await once(probe, 'listening').then(
      () => true,
      () => false
    );
    await new Promise((resolve) => probe.close(resolve));
    if (!free) {
      return false;
    }
  }
  return true;
}
