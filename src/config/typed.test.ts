import { typedOptions } from './typed';
import type { MesosOptions } from './types';

const typed = (jsonData: Record<string, unknown>) => typedOptions(jsonData as unknown as MesosOptions);

it.each([
  ['masters', 'http://m1:5050,http://m2:5050', ['http://m1:5050,http://m2:5050']], // a row, which the backend reads as two
  ['masters', '["http://m1:5050", "http://m2:5050"]', ['http://m1:5050', 'http://m2:5050']],
  ['masters', 'zk://zk1:2181,zk2:2181/mesos', ['zk://zk1:2181,zk2:2181/mesos']],
  ['masters', ['http://m1:5050'], ['http://m1:5050']],
  ['masters', '', ['']],
  ['masters', { a: 1 }, { a: 1 }], // its field says what is wrong
  ['taskLabels', 'team, env', ['team', 'env']],
  ['taskLabels', ['team', 7], ['team', '7']],
  ['taskLabels', 7, ['7']],
  ['taskLabels', '', []],
  ['taskLabels', '["team"]', ['team']],
  ['taskLabels', '[team', ['[team']],
  ['agentHeaders', 'X-A,X-B', ['X-A', 'X-B']],
  ['keepCookies', 'a,b', ['a', 'b']],
  ['maxSeries', '300000', 300000],
  ['maxSeries', ' 5e4 ', 50000],
  ['maxSeries', 'many', 'many'],
  ['maxSeries', '', undefined],
  ['timeout', '20', 20],
  ['timeout', '20s', '20s'],
  ['agentStatistics', 'true', true],
  ['agentStatistics', 'False', false],
  ['agentStatistics', 1, true],
  ['agentStatistics', '0', false],
  ['agentStatistics', 'maybe', 'maybe'],
  ['agentStatistics', '', undefined],
  ['tlsSkipVerify', 'no', false],
  ['clusterName', 42, '42'],
  ['webUrl', ' https://mesos.example.com ', ' https://mesos.example.com '],
  ['clusterName', 'my cluster ', 'my cluster '],
  ['unknown', '7', '7'],
])('takes %s %j for what it says', (key, value, want) => {
  expect(typed({ [key]: value })).toEqual({ [key]: want });
});

it('leaves what is absent absent', () => {
  expect(typed({})).toEqual({});
  expect(typed({ masters: null, maxSeries: undefined })).toEqual({ masters: null, maxSeries: undefined });
});
