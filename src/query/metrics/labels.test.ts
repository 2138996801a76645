import { MesosResources } from '../../resources';
import { CATALOGUE } from '../../testing/catalogue';
import { fakeBackend, fakeResources } from '../../testing/resources';
import { loadLabels, loadValues } from './labels';

const agent = { refId: 'A', entity: 'agent', resource: 'cpus', measure: 'allocated' };

it('lists the entity’s labels, and those of attributes as they are found', async () => {
  const resources = fakeResources({ labels: ['agent', 'attr_rack', 'webui_url'] });
  expect(await loadLabels(agent, CATALOGUE, resources)).toEqual([
    'agent',
    'agent_id',
    'attr_rack',
    'cluster',
    'version',
  ]);
});

it('lists the labels that only one resource’s series have', async () => {
  const labels = await loadLabels({ ...agent, resource: 'tasks', measure: 'active' }, CATALOGUE, fakeResources());
  expect(labels).toContain('state');
});

it('lists all labels a single series has', async () => {
  const resources = fakeResources({ labels: ['cluster', 'poll', 'anything'] });
  expect(await loadLabels({ refId: 'A', metric: 'mesos_up' }, CATALOGUE, resources)).toEqual([
    'anything',
    'cluster',
    'poll',
  ]);
});

it('lists the known ones while history cannot be asked', async () => {
  const backend = fakeBackend();
  const resources = new MesosResources({ ...backend, getResource: () => Promise.reject(new Error('not yet')) });
  expect(await loadLabels(agent, CATALOGUE, resources)).toEqual(['agent', 'agent_id', 'cluster', 'version']);
});

it('asks for values of the query’s own series', async () => {
  const backend = fakeBackend({ values: { agent: ['a1', 'a2'] } });
  expect(await loadValues('agent', agent, CATALOGUE, new MesosResources(backend))).toEqual(['a1', 'a2']);
  expect(backend.calls[0].input).toMatchObject({
    label: 'agent',
    'match[]': ['mesos_agent_cpus_allocated', 'mesos_agent_info'],
  });
});
