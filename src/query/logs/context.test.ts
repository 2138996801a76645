import { createDataFrame, FieldType, LogRowContextQueryDirection, type LogRowModel } from '@grafana/data';

import { contextQuery, contextRequest } from './context';

function row(id: string, labels: Record<string, string> = { task_id: 't1', framework_id: 'F1', agent_id: 'S1' }) {
  const dataFrame = createDataFrame({
    refId: 'A',
    fields: [
      { name: 'body', type: FieldType.string, values: ['first', 'second'] },
      { name: 'id', type: FieldType.string, values: ['c1/stdout@0-00000000', id] },
    ],
  });
  return { dataFrame, rowIndex: 1, labels, timeEpochMs: 1000, uid: 'u' } as unknown as LogRowModel;
}

it('asks for the lines on each side of a line, by its offset in its file', () => {
  const of = { queryType: 'logs', taskId: 't1', frameworkId: 'F1', agentId: 'S1', file: 'logs/a@b.log.1' };
  const line = row('c1/logs/a@b.log.1@1234-0badcafe');
  expect(contextQuery(line)).toEqual({ ...of, refId: 'A-before', limit: 50, before: 1234 });
  expect(contextQuery(line, { direction: LogRowContextQueryDirection.Forward, limit: 10 })).toEqual({
    ...of,
    refId: 'A-after',
    limit: 10,
    after: 1234,
  });
  const query = contextQuery(line, { direction: LogRowContextQueryDirection.Backward })!;
  expect(query).toMatchObject({ before: 1234 });
  expect(contextRequest(line, query)).toMatchObject({ targets: [query], intervalMs: 1000 });
  expect(contextRequest(line, query).range.to.valueOf()).toBe(1000);
});

it.each([
  ['an id of something else', row('whatever')],
  ['a line without a task', row('c1/stdout@3-00000000', {})],
])('asks for nothing around %s', (_, line) => {
  expect(contextQuery(line)).toBeUndefined();
});
