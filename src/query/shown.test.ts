import { CoreApp } from '@grafana/data';

import { defaultQuery } from './defaults';
import type { MesosQuery } from './types';
import { show } from './shown';

const row = { refId: 'B', hide: false, datasource: { uid: 'mesos' } };
const metrics: MesosQuery = { ...row, ...defaultQuery(), top: 3, live: true };
const events = { queryType: 'events', version: 1 };

it.each<[string, CoreApp, MesosQuery[], object]>([
  ['a table', CoreApp.PanelEditor, [], { ...events, format: 'table' }],
  [
    'annotations beside series',
    CoreApp.PanelEditor,
    [{ refId: 'A', expr: 'up' }],
    { ...events, format: 'annotations' },
  ],
  [
    'a table beside other events',
    CoreApp.PanelEditor,
    [{ refId: 'A', queryType: 'events' }],
    { ...events, format: 'table' },
  ],
  [
    'a table in Explore, which draws no annotations',
    CoreApp.Explore,
    [{ refId: 'A', expr: 'up' }],
    { ...events, format: 'table' },
  ],
  [
    'a count of errors in a rule',
    CoreApp.UnifiedAlerting,
    [{ refId: 'A', expr: 'up' }],
    { ...events, severity: 'error', format: 'count', range: false, instant: true },
  ],
])('begins with %s, and keeps nothing but the row', (_, app, others, expected) => {
  expect(show('events', metrics, {}, others, app)).toEqual({ ...row, ...expected });
});

it('brings back what was left, in the row as it is now', () => {
  const query = { ...row, hide: true, ...events, queryType: 'events' as const, kinds: ['agent' as const] };
  expect(show('metrics', query, { metrics }, [])).toEqual({ ...metrics, hide: true });
  expect(show('metrics', query, {}, [], CoreApp.PanelEditor)).toEqual({ ...row, hide: true, ...defaultQuery() });
});
