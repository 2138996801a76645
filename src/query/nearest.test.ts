import { nearest, nearestOf } from './nearest';

it('finds the name that differs by few letters', () => {
  const names = ['mesos_up', 'mesos_framework_cpus_allocated', 'mesos_agent_cpus_allocated'];
  expect(nearest('mesos_framwork_cpus_alocated', names)).toBe('mesos_framework_cpus_allocated');
  expect(nearest('up', names)).toBeUndefined();
});

it.each<[string, string[]]>([
  ['framwork', ['framework']],
  ['Framework', ['framework', 'framework_id']],
  ['rack', ['attr_rack', 'attr_rack_row']],
  ['attr_rak', ['attr_rack']],
  ['my_zone', ['zone']],
  ['attr_row', ['attr_rack_row']],
  ['attr_floor', []],
  ['nothing', []],
])('finds the labels that %s may stand for', (label, expected) => {
  const labels = ['agent', 'attr_rack', 'attr_rack_row', 'framework', 'framework_id', 'zone'];
  expect(nearestOf(label, labels)).toEqual(expected);
});
