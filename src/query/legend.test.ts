import { FieldType } from '@grafana/data';

import { completedAt, labelsOf, openAt } from './legend';

const LABELS = ['agent', 'agent_id', 'framework'];

/** A text with the cursor at `|`, the labels that are offered, and the text once the first one is chosen. */
const PLACES: Array<[string, string[], string?]> = [
  ['{{|', LABELS, '{{agent}}|'],
  ['{{|}}', LABELS, '{{agent}}|'],
  ['CPU of {{ fr|', ['framework'], 'CPU of {{ framework}}|'],
  ['{{agent}} on {{i|}} now', ['agent_id'], '{{agent}} on {{agent_id}}| now'],
  ['{{label_name|}}', LABELS, '{{agent}}|'],
  ['{{|label_name}}', LABELS, '{{agent}}|'],
  ['{{FRAME|', ['framework'], '{{framework}}|'],
  ['{{nothing|', []],
  ['{{agent|}}', []],
  ['{{agent}} |', []],
  ['|', []],
];

it.each(PLACES.map(([marked, offered, completed]) => ({ marked, offered, completed })))(
  '$marked offers $offered',
  ({ marked, offered, completed }) => {
    const cursor = marked.indexOf('|');
    const text = marked.replace('|', '');
    expect(openAt(text, cursor, LABELS)).toEqual(offered);
    if (completed) {
      expect(completedAt(text, cursor, offered[0])).toEqual({
        text: completed.replace('|', ''),
        cursor: completed.indexOf('|'),
      });
    }
  }
);

it('has the labels of the own result only', () => {
  const frame = (refId: string, labels?: Record<string, string>) => ({
    refId,
    length: 0,
    fields: [{ name: 'Value', type: FieldType.number, config: {}, values: [], labels }],
  });
  expect(
    labelsOf([frame('A', { b: '1' }), frame('A', { a: '1', b: '2' }), frame('A'), frame('B', { c: '1' })], 'A')
  ).toEqual(['a', 'b']);
  expect(labelsOf(undefined, 'A')).toEqual([]);
});
