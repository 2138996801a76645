import { AGENTS, CLUSTER_NAME, COLLECTION, fieldProblem, HISTORY } from './fields';

const all = [CLUSTER_NAME, ...COLLECTION, ...AGENTS, ...HISTORY];
const field = (key: string) => all.find((one) => one.key === key)!;

it('has each setting once', () => {
  expect(all.map(({ key }) => key).sort()).toEqual([
    'agentAddress',
    'agentBasicAuthUser',
    'agentHosts',
    'agentStatistics',
    'clusterName',
    'engine',
    'idleTimeout',
    'maxSeries',
    'memoryLimit',
    'pollInterval',
    'retention',
    'taskLabels',
    'taskSeries',
  ]);
});

it('finds nothing wrong with defaults, written or absent', () => {
  for (const one of all) {
    expect(fieldProblem(one, {})).toBeUndefined();
    if (one.kind === 'text' || one.kind === 'number' || one.kind === 'choice') {
      expect(fieldProblem(one, { [one.key]: one.default })).toBeUndefined();
    }
  }
});

it('takes agents behind a router', () => {
  expect(fieldProblem(field('agentAddress'), { agentAddress: 'https://router/agent/{id}' })).toBeUndefined();
});

it.each([
  ['pollInterval', '1s', 'must be at least 10s'],
  ['idleTimeout', '10s', 'must be at least 1m'],
  ['retention', '1 day', 'must be a duration like 15s, 10m or 7d'],
  ['memoryLimit', '1MiB', 'must be at least 16MiB'],
  ['maxSeries', 10, 'must be a whole number of at least 1000'],
  ['taskSeries', 'sometimes', 'must be one of auto, always, never'],
  [
    'agentAddress',
    '{hostname}',
    'must be an address such as http://{hostname}:{port}, without a user, query or fragment',
  ],
  [
    'agentAddress',
    'http://u:p@{ip}',
    'must be an address such as http://{hostname}:{port}, without a user, query or fragment',
  ],
  ['agentAddress', 'http://{host}:{port}', 'has {host}: there are only {hostname}, {ip}, {port} and {id}'],
  ['agentAddress', 'https://router/agent', 'is the same for all agents: it needs {hostname}, {ip} or {id}'],
  ['engine', 'disk', 'must be one of auto, memory'],
])('%s %j %s', (key, value, problem) => {
  expect(fieldProblem(field(key), { [key]: value })).toBe(problem);
});
