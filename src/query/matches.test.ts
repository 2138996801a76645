import { CATALOGUE } from '../testing/catalogue';
import { seriesOf } from './matches';

it.each([
  [
    'the measure’s series and what describes the entity',
    'framework',
    'cpus',
    'allocated',
    ['mesos_framework_cpus_allocated', 'mesos_framework_info'],
  ],
  [
    'all of the resource for a calculated measure',
    'agent',
    'cpus',
    'utilization',
    ['mesos_agent_cpus_capacity', 'mesos_agent_cpus_allocated', 'mesos_agent_info'],
  ],
  [
    'those of tasks',
    'framework',
    'tasks',
    'failed',
    ['mesos_framework_tasks', 'mesos_framework_tasks_ended_total', 'mesos_framework_info'],
  ],
  ['none for an unknown entity', 'host', 'cpus', 'allocated', []],
])('%s', (_, entity, resource, measure, names) => {
  expect(seriesOf({ refId: 'A', entity, resource, measure }, CATALOGUE)).toEqual(names);
});

it('is the series itself where one is asked for', () => {
  expect(seriesOf({ refId: 'A', metric: 'mesos_up' }, CATALOGUE)).toEqual(['mesos_up']);
});

it('never holds text of a user', () => {
  expect(seriesOf({ refId: 'A', metric: 'x"}' }, CATALOGUE)).toEqual([]);
  expect(seriesOf({ refId: 'A', expr: 'up' }, CATALOGUE)).toEqual([]);
});
