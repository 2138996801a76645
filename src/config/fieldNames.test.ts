import { withFieldNames } from './fieldNames';

it.each([
  [
    '"x" is wrong (jsonData.retention); "y" is too (jsonData.masters)',
    '"x" is wrong (Retention: jsonData.retention); "y" is too (Masters: jsonData.masters)',
  ],
  ['no value (secureJsonData.httpHeaderValue2)', 'no value (Header 2: secureJsonData.httpHeaderValue2)'],
  ['no value (secureJsonData.agentHeaderValue1)', 'no value (Agent header 1: secureJsonData.agentHeaderValue1)'],
  ['not user:password (secureJsonData.zkDigest)', 'not user:password (ZooKeeper digest: secureJsonData.zkDigest)'],
  ['of nobody (jsonData.futureSetting)', 'of nobody (jsonData.futureSetting)'],
  ['3 agents, 7 frameworks', '3 agents, 7 frameworks'],
])('%s', (message, named) => {
  expect(withFieldNames(message)).toBe(named);
});
