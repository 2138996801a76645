import { AGENTS, CLUSTER_NAME, COLLECTION, fieldProblem, HISTORY, WEB_URL } from './fields';

const all = [CLUSTER_NAME, WEB_URL, ...COLLECTION, ...AGENTS, ...HISTORY];
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
    'sandboxLogs',
    'subscribe',
    'taskLabels',
    'taskSeries',
    'webUrl',
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
  ['pollInterval', '1s', '"1s" is too short: at least 10s'],
  ['idleTimeout', '10s', '"10s" is too short: at least 1m'],
  ['retention', '1 day', '"1 day" is not a valid duration, for example 15s, 10m or 7d'],
  ['memoryLimit', '1MiB', '"1MiB" is too small: at least 16MiB'],
  ['maxSeries', 10, '10 is too small: at least 1000'],
  ['maxSeries', 'many', '"many" is not a number'],
  ['agentStatistics', 'maybe', '"maybe" is not true or false'],
  ['clusterName', true, 'true is not a text in quotes'],
  ['taskSeries', 'sometimes', '"sometimes" is not possible: choose one of auto, always, never'],
  [
    'agentAddress',
    '{hostname}',
    '"{hostname}" is not an address, for example http://{hostname}:{port}; it has no user, query or fragment',
  ],
  [
    'agentAddress',
    'http://u:p@{ip}',
    '"http://u:p@{ip}" is not an address, for example http://{hostname}:{port}; it has no user, query or fragment',
  ],
  ['agentAddress', 'http://{host}:{port}', '"{host}" is not known: use {hostname}, {ip}, {port} and {id}'],
  [
    'agentAddress',
    'https://router/agent',
    '"https://router/agent" is the same for all agents: use {hostname}, {ip} or {id} in it',
  ],
  [
    'webUrl',
    'mesos:5050',
    '"mesos:5050" is not an http or https address, for example https://mesos.example.com, or https://dcos.example.com/mesos',
  ],
  [
    'webUrl',
    'javascript:alert(1)',
    '"javascript:alert(1)" is not an http or https address, for example https://mesos.example.com, or https://dcos.example.com/mesos',
  ],
  [
    'webUrl',
    'https://jo:secret@mesos',
    'The address has a user or password, which every Viewer could read: leave them out, for example https://mesos.example.com, or https://dcos.example.com/mesos',
  ],
  ['webUrl', 'https://dcos.example/mesos/#/agents?x', undefined],
  ['subscribe', 'always', '"always" is not possible: choose one of auto, never'],
  ['sandboxLogs', 'everybody', '"everybody" is not possible: choose one of none, admin, editor, viewer'],
  ['engine', 'disk', '"disk" is not possible: choose one of auto, memory'],
])('%s %j: %s', (key, value, problem) => {
  expect(fieldProblem(field(key), { [key]: value })).toBe(problem);
});
