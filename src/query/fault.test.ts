import { errorOf, faultOf, marksOf, withSubject } from './fault';

it.each([
  ['top: 200 is out of range', { key: 'top', text: '200 is out of range' }],
  ['filters[1].value: "(" is not: valid', { key: 'filters', at: 1, part: 'value', text: '"(" is not: valid' }],
  ['orderBy[0]: is wrong', { key: 'orderBy', at: 0, text: 'is wrong' }],
  ['shape.memory: "x" is wrong', { key: 'shape', part: 'memory', text: '"x" is wrong' }],
  ['Bad Gateway', undefined],
  ['Could not load: no plugin', undefined],
  [undefined, undefined],
])('%s: %j', (message, fault) => {
  expect(faultOf(message)).toEqual(fault);
});

it('marks the field of its key', () => {
  const fault = faultOf('groupBy: must hold "role"');
  expect(marksOf(fault, 'groupBy')).toEqual({ invalid: true, error: 'must hold "role"' });
  expect(marksOf(fault, 'top')).toEqual({});
});

it('finds why one query of several was not answered', () => {
  const data = {
    errors: [
      { refId: 'A', message: 'a' },
      { refId: 'B', data: { message: 'b' } },
    ],
  } as never;
  expect([errorOf(data, 'A'), errorOf(data, 'B'), errorOf(data, 'C'), errorOf(undefined, 'A')]).toEqual([
    'a',
    'b',
    undefined,
    undefined,
  ]);
  expect(errorOf({ error: { message: 'of all' } } as never, 'A')).toBe('of all');
});

it.each([
  ['must be a whole number, not 1.5', 'Top must be a whole number, not 1.5'],
  ['has 5 kinds of nodes', 'Top has 5 kinds of nodes'],
  ['"(" is not a valid regular expression', '"(" is not a valid regular expression'],
  ['500 is out of range', '500 is out of range'],
])('%s gets its subject', (text, said) => {
  expect(withSubject(text, 'Top')).toBe(said);
});
