import assert from 'node:assert/strict';
import test from 'node:test';

import { readState } from './state.ts';

test('an empty address is the last 15 minutes as a graph, every 5 s', () => {
  assert.deepEqual(readState(''), {
    app: 'explore',
    ds: '',
    tab: 'query',
    from: 'now-15m',
    to: 'now',
    refresh: '5s',
    panel: 'graph',
    queries: [],
    variables: {},
  });
});

test('an address names queries, time, panel and an absent refresh', () => {
  const queries = [{ refId: 'A', expr: 'up' }];
  const state = readState(
    `?from=1000&to=2000&refresh=&panel=stat&queries=${encodeURIComponent(JSON.stringify(queries))}`
  );
  assert.deepEqual(
    { from: state.from, to: state.to, refresh: state.refresh, panel: state.panel, queries: state.queries },
    { from: '1000', to: '2000', refresh: '', panel: 'stat', queries }
  );
});

test('malformed queries are ignored', () => {
  assert.deepEqual(readState('?queries=[{').queries, []);
});

test('an address has the chosen values of variables', () => {
  assert.deepEqual(readState('?tab=dashboard&var-framework=a&var-framework=b&var-role=c').variables, {
    framework: ['a', 'b'],
    role: ['c'],
  });
});
