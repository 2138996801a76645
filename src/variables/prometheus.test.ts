import { fromPrometheus, prometheusText } from './prometheus';

it.each([
  ['', undefined],
  [undefined, undefined],
  [{}, undefined],
  [{ refId: 'A', variable: { promql: 'up' } }, undefined],
  [' label_names() ', 'label_names()'],
  [{ query: 'label_values(x, y)', refId: 'StandardVariableQuery', qryType: 1 }, 'label_values(x, y)'],
  [{ query: '', qryType: 0 }, 'label_names()'],
  [{ qryType: 0, match: 'x' }, 'label_names(x)'],
  [{ qryType: 1, label: 'y' }, 'label_values(y)'],
  [{ qryType: 1, label: 'y', metric: 'x' }, 'label_values(x, y)'],
  [{ qryType: 1 }, undefined],
  [{ qryType: 2, metric: 'agent' }, 'metrics(agent)'],
  [{ qryType: 3, varQuery: 'sum(x)' }, 'query_result(sum(x))'],
  [{ qryType: 4, seriesQuery: 'x{y="z"}' }, 'x{y="z"}'],
  [{ qryType: 5, classicQuery: 'label_values(y)' }, 'label_values(y)'],
])('the text of %j is %j', (saved, text) => {
  expect(prometheusText(saved)).toBe(text);
});

it.each([
  ['label_values(framework)', { labelValues: { label: 'framework' } }],
  ['label_values(mesos_agent_info, agent)', { labelValues: { label: 'agent', match: 'mesos_agent_info' } }],
  [
    'label_values(x{a="b, c",d=~"e|f"}, "attr_rack")',
    { labelValues: { label: 'attr_rack', match: 'x{a="b, c",d=~"e|f"}' } },
  ],
  ['metrics(mesos_\\w+)', { labelValues: { label: '__name__', match: '{__name__=~".*(?:mesos_\\\\w+).*"}' } }],
  ['query_result(topk(5, mesos_framework_cpus_allocated))', { promql: 'topk(5, mesos_framework_cpus_allocated)' }],
  ['mesos_agent_info{agent="a"}', { promql: 'mesos_agent_info{agent="a"}' }],
  ['{agent="a"}', { promql: '{agent="a"}' }],
  ['label_names()', undefined],
  ['mesos_agent_info', { promql: 'mesos_agent_info' }],
  ['dummy', undefined],
  ['show tag values', undefined],
])('%s stands for %j', (text, list) => {
  expect(fromPrometheus(text)).toEqual(list);
});
