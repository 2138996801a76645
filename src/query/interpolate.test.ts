import { fakeTemplates } from '../testing/templates';
import { formatPromQL, interpolateQuery } from './interpolate';
import type { Filter, MesosQuery, Operator } from './types';

const templates = fakeTemplates({
  framework: { value: ['marathon', 'spark.1'], multi: true },
  one: { value: ['marathon'], multi: true },
  none: { value: [], multi: true },
  role: { value: 'web' },
  pattern: { value: 'web.*' },
  label: { value: ['agent', 'attr_rack'], multi: true },
  quoted: { value: 'a"b\\c' },
  apostrophe: { value: "o'neil" },
  dollar: { value: '$role' },
  matcher: { value: 'role=~"web|batch"' },
  // All: the list of the values, or a custom one in its place.
  all: { value: ['$__all'], multi: true, includeAll: true, options: ['a.b', 'c"d'] },
  every: { value: '$__all', includeAll: true, options: ['a.b', 'c"d'] },
  custom: { value: ['$__all'], multi: true, includeAll: true, allValue: '.*', options: ['a', 'b'] },
  chosen: { value: 'a.b', includeAll: true, allValue: '.*' },
  awkward: { value: ['a|b (c)', '[x]{2}^$', 'back\\slash'], multi: true },
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
    ['a whole matcher in a plain variable', 'x{$matcher}', 'x{role=~"web|batch"}'],
    ['a part of the expression', 'topk(5, $role)', 'topk(5, web)'],
    ['All as alternatives', 'x{framework=~"$all"}', 'x{framework=~"(a\\\\.b|c\\"d)"}'],
    ['All without several values too', 'x{framework=~"$every"}', 'x{framework=~"(a\\\\.b|c\\"d)"}'],
    ['a custom all value as it is written', 'x{framework=~"$custom"}', 'x{framework=~".*"}'],
    ['the chosen value of a variable that may be All', 'x{framework=~"$chosen"}', 'x{framework=~"a\\\\.b"}'],
    [
      'regular expressions’ characters literally',
      'x{framework=~"$awkward"}',
      'x{framework=~"(a\\\\|b \\\\(c\\\\)|\\\\[x\\\\]\\\\{2\\\\}\\\\^\\\\$|back\\\\\\\\slash)"}',
    ],
    [
      'a format of one’s own as Grafana makes it',
      'x{framework=~"${framework:pipe}"}',
      'x{framework=~"marathon|spark.1"}',
    ],
    ['several values with = as any of them', 'x{framework="$framework"}', 'x{framework=~"(marathon|spark\\\\.1)"}'],
    [
      'several values with != as none of them',
      "x{a='b', framework != '$framework'}",
      'x{a=\'b\', framework !~"(marathon|spark\\\\.1)"}',
    ],
    ['one of several with = as it is', 'x{framework="$chosen"}', 'x{framework="a.b"}'],
    ['text around several values with =', 'x{task="a.${framework}"}', 'x{task=~"(a\\\\.marathon|a\\\\.spark\\\\.1)"}'],
    ['All with = as any of all', 'x{framework="$all"} or y{z="1"}', 'x{framework=~"(a\\\\.b|c\\"d)"} or y{z="1"}'],
    ['a custom all value with = as it is written', 'x{framework="$custom"}', 'x{framework=".*"}'],
    ['no value with = as the backend names it', 'x{framework="$none"}', 'x{framework="()"}'],
    [
      'a format of one’s own with = as Grafana makes it',
      'x{framework="${framework:csv}"}',
      'x{framework="marathon,spark.1"}',
    ],
    [
      'a comparison in a string, or in a comment',
      'label_replace(x, "a", "b=$role", "c=", "$framework") # d="$role',
      'label_replace(x, "a", "b=web", "c=", "(marathon|spark\\\\.1)") # d="web',
    ],
    ['several values outside of strings as a list', 'sum by ($label) (x)', 'sum by (agent, attr_rack) (x)'],
    ['a comparison of numbers', 'x == $role', 'x == web'],
    ['all spellings of a variable', '$role ${role} [[role]]', 'web web web'],
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

describe('SQL', () => {
  it.each([
    [
      'one value as it is, with quotes doubled',
      "role = '$role' OR role = '$apostrophe'",
      "role = 'web' OR role = 'o''neil'",
    ],
    ['several values as a list of texts', 'framework IN ($framework)', "framework IN ('marathon','spark.1')"],
    ['one of several as a list of one', 'framework IN ($one)', "framework IN ('marathon')"],
    ['All as the list of all values', 'framework IN ($all)', `framework IN ('a.b','c"d')`],
    [
      'a regular expression whose quotes are doubled',
      "role REGEXP '^(?:${apostrophe:regex})$' OR role REGEXP '[[apostrophe:regex]]'",
      "role REGEXP '^(?:o''neil)$' OR role REGEXP 'o''neil'",
    ],
    [
      'several values as a regular expression',
      "framework REGEXP '^(?:${framework:regex})$'",
      "framework REGEXP '^(?:(marathon|spark\\.1))$'",
    ],
    ['a custom all value in a regular expression', "role REGEXP '^(?:${custom:regex})$'", "role REGEXP '^(?:.*)$'"],
    ['a value that looks like a variable once', "role REGEXP '${dollar:regex}'", "role REGEXP '\\$role'"],
    ['an unknown variable as it is', "role REGEXP '${nope:regex}'", "role REGEXP '${nope:regex}'"],
    ['no macro', '$__timeFilter(time) AND x > $__interval_ms', '$__timeFilter(time) AND x > $__interval_ms'],
  ])('has %s', (_, sql, result) => {
    expect(interpolate({ sql }).sql).toBe(result);
  });
});

it('replaces variables in the amounts of a shape', () => {
  expect(interpolate({ shape: { cpus: 1, memory: '$role' } }).shape).toEqual({ cpus: 1, memory: 'web' });
});

it('replaces variables in what tables and logs are asked for', () => {
  expect(
    interpolate({
      table: '$role',
      columns: ['$label', 'state'],
      orderBy: [{ column: '$label', direction: 'desc' }, { column: 'state' }, { column: '$none' }],
      taskId: '$role.1',
      frameworkId: '$one',
      agentId: '$role-S1',
      file: '$role',
      filter: '$role',
    })
  ).toEqual({
    refId: 'A',
    table: 'web',
    columns: ['agent', 'attr_rack', 'state'],
    orderBy: [
      { column: 'agent', direction: 'desc' },
      { column: 'attr_rack', direction: 'desc' },
      { column: 'state' },
      { column: '$none' },
    ],
    taskId: 'web.1',
    frameworkId: 'marathon',
    agentId: 'web-S1',
    file: 'web',
    filter: 'web',
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

  it('what looks like a macro in a value stays as it is spelled', () => {
    const value = ['${__range} $__interval', '[[__rate_interval_ms]]-$role'];
    const filters = [{ label: 'task', operator: '=' as const, value }];
    expect(interpolate({ filters }).filters?.[0].value).toEqual([value[0], '[[__rate_interval_ms]]-web']);
    const adhocFilters = [{ key: 'task', operator: '=', value: value[0] }];
    expect(interpolate({ adhocFilters }).adhocFilters).toEqual(adhocFilters);
  });

  it('keeps text around a variable', () => {
    const filters = [{ label: 'task', operator: '!=' as const, value: ['x', '${framework}-$role'] }];
    expect(interpolate({ filters }).filters?.[0].value).toEqual(['x', 'marathon-web', 'spark.1-web']);
  });

  it.each<[string, Operator, Filter['value'], Filter['value']]>([
    ['plain lists are quoted by the backend', '=', '$framework', ['marathon', 'spark.1']],
    ['a pattern of a plain variable is one', '!~', '$pattern', 'web.*'],
    ['values of several are literal in patterns', '=~', '$framework', ['marathon', 'spark\\.1']],
    ['one of several too', '=~', '$chosen', 'a\\.b'],
    ['All is the list of all', '=', '$all', ['a.b', 'c"d']],
    ['All is literal in patterns', '!~', '$every', ['a\\.b', 'c"d']],
    ['a custom all value is a pattern', '=~', '$custom', '.*'],
    ['a custom all value is text elsewhere', '=', '$custom', '.*'],
    ['the chosen one is text elsewhere', '=', '$chosen', 'a.b'],
    ['awkward values are as they are in lists', '!=', '$awkward', ['a|b (c)', '[x]{2}^$', 'back\\slash']],
    [
      'awkward values are literal in patterns',
      '=~',
      '$awkward',
      ['a\\|b \\(c\\)', '\\[x\\]\\{2\\}\\^\\$', 'back\\\\slash'],
    ],
    ['text around it is a pattern', '=~', '$framework-[0-9]+', ['marathon-[0-9]+', 'spark\\.1-[0-9]+']],
    ['a format of one’s own is Grafana’s', '=~', '${framework:regex}', '(marathon|spark\\.1)'],
    ['what no variable is called is a text', '=', '$nope', '$nope'],
    ['a dollar in brackets is a dollar, whatever variables are called', '=~', '[$]role', '[$]role'],
    ['a list of several variables', '=', ['$framework', '$one', 'x'], ['marathon', 'spark.1', 'x']],
  ])('%s', (_, operator, value, result) => {
    expect(interpolate({ filters: [{ label: 'task', operator, value }] }).filters).toEqual([
      { label: 'task', operator, value: result },
    ]);
  });

  it('has the label of a variable', () => {
    const filters = [{ label: '$role', operator: '=' as const, value: 'x' }];
    expect(interpolate({ filters }).filters?.[0].label).toBe('web');
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
    expect(interpolate({ groupBy: ['$none', 'agent'] }).groupBy).toEqual(['$none', 'agent']);
  });

  it('replaces variables in the other texts', () => {
    const query = {
      entity: '$role',
      resource: '$one',
      measure: '$role',
      metric: 'mesos_$role',
      forecast: '$role',
      legendFormat: '{{framework}} of $role',
      interval: '$__interval',
      top: 5,
    };
    expect(interpolate(query)).toMatchObject({
      entity: 'web',
      resource: 'marathon',
      measure: 'web',
      metric: 'mesos_web',
      forecast: 'web',
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

describe('a variable’s own query', () => {
  const variable = (variable: MesosQuery['variable']) => interpolate({ queryType: 'variable', variable }).variable;

  it('has others in label and selector', () => {
    expect(variable({ labelValues: { label: 'attr_$role', match: 'x{framework=~"$framework"}' } })).toEqual({
      labelValues: { label: 'attr_web', match: 'x{framework=~"(marathon|spark\\\\.1)"}' },
    });
    expect(variable({ labelValues: { label: 'agent' } })).toEqual({ labelValues: { label: 'agent' } });
  });

  it('has others in entity and filters', () => {
    const filters = [{ label: 'framework', operator: '=' as const, value: '$framework' }];
    expect(variable({ entities: { entity: '$role', field: 'id', filters } })).toEqual({
      entities: {
        entity: 'web',
        field: 'id',
        filters: [{ label: 'framework', operator: '=', value: ['marathon', 'spark.1'] }],
      },
    });
    expect(variable({ entities: { entity: 'agent' } })).toEqual({ entities: { entity: 'agent' } });
  });

  it('has others in PromQL, and leaves the macros to the backend', () => {
    expect(variable({ promql: 'max_over_time(x{framework=~"$custom"}[$__range])' })).toEqual({
      promql: 'max_over_time(x{framework=~".*"}[$__range])',
    });
  });

  it('is not changed itself', () => {
    const query: MesosQuery = { refId: 'A', variable: { labelValues: { label: '$role', match: '$role' } } };
    interpolateQuery(query, templates);
    expect(query.variable).toEqual({ labelValues: { label: '$role', match: '$role' } });
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

  it.each([
    [
      { operator: '=', value: '$role' },
      { operator: '=', value: 'web' },
    ],
    [
      { operator: '=', value: '$framework' },
      { operator: '=|', value: 'marathon', values: ['marathon', 'spark.1'] },
    ],
    [
      { operator: '!=', value: '$framework' },
      { operator: '!=|', value: 'marathon', values: ['marathon', 'spark.1'] },
    ],
    [
      { operator: '=~', value: '$framework' },
      { operator: '=~', value: '(marathon|spark\\.1)' },
    ],
    [
      { operator: '=~', value: 'web.*' },
      { operator: '=~', value: 'web.*' },
    ],
    [
      { operator: '=|', value: '$framework', values: ['$framework', 'x'] },
      { operator: '=|', value: 'marathon', values: ['marathon', 'spark.1', 'x'] },
    ],
  ])('have the values of variables: %j', (filter, result) => {
    const [{ key: _key, ...rest }] =
      interpolateQuery({ refId: 'A' }, templates, {}, [{ key: 'framework', ...filter }]).adhocFilters ?? [];
    expect(rest).toEqual(result);
  });

  it('are left out while they have no label', () => {
    expect(interpolateQuery({ refId: 'A' }, templates, {}, [{ ...filter, key: '' }]).adhocFilters).toEqual([]);
  });

  it('are absent where there are none', () => {
    expect(interpolateQuery({ refId: 'A' }, templates)).not.toHaveProperty('adhocFilters');
  });
});
