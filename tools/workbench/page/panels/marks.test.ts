import assert from 'node:assert/strict';
import test from 'node:test';

import { endOf, isOfMarks, marksOf } from './marks.ts';

test('a row with a time is a mark, and a region where it ends later', () => {
  const frame = {
    length: 3,
    fields: [
      { name: 'time', values: [10, 20, null] },
      { name: 'timeEnd', values: [null, 25, null] },
      { name: 'title', values: ['Agent a1 lost', 'Agent a2 draining', 'nothing'] },
      { name: 'tags', values: [['agent'], [], []] },
    ],
  };
  const marks = marksOf([frame, { length: 0, fields: [] }]);
  assert.deepEqual(
    marks.map((mark) => [mark.title, mark.time, endOf(mark), mark.tags]),
    [
      ['Agent a1 lost', 10, 10, ['agent']],
      ['Agent a2 draining', 20, 25, []],
    ]
  );
});

test('frames of annotations are told from series by their topic', () => {
  assert.ok(isOfMarks({ meta: { dataTopic: 'annotations' as never } }));
  assert.equal(isOfMarks({ meta: {} }), false);
  assert.equal(isOfMarks({}), false);
});
