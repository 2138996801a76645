import { faultOf, marksOf } from './fault';

it.each([
  ['top: 200 is out of range', { key: 'top', text: '200 is out of range' }],
  ['filters[1].value: "(" is not: valid', { key: 'filters', at: 1, text: '"(" is not: valid' }],
  ['shape.memory: "x" is wrong', { key: 'shape', text: '"x" is wrong' }],
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
