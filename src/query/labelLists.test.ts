import { MesosResources } from '../resources';
import { fakeBackend, fakeResources } from '../testing/resources';
import { labelLists } from './labelLists';
import type { Filter, MesosQuery } from './types';

const agent: MesosQuery = { refId: 'A', entity: 'agent', resource: 'cpus', measure: 'allocated' };

const labels = async (queries: MesosQuery[], found: string[] = []) =>
  (await labelLists(queries, fakeResources({ labels: found })).labels()).values;

it('lists the entity’s labels, and those of attributes as they are found', async () => {
  expect(await labels([agent], ['agent', 'attr_rack', 'webui_url'])).toEqual([
    'agent',
    'agent_id',
    'attr_rack',
    'cluster',
    'version',
  ]);
});

it('lists the labels that only one resource’s series have', async () => {
  expect(await labels([{ ...agent, resource: 'tasks', measure: 'active' }])).toContain('state');
});

it('lists all labels a single series has, and PromQL', async () => {
  expect(await labels([{ refId: 'A', metric: 'mesos_up' }], ['anything', 'cluster'])).toEqual([
    'anything',
    'cluster',
    'poll',
  ]);
  expect(await labels([{ refId: 'A', expr: 'up' }], ['anything'])).toEqual(['anything']);
});

it('lists those of several queries together, all where there is none', async () => {
  const promql = { refId: 'B', metric: 'mesos_up' };
  expect(await labels([agent, promql], ['webui_url'])).toEqual([
    'agent',
    'agent_id',
    'cluster',
    'poll',
    'version',
    'webui_url',
  ]);
  expect(await labels([], ['anything'])).toEqual(['anything']);
});

it('lists the known ones while history cannot be asked', async () => {
  const backend = fakeBackend();
  const resources = new MesosResources({
    ...backend,
    getResource: (path, params) =>
      path === 'labels' ? Promise.reject(new Error('not yet')) : backend.getResource(path, params),
  });
  expect((await labelLists([agent], resources).labels()).values).toEqual(['agent', 'agent_id', 'cluster', 'version']);
});

it('asks for values of the queries’ own series', async () => {
  const backend = fakeBackend({ values: { agent: ['a1', 'a2'] } });
  expect(await labelLists([agent], new MesosResources(backend)).values('agent')).toEqual({
    values: ['a1', 'a2'],
    total: 2,
  });
  expect(backend.calls.at(-1)?.input).toMatchObject({
    label: 'agent',
    'match[]': ['mesos_agent_cpus_allocated', 'mesos_agent_info'],
  });
});

describe('with other filters', () => {
  const filters: Filter[] = [
    { label: 'version', operator: '=', value: ['1.11.0', '1.9"'] },
    { label: 'cluster', operator: '!~', value: 'x' },
    { label: 'principal', operator: '=', value: 'of no series' },
  ];
  const matches = async (queries: MesosQuery[], label: string, others: Filter[]) => {
    const backend = fakeBackend();
    await labelLists(queries, new MesosResources(backend)).values(label, 'a', others);
    return backend.calls.at(-1)?.input;
  };

  it('asks the series that have most of their labels', async () => {
    expect(await matches([agent], 'agent', filters)).toEqual({
      label: 'agent',
      search: 'a',
      limit: 1000,
      'match[]': ['mesos_agent_info{version=~"1\\\\.11\\\\.0|1\\\\.9\\"",cluster!~"x"}'],
    });
  });

  it('asks all series where a query’s are not known', async () => {
    expect(await matches([{ refId: 'A', expr: 'up' }], 'agent', filters.slice(1, 2))).toMatchObject({
      'match[]': ['{cluster!~"x"}'],
    });
  });

  it('leaves out a filter that is too long for an address', async () => {
    const long: Filter = { label: 'version', operator: '=', value: 'x'.repeat(2000) };
    expect(await matches([agent], 'agent', [long])).toMatchObject({ 'match[]': ['mesos_agent_info{}'] });
  });

  it('lists all where the filters cannot be looked up', async () => {
    const backend = fakeBackend({ values: { agent: ['a1'] } });
    const resources = new MesosResources({
      ...backend,
      getResource: (path, params) =>
        JSON.stringify(params ?? {}).includes('!~')
          ? Promise.reject(new Error('too expensive'))
          : backend.getResource(path, params),
    });
    expect(await labelLists([agent], resources).values('agent', '', filters)).toEqual({ values: ['a1'], total: 1 });
  });
});
