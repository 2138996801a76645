/** Every recorded response is served as it was recorded. */
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';
import { readRecording, requestRows, type Row } from './manifest.ts';
import type { Replay } from './replay.ts';
import { readCasts, stagePrefix } from './stages.ts';
import { ask, CAPTURES, failureOf, withReplay } from './testing.ts';

const recording = readRecording(CAPTURES);
const rows = requestRows(recording);
const scenes = [...new Set(rows.map((row) => row.scene))];

/** The stage in which a row is to be seen. */
function stageOf(row: Row): string {
  const casts = readCasts(recording)[row.scene];
  if (casts === undefined) {
    return stagePrefix(row.file);
  }
  const seen = Object.entries(casts).find(([, cast]) => {
    const part = cast[row.host];
    return part === null ? typeof row.status === 'string' : part?.rows === stagePrefix(row.file) && !part.redirectsTo;
  });
  assert.ok(seen, `${row.file} belongs to no stage of stages.json`);
  return seen[0];
}

/** The recorded head and body, read without the replay's own code. */
function recorded(row: Row): { headers: Map<string, string>; body: Buffer } {
  const stem = row.file.replace(/(\.gz|\.gz-as-served)$/, '').replace(/\.(json|txt|js|html|body|headers)$/, '');
  const lines = readFileSync(join(CAPTURES, `${stem}.headers`), 'utf8').split(/\r?\n/);
  const headers = lines.filter((line) => /^[A-Z][\w-]*: /.test(line)).map((line) => line.split(/: (.*)/));
  const stored = readFileSync(join(CAPTURES, row.file));
  return {
    headers: new Map(headers.map(([name, value]) => [name.toLowerCase(), value])),
    body: row.file.includes('.gz') ? gunzipSync(stored) : stored,
  };
}

function located(value: string, replay: Replay): string {
  const port = /:(\d+)/.exec(value)?.[1] ?? '';
  return value.replace(port, new URL(replay.hosts[`127.0.0.1:${port}`]).port);
}

for (const scene of scenes) {
  test(`${scene} is answered as recorded`, async () => {
    await withReplay({ scene }, async (replay) => {
      for (const row of rows.filter((r) => r.scene === scene)) {
        if (replay.stages.length > 0) {
          await replay.setStage(stageOf(row));
        }
        const base = replay.hosts[row.host];
        if (typeof row.status === 'string') {
          assert.equal(await failureOf(base, row.path), 'ECONNREFUSED', row.file);
          continue;
        }
        const got = await ask(base, row.path, { method: row.method, headers: row.req_headers, body: row.body ?? '' });
        assert.equal(got.status, row.status, row.file);
        const { headers, body } = recorded(row);
        for (const [name, value] of headers) {
          if (name === 'location') {
            assert.equal(got.headers.location, located(value, replay), row.file);
          } else if (name !== 'date' && name !== 'content-length') {
            assert.equal(got.headers[name], value, `${row.file}: ${name}`);
          }
        }
        assert.equal(got.headers.server, undefined);
        if (row.method === 'HEAD' || row.file.endsWith('.headers')) {
          const { raw } = await ask(base, row.path);
          assert.equal(Number(got.headers['content-length']), raw.length, `${row.file}: same as GET`);
          assert.ok(got.body.equals(row.method === 'HEAD' ? Buffer.alloc(0) : raw), `${row.file}: same as GET`);
        } else {
          assert.ok(got.body.equals(body), `${row.file}: bytes differ`);
          assert.equal(Number(got.headers['content-length']), got.raw.length, row.file);
          assert.equal(replay.requests().at(-1)?.file, row.file);
        }
      }
    });
  });
}

test('every recorded row is distinguishable: no two want different answers to the same request', () => {
  const seen = new Map<string, string>();
  for (const row of rows) {
    const key = JSON.stringify([
      row.scene,
      stagePrefix(row.file),
      row.host,
      row.method,
      row.path,
      row.req_headers,
      row.body,
    ]);
    assert.equal(seen.get(key), undefined, `${row.file} and ${seen.get(key)}`);
    seen.set(key, row.file);
  }
});
