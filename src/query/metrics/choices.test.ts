import { CATALOGUE } from '../../testing/catalogue';
import type { MesosQuery } from '../types';
import {
  entityOptions,
  isCounter,
  measureOptions,
  metricOptions,
  resourceOptions,
  withEntity,
  withMeasure,
  withMetric,
  withResource,
} from './choices';

const query: MesosQuery = {
  refId: 'A',
  entity: 'framework',
  resource: 'cpus',
  measure: 'share',
  groupBy: ['framework'],
};

describe('menus', () => {
  it('offer what the catalogue knows', () => {
    expect(entityOptions(query, CATALOGUE).map(({ value }) => value)).toEqual([
      'cluster',
      'agent',
      'framework',
      'task',
    ]);
    expect(resourceOptions(query, CATALOGUE)).toEqual([
      { value: 'cpus', label: 'CPU' },
      { value: 'tasks', label: 'Tasks' },
    ]);
    expect(measureOptions(query, CATALOGUE).map(({ label }) => label)).toEqual(['Allocated', 'Share']);
  });

  it('keep a value the catalogue does not know', () => {
    expect(measureOptions({ ...query, measure: '$measure' }, CATALOGUE)[0]).toEqual({
      value: '$measure',
      label: '$measure',
    });
    expect(entityOptions(query)).toEqual([{ value: 'framework', label: 'Framework' }]);
  });

  it('say what a series is', () => {
    expect(metricOptions(CATALOGUE)).toContainEqual({
      value: 'mesos_up',
      description: 'Whether the last poll succeeded. (gauge)',
    });
  });
});

describe('another entity', () => {
  it('has its own grouping, and the first measure where it lacks the old one', () => {
    expect(withEntity(query, 'agent', CATALOGUE)).toEqual({
      refId: 'A',
      entity: 'agent',
      resource: 'cpus',
      measure: 'capacity',
    });
  });

  it('keeps resource, measure and filters it has too', () => {
    const filters = [{ label: 'framework', operator: '=' as const, value: 'x' }];
    expect(withEntity({ ...query, filters }, 'task', CATALOGUE)).toMatchObject({
      resource: 'cpus',
      measure: 'share',
      filters,
    });
  });

  it('keeps a variable', () => {
    expect(withEntity({ ...query, measure: '$m' }, 'agent', CATALOGUE).measure).toBe('$m');
  });

  it('changes nothing else while the catalogue is not there', () => {
    expect(withEntity(query, 'agent')).toMatchObject({ entity: 'agent', resource: 'cpus', measure: 'share' });
  });
});

describe('counters', () => {
  it.each<[Partial<MesosQuery>, boolean | undefined]>([
    [{ resource: 'cpus', measure: 'allocated' }, false],
    [{ resource: 'tasks', measure: 'running' }, false],
    [{ resource: 'tasks', measure: 'failed' }, true],
    [{ metric: 'mesos_up' }, false],
    [{ metric: 'mesos_master_messages_register_agent_total' }, true],
    [{ metric: 'mesos_of_a_newer_mesos' }, undefined],
  ])('%j: %s', (part, counter) => {
    expect(isCounter({ refId: 'A', entity: 'framework', ...part }, CATALOGUE)).toBe(counter);
  });

  it('lose their forecast, and other measures their rate', () => {
    const counting = withResource({ ...query, forecast: '1h' }, 'tasks', CATALOGUE);
    const failed = withMeasure(counting, 'failed', CATALOGUE);
    expect(failed).not.toHaveProperty('forecast');
    expect(withMeasure({ ...failed, rate: true }, 'failed', CATALOGUE).rate).toBe(true);
    expect(withMeasure({ ...failed, rate: true }, 'running', CATALOGUE)).not.toHaveProperty('rate');
  });
});

it('a series takes the place of entity, resource and measure', () => {
  expect(withMetric({ ...query, top: 3 }, 'mesos_up', CATALOGUE)).toEqual({
    refId: 'A',
    metric: 'mesos_up',
    groupBy: ['framework'],
    top: 3,
  });
});
