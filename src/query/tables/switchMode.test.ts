import type { MesosQuery } from '../types';
import { isOwnSql, tableCodeStands, toSql, toTable } from './switchMode';

const row = { refId: 'A', hide: false };
const builder: MesosQuery = {
  ...row,
  queryType: 'table',
  version: 1,
  table: 'agents',
  columns: ['hostname'],
  limit: 5,
};
const COMPILED = 'SELECT hostname FROM agents LIMIT 5';

it('shows the builder as the SQL it compiles to, and comes back to the same builder', () => {
  const code = toSql(builder, COMPILED, {});
  expect(code.query).toEqual({ ...row, queryType: 'sql', version: 1, sql: COMPILED, format: 'table' });
  expect(toTable(code.query, code.other).query).toEqual(builder);
});

it('brings back code as it was left, unless the builder was used meanwhile', () => {
  const code = toSql(builder, COMPILED, {});
  const written: MesosQuery = { ...code.query, sql: 'SELECT 1 AS x', format: 'numeric' };
  const back = toTable(written, code.other);
  expect(tableCodeStands(back.query, back.other)).toBe(true);
  expect(toSql(back.query, COMPILED, back.other).query).toEqual(written);

  const used = { ...back.query, limit: 6 };
  expect(tableCodeStands(used, back.other)).toBe(false);
  expect(toSql(used, 'SELECT 2', back.other).query).toMatchObject({ sql: 'SELECT 2', format: 'table' });
});

it('knows SQL that was not written since it is shown, however often it is shown', () => {
  let { query, other } = toSql(builder, COMPILED, {});
  for (let look = 0; look < 3; look++) {
    expect(isOwnSql(query, other)).toBe(false);
    const back = toTable(query, other);
    // Nothing is compiled where the code stands.
    ({ query, other } = toSql(back.query, undefined, back.other));
    expect(query.sql).toBe(COMPILED);
  }
  expect(isOwnSql({ ...query, sql: 'SELECT 1' }, other)).toBe(true);
});

it('begins the builder of a query that was written as SQL with tasks', () => {
  expect(toTable({ ...row, queryType: 'sql', sql: 'SELECT 1' }, {}).query).toEqual({
    ...row,
    queryType: 'table',
    version: 1,
    table: 'tasks',
  });
});
