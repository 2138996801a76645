import { CoreApp } from '@grafana/data';

import { defaultQuery, isRunnable, queryTypeOf, withDefaults } from './defaults';

describe('defaultQuery', () => {
  it('is CPU allocated per framework, with every choice the editor shows', () => {
    expect(defaultQuery(CoreApp.Explore)).toEqual({
      queryType: 'metrics',
      version: 1,
      entity: 'framework',
      resource: 'cpus',
      measure: 'allocated',
      legendFormat: '__auto',
      format: 'time_series',
      range: true,
      instant: false,
    });
  });

  it('is instant for alert rules, whose range would have no data for series that ended', () => {
    expect(defaultQuery(CoreApp.UnifiedAlerting)).toMatchObject({ instant: true, range: false });
  });
});

describe('queryTypeOf', () => {
  it.each([
    ['what it says', { queryType: 'promql' as const }, 'promql'],
    ['promql with an expression', { expr: 'up' }, 'promql'],
    ['metrics else', { entity: 'agent' }, 'metrics'],
    ['metrics where an empty text is said', { queryType: '' as never, entity: 'agent' }, 'metrics'],
  ])('is %s', (_, query, type) => {
    expect(queryTypeOf({ refId: 'A', ...query })).toBe(type);
  });
});

describe('withDefaults', () => {
  it('fills in an untouched row', () => {
    expect(withDefaults({ refId: 'B' })).toEqual({ refId: 'B', ...defaultQuery() });
  });

  it('fills in a rule’s row as Grafana makes it: the keys are there, and undefined', () => {
    const row = { refId: 'A', instant: undefined, queryType: '' as never };
    expect(withDefaults(row, CoreApp.UnifiedAlerting)).toEqual({
      refId: 'A',
      ...defaultQuery(CoreApp.UnifiedAlerting),
    });
    expect(withDefaults(row, CoreApp.UnifiedAlerting)).toMatchObject({ instant: true, range: false });
  });

  it.each([
    [{ instant: true }, { instant: true }],
    [{ range: true }, { range: true }],
    [
      { range: false, instant: true },
      { range: false, instant: true },
    ],
  ])('leaves %j to say what it says, never both', (kind, expected) => {
    for (const app of [CoreApp.PanelEditor, CoreApp.UnifiedAlerting]) {
      const { range, instant } = withDefaults({ refId: 'A', ...kind }, app);
      expect(JSON.parse(JSON.stringify({ range, instant }))).toEqual(expected);
    }
  });

  it.each([
    { refId: 'A', expr: 'up' },
    { refId: 'A', metric: 'mesos_up' },
    { refId: 'A', queryType: 'promql' as const },
    { refId: 'A', entity: 'role', resource: 'cpus', measure: 'allocated' },
  ])('leaves %j as it is', (query) => {
    expect(withDefaults(query)).toBe(query);
  });
});

describe('isRunnable', () => {
  it.each([
    ['a measure', { entity: 'agent' }, true],
    ['a series', { metric: 'mesos_up' }, true],
    ['an expression', { expr: 'up' }, true],
    ['an empty expression', { queryType: 'promql' as const, expr: '  ' }, false],
    ['no series chosen yet', { queryType: 'metrics' as const, metric: '' }, false],
    ['nothing', {}, false],
    ['the values of a label', { queryType: 'variable' as const, variable: { labelValues: { label: 'role' } } }, true],
    ['no label chosen yet', { queryType: 'variable' as const, variable: { labelValues: { label: '' } } }, false],
    ['entities', { queryType: 'variable' as const, variable: { entities: { entity: 'role' } } }, true],
    ['an expression for a variable', { queryType: 'variable' as const, variable: { promql: 'up' } }, true],
    ['a statement for a variable', { queryType: 'variable' as const, variable: { sql: 'SELECT 1' } }, true],
    ['a variable of nothing', { queryType: 'variable' as const }, false],
    ['events', { queryType: 'events' as const }, true],
    ['a hidden query', { entity: 'agent', hide: true }, false],
  ])('%s', (_, query, runnable) => {
    expect(isRunnable({ refId: 'A', ...query })).toBe(runnable);
  });
});
