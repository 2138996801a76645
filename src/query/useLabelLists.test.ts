import { renderHook } from '@testing-library/react';

import { MesosResources } from '../resources';
import { fakeBackend } from '../testing/resources';
import { fakeTemplates } from '../testing/templates';
import { useLabelLists } from './labelLists';
import type { MesosQuery } from './types';

const mockTemplates = fakeTemplates({ entity: { value: 'agent' }, label: { value: 'version' } });
jest.mock('@grafana/runtime', () => ({
  ...jest.requireActual('@grafana/runtime'),
  getTemplateSrv: () => mockTemplates,
}));

it('lists labels and values of what variables stand for now', async () => {
  const backend = fakeBackend({ labels: ['attr_rack', 'webui_url'], values: { version: ['1.12.0'] } });
  const query: MesosQuery = { refId: 'A', entity: '$entity', resource: 'cpus', measure: 'allocated' };
  const resources = new MesosResources(backend);
  const { result } = renderHook(() => useLabelLists(query, resources));
  expect((await result.current.labels()).values).toEqual(['agent', 'agent_id', 'attr_rack', 'cluster', 'version']);
  expect(await result.current.values('$label', '1')).toEqual({ values: ['1.12.0'], total: 1 });
  expect(backend.calls.at(-1)?.input).toMatchObject({
    label: 'version',
    'match[]': ['mesos_agent_cpus_allocated', 'mesos_agent_info'],
  });
});
