import { CATALOGUE } from '../../testing/catalogue';
import type { MesosQuery } from '../types';
import { addFilter, hasFilter, toggleFilter } from './filterBy';
import * as selectors from './selectors';

const known = { catalogue: CATALOGUE, selectors };
const marathon = { label: 'framework', operator: '=' as const, value: 'marathon' };
const notMarathon = { ...marathon, operator: '!=' as const };

const queries: Record<string, MesosQuery> = {
  builder: { refId: 'A', queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' },
  'a query without a type': { refId: 'A', entity: 'framework', resource: 'cpus', measure: 'allocated' },
  rows: { refId: 'A', queryType: 'table', table: 'tasks' },
  events: { refId: 'A', queryType: 'events', format: 'table' },
  'a node graph': { refId: 'A', queryType: 'topology', groupBy: ['framework'] },
  PromQL: { refId: 'A', queryType: 'promql', expr: 'sum by (framework) (mesos_framework_tasks)' },
  SQL: { refId: 'A', queryType: 'sql', sql: 'SELECT framework, count(*) AS n FROM tasks GROUP BY 1;', format: 'table' },
};

describe.each(Object.entries(queries))('a click on a value: %s', (_, query) => {
  it('filters for it, filters it out instead, and takes that back', () => {
    const only = toggleFilter(query, marathon, known);
    expect(only).not.toEqual(query);
    expect([hasFilter(only, marathon, known), hasFilter(only, notMarathon, known)]).toEqual([true, false]);
    const others = toggleFilter(only, notMarathon, known);
    expect([hasFilter(others, marathon, known), hasFilter(others, notMarathon, known)]).toEqual([false, true]);
    const back = toggleFilter(others, notMarathon, known);
    expect(back).toEqual({ ...query, ...(query.sql && { sql: query.sql.replace(';', '') }) });
    expect(addFilter(only, marathon, known)).toBe(only);
  });
});

it('is a filter of the builder, of which several are left out together', () => {
  const one = toggleFilter(queries.builder, notMarathon, known);
  expect(one.filters).toEqual([{ label: 'framework', operator: '!=', value: 'marathon' }]);
  const two = toggleFilter(one, { ...notMarathon, value: 'spark' }, known);
  expect(two.filters).toEqual([{ label: 'framework', operator: '!=', value: ['marathon', 'spark'] }]);
  expect(toggleFilter(two, notMarathon, known).filters).toEqual([
    { label: 'framework', operator: '!=', value: 'spark' },
  ]);
});

it('goes into the selectors of an expression whose series have the label', () => {
  const query = { refId: 'A', expr: 'mesos_framework_tasks / on () group_left () mesos_up or vector(0)' };
  expect(toggleFilter(query, marathon, known).expr).toBe(
    'mesos_framework_tasks{framework="marathon"} / on () group_left () mesos_up or vector(0)'
  );
});

it.each([
  ['whose series lack the label', { refId: 'A', expr: 'mesos_up' }, known],
  ['before the catalogue is there', { refId: 'A', expr: 'mesos_framework_tasks' }, undefined],
  ['of a builder whose entity lacks the label', { refId: 'A', metric: 'mesos_up' }, known],
])(
  'is a filter as a dashboard has it, of which the backend says more, in a query %s',
  (_, query: MesosQuery, loaded) => {
    const filtered = toggleFilter(query, marathon, loaded);
    expect(filtered).toEqual({ ...query, adhocFilters: [{ key: 'framework', operator: '=', value: 'marathon' }] });
    expect(hasFilter(filtered, marathon, loaded)).toBe(true);
    expect(toggleFilter(filtered, marathon, loaded)).toEqual(query);
  }
);

it('is around a statement, whose columns only its result has', () => {
  const value = "it's";
  const sql = toggleFilter(queries.SQL, { label: 'a"b', operator: '!=', value }).sql;
  expect(sql).toBe(
    `SELECT * FROM (\nSELECT framework, count(*) AS n FROM tasks GROUP BY 1\n) WHERE ("a""b" IS NULL OR "a""b" <> 'it''s')`
  );
});

it('is the text of a log’s lines; what all its lines have changes nothing', () => {
  const log: MesosQuery = { refId: 'A', queryType: 'logs', taskId: 't1' };
  const level = { label: 'level', operator: '=' as const, value: 'error' };
  expect(toggleFilter(log, level)).toEqual({ ...log, filter: 'error' });
  expect(toggleFilter(toggleFilter(log, level), level)).toEqual(log);
  expect(toggleFilter(log, { ...level, value: '/var/' }).filter).toBe('/\\/var\\//'.replace(/\\\//g, '/'));
  expect(toggleFilter(log, { ...level, label: 'task_id' })).toEqual(log);
  expect(toggleFilter(log, { ...level, operator: '!=' })).toEqual(log);
});

it('needs a label', () => {
  expect(toggleFilter(queries.builder, { ...marathon, label: '' }, known)).toBe(queries.builder);
  expect(toggleFilter({ refId: 'A', queryType: 'variable' }, marathon, known)).toEqual({
    refId: 'A',
    queryType: 'variable',
  });
});
