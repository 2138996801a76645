import { withFieldNames, withNamesAlone } from './fieldNames';

it.each([
  [
    '"x" is wrong (jsonData.retention); "y" is too (jsonData.masters)',
    '"x" is wrong (Retention: jsonData.retention); "y" is too (Masters: jsonData.masters)',
  ],
  ['no value (secureJsonData.httpHeaderValue2)', 'no value (Header 2: secureJsonData.httpHeaderValue2)'],
  ['no value (secureJsonData.agentHeaderValue1)', 'no value (Agent header 1: secureJsonData.agentHeaderValue1)'],
  ['not user:password (secureJsonData.zkDigest)', 'not user:password (ZooKeeper digest: secureJsonData.zkDigest)'],
  ['may read (jsonData.sandboxLogs: admin or none)', 'may read (Logs of tasks: jsonData.sandboxLogs: admin or none)'],
  ['of nobody (jsonData.futureSetting)', 'of nobody (jsonData.futureSetting)'],
  ['3 agents, 7 frameworks', '3 agents, 7 frameworks'],
])('%s', (message, named) => {
  expect(withFieldNames(message)).toBe(named);
});

it.each([
  ['not shown (jsonData.sandboxLogs: admin or none)', 'not shown (setting Logs of tasks of the data source)'],
  ['not shown (jsonData.sandboxLogs)', 'not shown (setting Logs of tasks of the data source)'],
  ['where the setting agentStatistics is on.', 'where the setting “Agent statistics” is on.'],
  ['Raise memoryLimit, or set taskSeries to never.', 'Raise “Memory limit”, or set “Task history” to never.'],
  ['no series has task="memoryLimit"', 'no series has task="memoryLimit"'],
  [
    'http://host/memoryLimit.html, someName (jsonData.future)',
    'http://host/memoryLimit.html, someName (jsonData.future)',
  ],
])('%s, without keys', (message, named) => {
  expect(withNamesAlone(message)).toBe(named);
});
