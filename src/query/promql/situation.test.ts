import { situationAt, type Situation } from './situation';

it.each<[string, Situation]>([
  ['', { kind: 'expression' }],
  ['mesos_', { kind: 'expression' }],
  ['sum(mesos_', { kind: 'expression' }],
  ['sum by (', { kind: 'grouping' }],
  ['sum by (agent, ', { kind: 'grouping' }],
  ['a / on(', { kind: 'grouping' }],
  ['a * on (x) group_left (', { kind: 'grouping' }],
  ['sum by (agent) (', { kind: 'expression' }],
  ['mesos_up{', { kind: 'label', metric: 'mesos_up' }],
  ['{', { kind: 'label', metric: undefined }],
  ['mesos_up{poll="state", ', { kind: 'label', metric: 'mesos_up' }],
  ['mesos_up{poll="', { kind: 'value', metric: 'mesos_up', label: 'poll' }],
  ['mesos_up {poll =~ "sta', { kind: 'value', metric: 'mesos_up', label: 'poll' }],
  ["mesos_up{poll!='", { kind: 'value', metric: 'mesos_up', label: 'poll' }],
  ['mesos_up{cluster="a", poll="', { kind: 'value', metric: 'mesos_up', label: 'poll' }],
  ['mesos_up{cluster="a}\\"", poll="', { kind: 'value', metric: 'mesos_up', label: 'poll' }],
  ['{"', { kind: 'none' }],
  ['rate(mesos_x_total[', { kind: 'range' }],
  ['rate(mesos_x_total[5m]', { kind: 'expression' }],
  ['label_replace(x, "', { kind: 'none' }],
  ['up # about {', { kind: 'none' }],
  ['up # about {\n+ ', { kind: 'expression' }],
])('%j', (text, situation) => {
  expect(situationAt(text)).toEqual(situation);
});
