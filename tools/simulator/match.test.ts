/** Which recorded row answers a request. */
import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Row } from './manifest.ts';
import { pickNearest, pickRow, type Asked } from './match.ts';

function row(file: string, more: Partial<Row> = {}): Row {
  const common = { host: '127.0.0.1:5050', method: 'GET', path: '/state', req_headers: {}, body: null, status: 200 };
  return { file, ...common, time: '2026-01-01T00:00:00Z', scene: 's', note: '', ...more };
}

function get(url: string, more: Partial<Asked> = {}): Asked {
  return { method: 'GET', url, headers: {}, body: '', ...more };
}

const AGENTS = { method: 'POST', path: '/api/v1', body: '{"type": "GET_AGENTS"}' };

const CASES: Array<[name: string, rows: Row[], asked: Asked, file: string | undefined]> = [
  ['the exact query string wins', [row('a'), row('b', { path: '/state?x=1' })], get('/state?x=1'), 'b'],
  ['an unknown parameter is ignored', [row('a')], get('/state?x=1'), 'a'],
  ['/master/state is /state', [row('a')], get('/master/state'), 'a'],
  ['what was recorded under the prefix is found without', [row('a', { path: '/master/state' })], get('/state'), 'a'],
  ['rows without a body do not answer', [row('a.headers')], get('/state'), undefined],
  ['failures to connect do not answer', [row('a', { status: 'ConnectionRefusedError()' })], get('/state'), undefined],
  ['POST on a GET endpoint is answered like GET', [row('a')], get('/state', { method: 'POST' }), 'a'],
  ['HEAD takes the head of GET', [row('h', { method: 'HEAD' }), row('a')], get('/state', { method: 'HEAD' }), 'a'],
  [
    'calls are told apart by what their JSON says',
    [row('a', AGENTS), row('t', { ...AGENTS, body: '{"type":"GET_TASKS"}' })],
    get('/api/v1', { method: 'POST', body: '{"type":"GET_AGENTS"}' }),
    'a',
  ],
  [
    'a call that was not recorded is not answered with another one, nor as GET',
    [row('a', AGENTS), row('g', { path: '/api/v1', status: 405 })],
    get('/api/v1', { method: 'POST', body: '{"type":"GET_ROLES"}' }),
    undefined,
  ],
  [
    'other recorded headers decide between equals',
    [row('plain'), row('br', { req_headers: { Accept: 'x/y' } })],
    get('/state', { headers: { accept: 'x/y' } }),
    'br',
  ],
  [
    'of rows that fit alike, the latest',
    [row('new', { time: '2026-01-01T00:00:09Z' }), row('old')],
    get('/state'),
    'new',
  ],
];

for (const [name, rows, asked, file] of CASES) {
  test(name, () => assert.equal(pickRow(rows, asked)?.file, file));
}

test('nearest in time, before or after', () => {
  const rows = [row('at 0'), row('at 10', { time: '2026-01-01T00:00:10Z' })];
  const at = (seconds: number) => Date.parse('2026-01-01T00:00:00Z') / 1000 + seconds;
  assert.equal(pickNearest(rows, get('/state'), at(4))?.file, 'at 0');
  assert.equal(pickNearest(rows, get('/state'), at(6))?.file, 'at 10');
  assert.equal(pickNearest(rows, get('/nope'), at(6)), undefined);
});
