import assert from 'node:assert/strict';
import { test } from 'node:test';

import { attacks } from './attacks.ts';

test('each attack has a name of its own and at least one request', () => {
  assert.equal(new Set(attacks.map(({ name }) => name)).size, attacks.length);
  attacks.forEach(({ name, requests }) => assert.ok(requests().length > 0, name));
});

test('every point of A is attacked, and there are ten attacks beyond them', () => {
  const count = (point: string) => attacks.filter(({ of }) => of === point).length;
  ['A1', 'A2', 'A3', 'A4', 'A5', 'A6'].forEach((point) => assert.ok(count(point) > 0, point));
  assert.ok(count('own') >= 10);
});

test('requests are what Grafana takes: below its paths, in JSON, with an answer of its own for each query', () => {
  for (const { name, requests } of attacks) {
    for (const { path, body } of requests()) {
      assert.match(path, /^\/api\/(ds\/query|datasources\/uid\/\w+\/(resources\/|health))/, name);
      const { queries = [] } = (typeof body === 'object' ? body : {}) as { queries?: Array<{ refId: string }> };
      assert.equal(new Set(queries.map(({ refId }) => refId)).size, queries.length, name);
    }
  }
});
