import { type Condition, hasMatcher, withMatcher, withoutMatcher } from './selectors';

const a: Condition = { label: 'framework', operator: '=', value: 'a"b' };
const anywhere = () => true;

it.each([
  ['up', 'up{framework="a\\"b"}'],
  ['up{}', 'up{framework="a\\"b"}'],
  ['up{x="1",}', 'up{x="1",framework="a\\"b"}'],
  ['{__name__=~"mesos_.*"}', '{__name__=~"mesos_.*",framework="a\\"b"}'],
  [
    'sum by ($label) (rate(x{y=~"$y"}[$__rate_interval] offset $o)) / on () group_left () z',
    'sum by ($label) (rate(x{y=~"$y",framework="a\\"b"}[$__rate_interval] offset $o)) / on () group_left () z{framework="a\\"b"}',
  ],
  [
    'max_over_time(x[${range:text}:$__interval]) # x{}\n or vector(0)',
    'max_over_time(x{framework="a\\"b"}[${range:text}:$__interval]) # x{}\n or vector(0)',
  ],
  ['x{y="}"} offset 5m', 'x{y="}",framework="a\\"b"} offset 5m'],
])('a matcher in %s, and out again', (expr, changed) => {
  expect(withMatcher(expr, a, anywhere)).toBe(changed);
  expect(hasMatcher(changed, a)).toBe(true);
  expect(hasMatcher(expr, a)).toBe(false);
  expect(hasMatcher(changed, { ...a, operator: '!=' })).toBe(false);
  expect(withoutMatcher(changed, a)).toBe(
    expr.replace('{}', (all, at: number) => (at < 4 ? '' : all)).replace('",}', '"}')
  );
});

it('goes only where series have the label, and nowhere if none has', () => {
  const has = (series: string | undefined) => series === 'x';
  expect(withMatcher('x / y or vector(0)', a, has)).toBe('x{framework="a\\"b"} / y or vector(0)');
  expect(withMatcher('y + 1', a, has)).toBeUndefined();
  expect(withMatcher('1 + 1', a, anywhere)).toBeUndefined();
  expect(withMatcher('{__name__="x"}', a, has)).toBe('{__name__="x",framework="a\\"b"}');
});

it('takes out one of several matchers, however it is quoted', () => {
  const out: Condition = { label: 'l', operator: '!=', value: 'v' };
  expect(withoutMatcher(`x{l!='v', m="1"}`, out)).toBe('x{m="1"}');
  expect(withoutMatcher('x{m="1", l!=`v`, n="2"}', out)).toBe('x{m="1",n="2"}');
  expect(withoutMatcher('{l!="v"}', out)).toBe('{}');
  expect(withoutMatcher('x{l="v"}', out)).toBe('x{l="v"}');
});
