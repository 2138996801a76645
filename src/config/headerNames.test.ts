import { headerNames, withHeaderNames } from './headerNames';
import type { MesosOptions } from './types';

const options = (keys: object) => keys as MesosOptions;

it('reads names by their numbers', () => {
  expect(headerNames({})).toEqual([]);
  expect(
    headerNames(
      options({ httpHeaderName3: 'X-C', httpHeaderName1: 'X-A', httpHeaderName0: 'no', httpHeaderName: 'no' })
    )
  ).toEqual(['X-A', '', 'X-C']);
  expect(headerNames(options({ httpHeaderName10: 'X-J' }))[9]).toBe('X-J');
});

it('writes names and leaves everything else', () => {
  const stored = options({ clusterName: 'c', httpHeaderName1: 'X-A', httpHeaderName2: 'X-B', other: { a: 1 } });
  expect(withHeaderNames(stored, ['', 'X-B'])).toEqual({ clusterName: 'c', httpHeaderName2: 'X-B', other: { a: 1 } });
  expect(withHeaderNames(stored, [])).toEqual({ clusterName: 'c', other: { a: 1 } });
});
