import { CATALOGUE } from '../testing/catalogue';
import { fit, fitAgain, isCounter } from './fit';
import type { Filter, MesosQuery } from './types';

const query: MesosQuery = { refId: 'A', entity: 'framework', resource: 'cpus', measure: 'share' };

const filter = (label: string): Filter => ({ label, operator: '=', value: 'x' });

describe('another entity', () => {
  it('has a measure of its own where it lacks the old one', () => {
    expect(fit({ ...query, entity: 'agent' }, CATALOGUE)).toEqual({ ...query, entity: 'agent', measure: 'capacity' });
  });

  it('has a resource of its own where it lacks the old one', () => {
    expect(fit({ ...query, entity: 'task', resource: 'tasks', measure: 'active' }, CATALOGUE)).toMatchObject({
      resource: 'cpus',
      measure: 'allocated',
    });
  });

  it('loses the filters and groups it does not have, and keeps the others', () => {
    const filters = ['framework', 'cluster', 'attr_rack', '$label'].map(filter);
    const groupBy = ['framework', 'attr_rack', '$label'];
    expect(fit({ ...query, entity: 'agent', filters, groupBy }, CATALOGUE)).toMatchObject({
      filters: ['cluster', 'attr_rack', '$label'].map(filter),
      groupBy: ['attr_rack', '$label'],
    });
    expect(fit({ ...query, entity: 'task', filters, groupBy }, CATALOGUE)).toMatchObject({
      filters: ['framework', 'cluster', '$label'].map(filter),
      groupBy: ['framework', '$label'],
    });
  });

  it('has its default grouping where it has none of the old groups, and keeps a total', () => {
    expect(fit({ ...query, entity: 'agent', groupBy: ['framework'] }, CATALOGUE)).not.toHaveProperty('groupBy');
    expect(fit({ ...query, entity: 'agent', groupBy: [] }, CATALOGUE).groupBy).toEqual([]);
  });

  it('keeps variables', () => {
    expect(fit({ ...query, entity: 'agent', resource: '$r', measure: '$m' }, CATALOGUE)).toMatchObject({
      resource: '$r',
      measure: '$m',
    });
  });

  it.each([
    { ...query, entity: '$entity' },
    { ...query, entity: 'pod' },
  ])('is kept with all where it is %j', (other) => {
    const whole = { ...other, filters: [filter('anything')], groupBy: ['anything'] };
    expect(fit(whole, CATALOGUE)).toEqual(whole);
  });

  it('changes nothing else before the catalogue is loaded', () => {
    expect(fit({ ...query, entity: 'agent', filters: [filter('framework')] })).toEqual({
      ...query,
      entity: 'agent',
      filters: [filter('framework')],
    });
  });
});

it('another resource loses the labels that only the old one’s series have', () => {
  const tasks = { ...query, resource: 'tasks', measure: 'active', groupBy: ['state'], filters: [filter('state')] };
  expect(fit(tasks, CATALOGUE)).toMatchObject({ groupBy: ['state'], filters: [filter('state')] });
  expect(fit({ ...tasks, resource: 'cpus' }, CATALOGUE)).toEqual({ ...query, measure: 'allocated' });
});

describe('room for tasks', () => {
  const fits: MesosQuery = { refId: 'A', entity: 'cluster', resource: 'tasks', measure: 'fits' };

  it('has a shape, and the labels of agents', () => {
    const groupBy = ['attr_rack', 'state'];
    const shape = { cpus: 1, memory: '1GiB' };
    expect(fit({ ...fits, groupBy }, CATALOGUE)).toEqual({ ...fits, groupBy: ['attr_rack'], shape });
    expect(fit({ ...fits, shape: { gpus: 1 } }, CATALOGUE).shape).toEqual({ gpus: 1 });
  });

  it('leaves no shape to other measures and to series', () => {
    const shape = { cpus: 1 };
    expect(fit({ ...fits, measure: 'active', shape }, CATALOGUE)).not.toHaveProperty('shape');
    expect(fit({ refId: 'A', metric: 'mesos_up', shape }, CATALOGUE)).not.toHaveProperty('shape');
  });
});

