import { fakeTemplates } from '../testing/templates';
import { interpolateQuery } from './interpolate';
import { keepVariables } from './kept';
import type { Filter, MesosQuery } from './types';

const templates = fakeTemplates({
  framework: { value: ['marathon', 'spark.x'], multi: true },
  role: { value: 'web' },
  entity: { value: 'agent' },
});

const query = (filters: Filter[], more: Partial<MesosQuery> = {}): MesosQuery => ({
  refId: 'A',
  queryType: 'metrics',
  entity: 'framework',
  filters,
  ...more,
});

/** Returns what a query becomes as code if the backend writes the values of its filters like this. */
function code(asked: MesosQuery, write: (values: string[]) => string, language: 'promql' | 'sql' = 'promql') {
  const kept = keepVariables(asked, templates);
  const values = [kept.query.filters?.[0].value ?? []].flat();
  return kept.restore({ [language]: write(values) })[language];
}

describe('PromQL', () => {
  it.each([
    ['$framework', '{framework="$framework"}'],
    ['a-${framework:regex}', '{framework="a-${framework:regex}"}'],
    ['[[role]]', '{framework="[[role]]"}'],
    ['$unknown', '{framework="$unknown"}'],
  ])('has the variable %s as it is written', (value, expected) => {
    expect(code(query([{ label: 'framework', operator: '=', value }]), ([text]) => `{framework="${text}"}`)).toBe(
      expected
    );
  });

  it('has variables in a list, and answers what the builder answers', () => {
    const filter: Filter = { label: 'framework', operator: '=', value: ['$framework', 'x'] };
    const expr = code(query([filter]), (values) => `m{framework=~"(?:${values.join('|')})"}`);
    expect(expr).toBe('m{framework=~"(?:$framework|x)"}');
    expect(interpolateQuery({ refId: 'A', expr }, templates).expr).toBe('m{framework=~"(?:(marathon|spark\\\\.x)|x)"}');
  });
});

it('leaves the dashboard’s and the query’s own ad-hoc filters to the moment code runs', () => {
  const adhocFilters = [{ key: 'role', operator: '=', value: 'web' }];
  expect(keepVariables(query([], { adhocFilters }), templates).query).not.toHaveProperty('adhocFilters');
});

describe('groups', () => {
  const grouped = (groupBy: string[], promql: string) => {
    const kept = keepVariables(query([], { groupBy }), templates);
    return kept.restore({ promql });
  };

  it('stay variables in code', () => {
    const { promql, replaced } = grouped(
      ['state', '$framework', '[[role]]'],
      'sum by (state, marathon, spark.x, web) (a) / sum by (state, marathon, spark.x, web) (b > 0)'
    );
    expect(promql).toBe('sum by (state, $framework, [[role]]) (a) / sum by (state, $framework, [[role]]) (b > 0)');
    expect(replaced).toEqual([]);
    expect(interpolateQuery({ refId: 'A', expr: promql }, templates).expr).toContain('(state, marathon, spark.x, web)');
  });

  it.each([
    ['of another series', 'sum by (web) (a * on (cluster, agent_id) group_left (web) mesos_agent_info)'],
    ['of which only a part is grouped by', 'sum by (web) (a) + on () group_left () sum by (role) (b)'],
  ])('have their current values where they are %s', (_, promql) => {
    expect(grouped(['$role'], promql)).toEqual({ promql, replaced: ['$role'] });
  });
});

it('names the variables that code has no place for, and compiles their current values', () => {
  const asked = query([{ label: 'role', operator: '=', value: '$framework' }], {
    entity: '$entity',
    groupBy: ['$role', '$unknown'],
  });
  const kept = keepVariables(asked, templates);
  expect(kept.query).toMatchObject({ entity: 'agent', groupBy: ['web', '$unknown'] });
  const ungrouped = { promql: 'count(x)' };
  expect(kept.restore(ungrouped).replaced).toEqual(['$entity', '$role']);
  expect(kept.withValues?.restore(ungrouped).replaced).toEqual(['$entity', '$framework', '$role']);
  expect(kept.withValues?.query.filters).toEqual([{ label: 'role', operator: '=', value: ['marathon', 'spark.x'] }]);
});

describe('SQL', () => {
  const table = (filter: Partial<Filter>): MesosQuery => ({
    refId: 'A',
    queryType: 'table',
    table: 'tasks',
    filters: [{ label: 'framework', operator: '=', value: '$framework', ...filter }],
  });

  it.each<[string, Partial<Filter>, (values: string[]) => string, string]>([
    ['one', {}, ([v]) => `WHERE framework = '${v}'`, `WHERE framework IN ('marathon','spark.x')`],
    [
      'not one',
      {},
      ([v]) => `WHERE a = 1\n  AND labels ->> '$."x"' IS NOT '${v}' AND b = 1`,
      `WHERE a = 1\n  AND (labels ->> '$."x"' IS NULL OR labels ->> '$."x"' NOT IN ('marathon','spark.x')) AND b = 1`,
    ],
    [
      'a list',
      { value: ['$framework', 'x'] },
      ([v, w]) => `WHERE framework IN ('${v}', '${w}')`,
      `WHERE framework IN ('marathon','spark.x', 'x')`,
    ],
    ['a part', { value: 'a-$role' }, ([v]) => `WHERE framework = '${v}'`, `WHERE framework = 'a-web'`],
    [
      'a pattern',
      { operator: '=~' },
      ([v]) => `WHERE coalesce(framework, '') REGEXP '^(?s:${v})$'`,
      `WHERE coalesce(framework, '') REGEXP '^(?s:(marathon|spark\\.x))$'`,
    ],
  ])('compares with %s of a variable’s values as the builder does', (_, filter, write, expected) => {
    const sql = code(table(filter), write, 'sql');
    expect(sql).toContain('$');
    expect(sql).not.toContain('mesosvariable');
    expect(interpolateQuery({ refId: 'A', queryType: 'sql', sql }, templates).sql).toBe(expected);
  });

  it('has the current values of a variable with several where it is a part of a text', () => {
    const kept = keepVariables(table({ value: 'a-$framework' }), templates);
    expect(kept.query.filters?.[0].value).toEqual(['a-marathon', 'a-spark.x']);
    expect(kept.replaced).toEqual(['$framework']);
  });

  it('holds the query’s own ad-hoc filters, which SQL has no other place for', () => {
    const adhocFilters = [{ key: 'role', operator: '=', value: '$role' }];
    const kept = keepVariables({ ...table({}), adhocFilters }, templates);
    const [{ value }] = kept.query.adhocFilters ?? [];
    expect(kept.restore({ sql: `role = '${value}'` }).sql).toBe('role IN (${role:sqlstring})');
  });
});
