import { situationAt } from './situation';

const expression = (...words: string[]) => ({ kind: 'expression', words });
const after = (...words: string[]) => ({ kind: 'after', words });
const grouping = (...metrics: string[]) => ({ kind: 'grouping', metrics });

/** Texts with the cursor at `|`. What is typed already, and is replaced by what completes it, begins at `^`. */
const PLACES: Array<[string, object]> = [
  // A value
  ['|', { ...expression(), empty: true }],
  ['^mesos_|', { ...expression(), empty: true }],
  ['sum(^mesos_|', expression()],
  ['sum(|', expression()],
  ['(|', expression()],
  ['-|', expression()],
  ['1 + |', expression('matching')],
  ['up + |', expression('matching')],
  ['up + ^mes|', expression('matching')],
  ['up > |', expression('bool', 'matching')],
  ['up > bool |', expression('matching')],
  ['up and |', expression('matching')],
  ['up and on(x) |', expression()],
  ['up / on(x) group_left |', expression()],
  ['up / on(x) group_left(y) |', expression()],
  ['sum by (a) |', expression()],
  ['sum by (a) (|', expression()],
  ['topk(|', expression()],
  ['topk(5, |', expression()],
  ['rate(|', expression()],
  ['rate(^m|', expression()],
  ['up # about {\n+ |', expression('matching')],
  ['^$x|', { ...expression(), empty: true }],
  ['rate(up[$__rate_interval]) + |', expression('matching')],
  ['[[x]] + |', expression('matching')],
  ['$f(|', expression()],
  ['foo(x) + sum(|', expression()],
  ['sum(x)) + |', expression('matching')],
  ['sum(\n  |', expression()],
  ['up == bool |', expression('matching')],
  ['up atan2 |', expression('matching')],
  ['sum(a) / sum(|', expression()],
  ['up * |up', expression('matching')],
  ['up / on(x) |', expression('many')],
  ['up / ignoring(x) ^g|', expression('many')],
  // After a value
  ['up |', after('moments', 'operators')],
  ['up ^o|', after('moments', 'operators')],
  ['up{} |', after('moments', 'operators')],
  ['up{a="b"} |', after('moments', 'operators')],
  ['up[5m] |', after('moments', 'operators')],
  ['sum(up) |', after('grouping', 'operators')],
  ['sum(up) ^b|', after('grouping', 'operators')],
  ['sum(up) by (a) |', after('operators')],
  ['sum |', after('grouping')],
  ['sum ^b|', after('grouping')],
  ['topk(5 |', after('operators')],
  ['rate(m[5m]|', after('moments', 'operators')],
  ['rate(m[5m] |', after('moments', 'operators')],
  ['rate(m[5m])|', after('operators')],
  ['rate(m[5m]) |', after('operators')],
  ['up offset 5m |', after('operators')],
  ['up @ start() |', after('operators')],
  ['up # c\n|', after('moments', 'operators')],
  ['up{a="$x"}|', after('moments', 'ranges', 'operators')],
  ['${x:regex} |', after('moments', 'operators')],
  ['$f(up[5m]) |', after('operators')],
  ['up\n|', after('moments', 'operators')],
  ['time() |', after('operators')],
  ['5 |', after('operators')],
  ['"a" |', after('operators')],
  ['(up) |', after('operators')],
  ['(up + up) |', after('operators')],
  // A label
  ['mesos_up{|', { kind: 'label', metric: 'mesos_up' }],
  ['mesos_up{^po|', { kind: 'label', metric: 'mesos_up' }],
  ['mesos_up{|}', { kind: 'label', metric: 'mesos_up' }],
  ['{|', { kind: 'label' }],
  ['mesos_up{^poll|', { kind: 'label', metric: 'mesos_up' }],
  ['mesos_up{poll="x",|', { kind: 'label', metric: 'mesos_up', match: 'mesos_up{poll="x"}' }],
  ['mesos_up{poll="x", |}', { kind: 'label', metric: 'mesos_up', match: 'mesos_up{poll="x"}' }],
  ['{__name__="mesos_up",|', { kind: 'label', metric: 'mesos_up' }],
  ['{"mesos_up", |', { kind: 'label', metric: 'mesos_up' }],
  ['$m{|', { kind: 'label' }],
  ['mesos_$x{|', { kind: 'label' }],
  ['up{a="$x", |', { kind: 'label', metric: 'up' }],
  ['up{$m, |', { kind: 'label', metric: 'up' }],
  ['sum by (agent) (mesos_up{|poll="a"})', { kind: 'label', metric: 'mesos_up' }],
  // After a label
  ['mesos_up{poll |', { kind: 'operator' }],
  // A value of a label
  ['mesos_up{poll=|', { kind: 'value', label: 'poll', operator: '=', quoted: false, metric: 'mesos_up' }],
  ['mesos_up{poll="|', { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up' }],
  ['mesos_up{poll="^st|', { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up' }],
  ['mesos_up{poll="^st|"}', { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up' }],
  ['mesos_up {poll =~ "^sta|', { kind: 'value', label: 'poll', operator: '=~', quoted: true, metric: 'mesos_up' }],
  ["mesos_up{poll!='|", { kind: 'value', label: 'poll', operator: '!=', quoted: true, metric: 'mesos_up' }],
  ['mesos_up{poll=`|', { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up' }],
  [
    'mesos_up{cluster="a", poll="|',
    { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up', match: 'mesos_up{cluster="a"}' },
  ],
  [
    'mesos_up{cluster="a}\\"", poll="|',
    {
      kind: 'value',
      label: 'poll',
      operator: '=',
      quoted: true,
      metric: 'mesos_up',
      match: 'mesos_up{cluster="a}\\""}',
    },
  ],
  ['mesos_up{cluster="$c", poll="|', { kind: 'value', label: 'poll', operator: '=', quoted: true, metric: 'mesos_up' }],
  ['up{a=~|', { kind: 'value', label: 'a', operator: '=~', quoted: false, metric: 'up' }],
  ['up{"a.b"="|', { kind: 'value', label: 'a.b', operator: '=', quoted: true, metric: 'up' }],
  // Labels of a group
  ['up and on(|', grouping('up')],
  ['up / on(x) group_left(|', grouping('up')],
  ['sum(up) by (|', grouping('up')],
  ['sum by (|', grouping()],
  ['sum by (a, |', grouping()],
  ['sum by (^a|) (mesos_up)', grouping('mesos_up')],
  ['sum by (|) (rate(mesos_x[5m]) / mesos_y)', grouping('mesos_x', 'mesos_y')],
  ['sum by ($g, |', grouping()],
  ['up unless ignoring(|', grouping('up')],
  ['histogram_quantile(0.9, sum by (|', grouping()],
  // A label as an argument
  ['label_replace(x, "|', { kind: 'labelText' }],
  ['label_replace(x, "a", "b", "|', { kind: 'labelText' }],
  ['label_join(x, "a", "b", "|', { kind: 'labelText' }],
  ['count_values("|', { kind: 'labelText' }],
  // A range
  ['rate(m[|', { kind: 'range' }],
  ['rate(m[^5|', { kind: 'range' }],
  ['rate(m[^5m|', { kind: 'range' }],
  ['rate(m[5m:|', { kind: 'range' }],
  ['rate(m[5m:^1|', { kind: 'range' }],
  ['rate(m[^$__r|', { kind: 'range' }],
  ['rate(m[^$|', { kind: 'range' }],
  ['rate(m[^${__|', { kind: 'range' }],
  ['up offset |', { kind: 'range' }],
  ['up offset ^5|', { kind: 'range' }],
  ['up offset -|', { kind: 'range' }],
  ['rate(up[|5m])', { kind: 'range' }],
  ['up offset |5m', { kind: 'range' }],
  ['max_over_time(up[1h:|])', { kind: 'range' }],
  // A moment
  ['up @ |', { kind: 'moment' }],
  ['up @ ^s|', { kind: 'moment' }],
  // Nothing
  ['up and on |', { kind: 'none' }],
  ['sum(up) by |', { kind: 'none' }],
  ['topk(^5|', { kind: 'none' }],
  ['mesos_up{poll="x"|', { kind: 'none' }],
  ['mesos_up{poll="x" |', { kind: 'none' }],
  ['{"|', { kind: 'none' }],
  ['label_replace(x, "a", "|', { kind: 'none' }],
  ['up # about {|', { kind: 'none' }],
  ['^5|', { kind: 'none' }],
  ['up{a!|', { kind: 'none' }],
];

it.each(PLACES)('%j', (marked, expected) => {
  const typed = marked.indexOf('^');
  const text = marked.replace('^', '');
  const cursor = text.indexOf('|');
  expect(situationAt(text.replace('|', ''), cursor)).toEqual({ ...expected, from: typed < 0 ? cursor : typed });
});

it('is asked at a hundred places', () => {
  expect(PLACES.length).toBeGreaterThan(100);
});

it('answers nothing in a text that takes too long to be parsed while somebody types', () => {
  expect(situationAt('mesos_up + '.repeat(20_000)).kind).toBe('none');
});
