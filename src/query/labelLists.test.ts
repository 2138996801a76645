import { MesosResources } from '../resources';
import { fakeBackend, fakeResources } from '../testing/resources';
import { labelLists } from './labelLists';
import type { MesosQuery } from './types';

const agent: MesosQuery = { refId: 'A', entity: 'agent', resource: 'cpus', measure: 'allocated' };

const labels = (queries: MesosQuery[], found: string[] = []) =>
  labelLists(queries, fakeResources({ labels: found })).labels();

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
  expect(await labelLists([agent], resources).labels()).toEqual(['agent', 'agent_id', 'cluster', 'version']);
});

it('asks for values of the queries’ own series', async () => {
  const backend = fakeBackend({ values: { agent: ['a1', 'a2'] } });
  expect(await labelLists([agent], new MesosResources(backend)).values('agent')).toEqual(['a1', 'a2']);
  expect(backend.calls.at(-1)?.input).toMatchObject({
    label: 'agent',
    'match[]': ['mesos_agent_cpus_allocated', 'mesos_agent_info'],
  });
});
