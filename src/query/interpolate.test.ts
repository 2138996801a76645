import { fakeTemplates } from '../testing/templates';
import { formatPromQL, interpolateQuery } from './interpolate';
import type { MesosQuery } from './types';

const templates = fakeTemplates({
  framework: { value: ['marathon', 'spark.1'], multi: true },
  one: { value: ['marathon'], multi: true },
  none: { value: [], multi: true },
  role: { value: 'web' },
  pattern: { value: 'web.*' },
  label: { value: ['agent', 'attr_rack'], multi: true },
  quoted: { value: 'a"b\\c' },
});

function interpolate(query: Partial<MesosQuery>, ...rest: [scoped?: object, adhoc?: never[]]) {
  return interpolateQuery({ refId: 'A', ...query }, templates, ...(rest as []));
}

describe('PromQL', () => {
  it.each([
    ['one value', 'x{role="$role"}', 'x{role="web"}'],
    ['several values as alternatives', 'x{framework=~"$framework"}', 'x{framework=~"(marathon|spark\\\\.1)"}'],
    ['one of several without parentheses', 'x{framework=~"$one"}', 'x{framework=~"marathon"}'],
    ['a pattern in a plain variable', 'x{role=~"$pattern"}', 'x{role=~"web.*"}'],
    ['quotes and backslashes', 'x{role="$quoted"}', 'x{role="a\\"b\\\\c"}'],
    ['an unknown variable', 'x{role="$nope"}', 'x{role="$nope"}'],
  ])('%s', (_, expr, result) => {
    expect(interpolate({ expr }).expr).toBe(result);
  });

  it('leaves the macros to the backend, whatever Grafana has for them', () => {
    const expr = 'rate(x[$__rate_interval]) + x[$__interval] + x[$__range] + $__interval_ms + ${__range_s}';
    const scoped = { __interval: { text: '15s', value: '15s' }, __interval_ms: { text: '15000', value: 15000 } };
    expect(interpolate({ expr }, scoped).expr).toBe(expr.replace('${__range_s}', '$__range_s'));
  });

  it('prefers the variables of a repeated panel', () => {
    const scoped = { role: { text: 'batch', value: 'batch' } };
    expect(interpolate({ expr: 'x{role="$role"}' }, scoped).expr).toBe('x{role="batch"}');
  });

  it('writes a variable that may be All as alternatives', () => {
    expect(formatPromQL(['a+', 'b'], { includeAll: true })).toBe('(a\\\\+|b)');
  });
});

describe('a builder query', () => {
  it('gets several values as a list, unquoted', () => {
    const filters = [{ label: 'framework', operator: '=' as const, value: '$framework' }];
    expect(interpolate({ filters }).filters).toEqual([
      { label: 'framework', operator: '=', value: ['marathon', 'spark.1'] },
    ]);
  });

  it('gets a single value as text', () => {
    const filters = [{ label: 'framework', operator: '=' as const, value: ['$one'] }];
    expect(interpolate({ filters }).filters).toEqual([{ label: 'framework', operator: '=', value: 'marathon' }]);
  });

  it('keeps text around a variable', () => {
    const filters = [{ label: 'task', operator: '!=' as const, value: ['x', '${framework}-$role'] }];
    expect(interpolate({ filters }).filters?.[0].value).toEqual(['x', 'marathon-web', 'spark.1-web']);
  });

  it('takes values of a multi-value variable literally in a regular expression', () => {
    const filters = [
      { label: 'framework', operator: '=~' as const, value: '$framework' },
      { label: 'role', operator: '!~' as const, value: '$pattern' },
    ];
    expect(interpolate({ filters }).filters?.map(({ value }) => value)).toEqual([['marathon', 'spark\\.1'], 'web.*']);
  });

  it('has an empty list where nothing is chosen, which the backend names', () => {
    const filters = [{ label: 'framework', operator: '=' as const, value: '$none' }];
    expect(interpolate({ filters }).filters?.[0].value).toEqual([]);
  });

  it('keeps the empty value, which means an absent label', () => {
    const filters = [{ label: 'attr_rack', operator: '=' as const, value: '' }];
    expect(interpolate({ filters }).filters).toEqual(filters);
  });

  it('groups by the labels of a variable, each once', () => {
    expect(interpolate({ groupBy: ['agent', '$label'] }).groupBy).toEqual(['agent', 'attr_rack']);
    expect(interpolate({ groupBy: [] }).groupBy).toEqual([]);
  });

  it('replaces variables in the other texts', () => {
    const query = { entity: '$role', legendFormat: '{{framework}} of $role', interval: '$__interval', top: 5 };
    expect(interpolate(query)).toMatchObject({
      entity: 'web',
      legendFormat: '{{framework}} of web',
      interval: '$__interval',
      top: 5,
    });
  });

  it('does not change the query it was given', () => {
    const query: MesosQuery = { refId: 'A', groupBy: ['$label'], filters: [] };
    interpolateQuery(query, templates);
    expect(query).toEqual({ refId: 'A', groupBy: ['$label'], filters: [] });
  });
});

describe('ad-hoc filters', () => {
  const filter = { key: 'role', operator: '=', value: 'web' };

  it('are added to those the query has', () => {
    const own = { key: 'agent', operator: '!=', value: 'a1' };
    const query = { refId: 'A', adhocFilters: [own] };
    expect(interpolateQuery(query, templates, {}, [filter]).adhocFilters).toEqual([own, filter]);
  });

  it('keep the list of a multi-value operator, and nothing else of Grafana’s', () => {
    const many = { key: 'role', operator: '=|', value: 'web', values: ['web', 'batch'], origin: 'dashboard' };
    expect(interpolateQuery({ refId: 'A' }, templates, {}, [many]).adhocFilters).toEqual([
      { key: 'role', operator: '=|', value: 'web', values: ['web', 'batch'] },
    ]);
  });

  it('are left out while they have no label', () => {
    expect(interpolateQuery({ refId: 'A' }, templates, {}, [{ ...filter, key: '' }]).adhocFilters).toEqual([]);
  });

  it('are absent where there are none', () => {
    expect(interpolateQuery({ refId: 'A' }, templates)).not.toHaveProperty('adhocFilters');
  });
});