describe('another measure', () => {
  const role: MesosQuery = { refId: 'A', entity: 'role', resource: 'cpus', measure: 'quota_limit' };

  it('is grouped by the label that it needs', () => {
    expect(fit({ ...role, groupBy: ['cluster'] }, CATALOGUE).groupBy).toEqual(['cluster', 'role']);
    expect(fit({ ...role, groupBy: ['role'] }, CATALOGUE).groupBy).toEqual(['role']);
    expect(fit({ ...role, groupBy: [] }, CATALOGUE)).toEqual(role);
    expect(fit({ ...role, measure: 'allocated', groupBy: [] }, CATALOGUE).groupBy).toEqual([]);
  });

  it('is not counted where it is a ratio', () => {
    const counted = { ...query, aggregate: 'count' as const };
    expect(fit(counted, CATALOGUE)).toEqual(query);
    expect(fit({ ...counted, measure: 'allocated' }, CATALOGUE).aggregate).toBe('count');
    expect(fit({ ...query, aggregate: 'max' }, CATALOGUE).aggregate).toBe('max');
  });
});

describe('a series', () => {
  const series: MesosQuery = { refId: 'A', metric: 'mesos_up', top: 3 };

  it('loses what it has no labels for', () => {
    const filters = [filter('framework'), filter('poll')];
    expect(fit({ ...series, filters, groupBy: ['framework', 'cluster'] }, CATALOGUE)).toEqual({
      ...series,
      filters: [filter('poll')],
      groupBy: ['cluster'],
    });
  });

  it('keeps all while none is chosen, and where the catalogue does not have it', () => {
    for (const metric of ['', 'mesos_of_a_newer_mesos']) {
      const whole = { ...series, metric, filters: [filter('anything')] };
      expect(fit(whole, CATALOGUE)).toEqual(whole);
    }
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
    const tasks = { ...query, resource: 'tasks', rate: true, forecast: '1h' };
    expect(fit({ ...tasks, measure: 'failed' }, CATALOGUE)).toEqual({
      ...query,
      resource: 'tasks',
      measure: 'failed',
      rate: true,
    });
    expect(fit({ ...tasks, measure: 'running' }, CATALOGUE)).toEqual({
      ...query,
      resource: 'tasks',
      measure: 'running',
      forecast: '1h',
    });
  });
});

describe('the way back', () => {
  const filters = ['framework', 'cluster'].map(filter);
  const there = fitAgain(
    query,
    { ...query, entity: 'agent', filters, groupBy: ['framework', 'cluster'], shape: undefined },
    CATALOGUE
  );
  const back = (part: Partial<MesosQuery> = {}) => {
    const now = { ...there.query, ...part };
    return fitAgain(now, { ...now, entity: 'framework' }, CATALOGUE, there).query;
  };

  it('goes through an entity that lacks some of it', () => {
    expect(there.query).toMatchObject({ filters: [filter('cluster')], groupBy: ['cluster'] });
  });

  it('brings back the filters and groups', () => {
    expect(back()).toMatchObject({ filters, groupBy: ['framework', 'cluster'] });
  });

  it('brings nothing back for what was changed since, but the filters that could not be seen', () => {
    expect(back({ filters: undefined, groupBy: [] })).toMatchObject({ filters: [filter('framework')], groupBy: [] });
    expect(back({ filters: [filter('cluster'), filter('$x')] }).filters).toEqual(
      ['cluster', '$x', 'framework'].map(filter)
    );
  });

  it('brings back the measure, unless another one was chosen since', () => {
    expect(there.query.measure).not.toBe(query.measure);
    expect(back().measure).toBe(query.measure);
    expect(back({ measure: 'allocated' }).measure).toBe('allocated');
  });

  it('leads over several entities', () => {
    const task = fitAgain(there.query, { ...there.query, entity: 'task' }, CATALOGUE, there);
    const agent = fitAgain(task.query, { ...task.query, entity: 'agent' }, CATALOGUE, task);
    expect(fitAgain(agent.query, { ...agent.query, entity: 'framework' }, CATALOGUE, agent).query.filters).toEqual(
      filters
    );
  });

  it('is not that of another query in the same row', () => {
    const other: MesosQuery = { refId: 'A', entity: 'task', resource: 'cpus', measure: 'allocated' };
    expect(fitAgain(other, { ...other, entity: 'framework' }, CATALOGUE, there).query).not.toHaveProperty('filters');
  });

  it('brings back the shape of a task', () => {
    const shape = { cpus: 4 };
    const fits: MesosQuery = { refId: 'A', entity: 'cluster', resource: 'tasks', measure: 'fits', shape };
    const left = fitAgain(fits, { ...fits, measure: 'active' }, CATALOGUE);
    expect(left.query).not.toHaveProperty('shape');
    expect(fitAgain(left.query, { ...left.query, measure: 'fits' }, CATALOGUE, left).query.shape).toEqual(shape);
  });
});
