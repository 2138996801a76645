import { CATALOGUE } from '../../testing/catalogue';
import type { MesosQuery } from '../types';
import { entityOptions, measureOptions, metricOptions, resourceOptions } from './choices';

const query: MesosQuery = { refId: 'A', entity: 'framework', resource: 'cpus', measure: 'share' };

it('offers what the catalogue has', () => {
  const entities = ['cluster', 'agent', 'framework', 'role', 'task'];
  expect(entityOptions(query, CATALOGUE).map(({ value }) => value)).toEqual(entities);
  expect(resourceOptions(query, CATALOGUE)).toEqual([
    { value: 'cpus', label: 'CPU' },
    { value: 'tasks', label: 'Tasks' },
  ]);
  expect(measureOptions(query, CATALOGUE).map(({ label }) => label)).toEqual(['Allocated', 'Share']);
});

it('keeps a value the catalogue does not have', () => {
  expect(measureOptions({ ...query, measure: '$measure' }, CATALOGUE)[0]).toEqual({
    value: '$measure',
    label: '$measure',
  });
  expect(entityOptions(query)).toEqual([{ value: 'framework', label: 'Framework' }]);
});

it('describes series', () => {
  expect(metricOptions(CATALOGUE)).toContainEqual({
    value: 'mesos_up',
    description: 'Whether the last poll succeeded. (gauge)',
  });
});

it('offers what any entity has where the entity is a variable, and what any resource has where that is one', () => {
  const query = { refId: 'A', entity: '$entity', resource: 'cpus', measure: 'allocated' };
  const values = (options: Array<{ value: string }>) => options.map(({ value }) => value);
  expect(values(resourceOptions(query, CATALOGUE))).toEqual(['cpus', 'tasks']);
  expect(values(measureOptions(query, CATALOGUE))).toEqual(expect.arrayContaining(['free', 'share', 'quota_limit']));
  expect(values(measureOptions(query, CATALOGUE))).not.toContain('failed');
  expect(values(measureOptions({ ...query, resource: '$resource' }, CATALOGUE))).toContain('failed');
});
