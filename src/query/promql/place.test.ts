import { hasFault, parse } from './tree';
import { actionAt, placeOf, written } from './place';

const SIGNATURES = {
  rate: 'rate(range vector): instant vector',
  round: 'round(instant vector, scalar?): instant vector',
};

/** Expressions with the cursor at `|`, what the button says, and the expression after it. */
const PLACES: Array<[string, string, string]> = [
  // Nothing is written
  ['|', 'Insert at cursor', 'mesos_new'],
  ['  |\n', 'Insert at cursor', 'mesos_new'],
  // A series fits
  ['sum(|)', 'Insert at cursor', 'sum(mesos_new)'],
  ['sum(|', 'Insert at cursor', 'sum(mesos_new'],
  ['sum by (framework) (|)', 'Insert at cursor', 'sum by (framework) (mesos_new)'],
  ['topk(5, |)', 'Insert at cursor', 'topk(5, mesos_new)'],
  ['mesos_a + |', 'Insert at cursor', 'mesos_a + mesos_new'],
  ['mesos_a +|', 'Insert at cursor', 'mesos_a + mesos_new'],
  ['mesos_a / on (agent) |', 'Insert at cursor', 'mesos_a / on (agent) mesos_new'],
  ['| / mesos_b', 'Insert at cursor', 'mesos_new / mesos_b'],
  ['|/ mesos_b', 'Insert at cursor', 'mesos_new / mesos_b'],
  ['-|', 'Insert at cursor', '-mesos_new'],
  ['|{agent="a"}', 'Insert at cursor', 'mesos_new{agent="a"}'],
  ['rate(|[5m])', 'Insert at cursor', 'rate(mesos_new[5m])'],
  ['rate(|)', 'Insert at cursor', 'rate(mesos_new[$__rate_interval])'],
  ['round(|)', 'Insert at cursor', 'round(mesos_new)'],
  ['# what it is\n|', 'Insert at cursor', '# what it is\nmesos_new'],
  // A name
  ['mesos_a|', 'Replace mesos_a', 'mesos_new'],
  ['|mesos_a', 'Replace mesos_a', 'mesos_new'],
  ['sum(mes|)', 'Replace mes', 'sum(mesos_new)'],
  [
    'sum(rate(mes|os_a{agent="a"}[5m])) by (agent)',
    'Replace mesos_a',
    'sum(rate(mesos_new{agent="a"}[5m])) by (agent)',
  ],
  ['mesos_a|{agent="a"} offset 1h', 'Replace mesos_a', 'mesos_new{agent="a"} offset 1h'],
  ['mesos_a / mesos_b|', 'Replace mesos_b', 'mesos_a / mesos_new'],
  ['rate($met|ric[5m])', 'Replace $metric', 'rate(mesos_new[5m])'],
  ['mesos_${of}_to|tal{x="y"}', 'Replace mesos_${of}_total', 'mesos_new{x="y"}'],
  // Neither
  ['mesos_a{agent="a|"}', 'Replace expression', 'mesos_new'],
  ['mesos_a{|}', 'Replace expression', 'mesos_new'],
  ['mesos_a{age|nt="a"}', 'Replace expression', 'mesos_new'],
  ['mesos_a{agent="a", |}', 'Replace expression', 'mesos_new'],
  ['rate(mesos_a[5|m])', 'Replace expression', 'mesos_new'],
  ['rate(mesos_a[|])', 'Replace expression', 'mesos_new'],
  ['mesos_a offset 5|m', 'Replace expression', 'mesos_new'],
  ['mesos_a > 10|', 'Replace expression', 'mesos_new'],
  ['mesos_a > |10', 'Replace expression', 'mesos_new'],
  ['sum by (|', 'Replace expression', 'mesos_new'],
  ['sum by (|) (mesos_a)', 'Replace expression', 'mesos_new'],
  ['sum by (ag|ent) (mesos_a)', 'Replace expression', 'mesos_new'],
  ['mesos_a |', 'Replace expression', 'mesos_new'],
  ['sum(mesos_a) |', 'Replace expression', 'mesos_new'],
  ['su|m(mesos_a)', 'Replace expression', 'mesos_new'],
  ['|sum(mesos_a)', 'Replace expression', 'mesos_new'],
  ['sum(|rate(mesos_a[5m]))', 'Replace expression', 'mesos_new'],
  ['topk(|, mesos_a)', 'Replace expression', 'mesos_new'],
  ['round(mesos_a, |)', 'Replace expression', 'mesos_new'],
  ['label_replace(mesos_a, "a|", "$1", "b", "(.*)")', 'Replace expression', 'mesos_new'],
  ['mesos_a # a com|ment', 'Replace expression', 'mesos_new'],
];

it.each(PLACES)('%s: %s', (marked, action, result) => {
  const cursor = marked.indexOf('|');
  const expr = marked.replace('|', '');
  const place = placeOf(expr, cursor, cursor, SIGNATURES);
  expect(actionAt(place)).toBe(action);
  const text = written(expr, place, 'mesos_new');
  expect(expr.slice(0, place.from) + text + expr.slice(place.to)).toBe(result);
});

it.each(PLACES.filter(([text]) => !hasFault(parse(text.replace('|', ''))!)))(
  'what is right stays right: %s',
  (_text, _action, result) => {
    expect(hasFault(parse(result)!)).toBe(false);
  }
);

it('a selection in a name is in that name, and another one is of the whole expression', () => {
  const expr = 'sum(mesos_a) / mesos_b';
  expect(placeOf(expr, 4, 9)).toMatchObject({ kind: 'name', replaced: 'mesos_a' });
  expect(placeOf(expr, 0, expr.length)).toMatchObject({ kind: 'all', replaced: expr });
  expect(placeOf(expr, 2, 14)).toMatchObject({ kind: 'all', from: 0, to: expr.length });
});
