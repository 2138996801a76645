import { MesosResources } from '../../resources';
import { fakeBackend } from '../../testing/resources';
import type { Filter } from '../types';
import { eventLists } from './lists';

function setUp() {
  const backend = fakeBackend({ events: { framework: ['marathon', 'spark'] }, labels: ['agent', 'label_team'] });
  return { backend, lists: eventLists(new MesosResources(backend)) };
}

const role: Filter = { label: 'role', operator: '=', value: 'web' };

it('lists the fields of events, and the labels of tasks', async () => {
  const { values: labels } = await setUp().lists.labels();
  expect(labels).toContain('framework');
  expect(labels.at(-1)).toBe('label_team');
});

it('lists the kinds and severities that there are, without the backend', async () => {
  const { backend, lists } = setUp();
  expect(await lists.values('severity')).toEqual({ values: ['info', 'warning', 'error'], total: 3 });
  expect((await lists.values('kind', 'MA')).values).toEqual(['master', 'maintenance']);
  expect(backend.calls).toEqual([]);
});

it('has values searched by the backend, of events that pass the other filters', async () => {
  const { backend, lists } = setUp();
  expect((await lists.values('framework', 'spa', [role])).values).toEqual(['spark']);
  expect(backend.calls.at(-1)?.input).toEqual({
    field: 'framework',
    search: 'spa',
    limit: 1000,
    filters: JSON.stringify([role]),
  });
});
