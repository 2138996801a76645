import assert from 'node:assert/strict';
import test from 'node:test';

import { type Dashboard, chosenOf, panelsOf, typeOf, valueOf, type Variable, variablesOf } from './model.ts';

const at = (x: number, y: number) => ({ x, y, w: 6, h: 8 });

const dashboard: Dashboard = {
  title: 'Some',
  panels: [
    { id: 3, type: 'row', gridPos: at(0, 9), collapsed: true, panels: [{ id: 4, type: 'stat', gridPos: at(0, 10) }] },
    { id: 2, type: 'timeseries', gridPos: at(6, 1) },
    { id: 1, type: 'heatmap', gridPos: at(0, 1) },
  ],
  templating: {
    list: [
      { type: 'datasource', name: 'datasource' },
      { type: 'query', name: 'role' },
    ],
  },
};

const several: Variable = {
  type: 'query',
  name: 'role',
  multi: true,
  includeAll: true,
  current: { value: ['$__all'] },
};

test('panels come from top left to bottom right, those of a collapsed row too', () => {
  assert.deepEqual(
    panelsOf(dashboard).map(({ id }) => id),
    [1, 2, 3, 4]
  );
});

test('a panel type that is not drawn is other', () => {
  assert.deepEqual(panelsOf(dashboard).map(typeOf), ['other', 'graph', 'other', 'stat']);
});

test('the data source is no variable to choose: the page has its own choice', () => {
  assert.deepEqual(
    variablesOf(dashboard).map(({ name }) => name),
    ['role']
  );
});

test('the address comes before what the dashboard says', () => {
  assert.deepEqual(chosenOf(several, { role: ['web'] }), ['web']);
  assert.deepEqual(chosenOf(several, { other: ['web'] }), ['$__all']);
});

test('a variable with several values is a list in queries, All the list of all, or its allValue as it stands', () => {
  assert.deepEqual(valueOf(several, ['web'], ['web', 'batch']), ['web']);
  assert.deepEqual(valueOf(several, ['$__all'], ['web', 'batch']), ['web', 'batch']);
  assert.equal(valueOf({ ...several, allValue: '.*' }, ['$__all'], ['web', 'batch']), '.*');
  assert.equal(valueOf({ ...several, multi: false }, ['web'], ['web', 'batch']), 'web');
});
