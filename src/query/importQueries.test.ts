import { defaultQuery } from './defaults';
import { importQueries } from './importQueries';

it('takes PromQL over as it stands, with its options', () => {
  const query = {
    refId: 'B',
    expr: 'rate(m{a="b"}[5m])',
    legendFormat: '{{a}}',
    interval: '1m',
    instant: true,
    range: false,
    format: 'table',
    editorMode: 'code',
    exemplar: true,
  };
  expect(importQueries([query], 'prometheus')).toEqual([
    {
      refId: 'B',
      queryType: 'promql',
      version: 1,
      expr: 'rate(m{a="b"}[5m])',
      legendFormat: '{{a}}',
      interval: '1m',
      instant: true,
      range: false,
      format: 'table',
    },
  ]);
});

it('has no format where it is the usual one', () => {
  const query = { refId: 'A', expr: 'up', format: 'heatmap', legendFormat: '' };
  expect(importQueries([query], 'prometheus')).toEqual([{ refId: 'A', queryType: 'promql', version: 1, expr: 'up' }]);
});

it.each([
  ['loki', { refId: 'A', expr: '{app="x"}' }],
  ['prometheus', { refId: 'A', expr: '' }],
  ['grafana-testdata-datasource', { refId: 'A', scenarioId: 'random_walk' }],
])('starts afresh from %s without PromQL', (type, query) => {
  expect(importQueries([{ ...query, hide: true }], type)).toEqual([{ ...defaultQuery(), refId: 'A', hide: true }]);
});
