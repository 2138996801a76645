import { fakeTemplates } from '../testing/templates';
import { interpolateQuery } from './interpolate';
import { placedPromQL, placedSQL } from './places';

const templates = fakeTemplates({
  f: { value: ['a', 'b'], multi: true },
  x: { value: 'a long value' },
  n: { value: '5' },
});
const interpolate = (text: string) => interpolateQuery({ refId: 'A', expr: text }, templates).expr ?? text;

/** An expression, its interpolated text, and a text of it that stands at the same place in both. */
it.each<[string, string, string]>([
  ['mesos_up + !', 'mesos_up + !', '!'],
  ['topk($n, a) !', 'topk(5, a) !', '!'],
  ['a{f="$f"} !', 'a{f=~"(a|b)"} !', '!'],
  ['a{f = "$f", g=~"$x"} !', 'a{f =~"(a|b)", g=~"a long value"} !', '!'],
  ['rate(a[$__rate_interval]) !', 'rate(a[1m]) !', '!'],
  ['a / ${__range_s} !', 'a / 60 !', '!'],
  ['a # $x\n + [[n]] + !', 'a # a long value\n + 5 + !', '!'],
  ['a{f="ü$n"} ü !', 'a{f="ü5"} ü !', '!'],
])('%j', (expr, text, mark) => {
  const { text: sent, spanOf } = placedPromQL(expr, interpolate);
  expect(sent).toBe(text);
  const from = expr.indexOf(mark);
  expect(spanOf(sent.indexOf(mark))).toEqual({ from, to: from + 1 });
});

it('sends what Grafana would send', () => {
  for (const expr of ['a{f="$f",g!="$f",h=~"$x|$f"} + ${n:raw}', "a{f='$f'} or b{c=`$x`}", 'sum by ($f) (a)', '"$f"']) {
    expect(placedPromQL(expr, interpolate).text).toBe(interpolate(expr));
  }
});

it('marks a variable as a whole where something is wrong in its value', () => {
  const { text, spanOf } = placedPromQL('a + $x + b', interpolate);
  expect(spanOf(text.indexOf('value'))).toEqual({ from: 4, to: 6 });
});

it('finds the place in a statement', () => {
  const sql = "SELECT '$x', $n FROM tasks WHERE $__timeFilter(time) AND a IN ($f) !";
  const { text, spanOf } = placedSQL(sql, (part) => interpolateQuery({ refId: 'A', sql: part }, templates).sql ?? part);
  expect(text).toBe("SELECT 'a long value', 5 FROM tasks WHERE $__timeFilter(time) AND a IN ('a','b') !");
  expect(spanOf(text.indexOf('!'))).toEqual({ from: sql.indexOf('!'), to: sql.length });
});
