import { MesosResources } from '../../resources';
import { fakeBackend, fakeResources } from '../../testing/resources';
import { complete } from './complete';
import type { Situation } from './situation';

const labels = async (situation: Situation, resources: MesosResources) =>
  (await complete(situation, resources)).map(({ label }) => label);

it('offers series of history and catalogue, functions and macros in an expression', async () => {
  const resources = fakeResources({ values: { __name__: ['mesos_of_a_newer_mesos', 'mesos_up'] } });
  const found = await complete({ kind: 'expression' }, resources);
  expect(found).toContainEqual(expect.objectContaining({ label: 'mesos_of_a_newer_mesos', kind: 'series' }));
  expect(found).toContainEqual({
    label: 'mesos_up',
    kind: 'series',
    detail: 'gauge',
    help: 'Whether the last poll succeeded.',
  });
  expect(found).toContainEqual({ label: 'rate', insert: 'rate($0)', kind: 'function' });
  expect(found.map(({ label }) => label)).toContain('$__rate_interval');
  expect(found.filter(({ label }) => label === 'mesos_up')).toHaveLength(1);
});

it('offers macros first in a range', async () => {
  expect((await labels({ kind: 'range' }, fakeResources())).slice(0, 4)).toEqual([
    '$__interval',
    '$__rate_interval',
    '$__range',
    '1m',
  ]);
});

it('offers labels of the series that is named, of all where it is not a series', async () => {
  const backend = fakeBackend({ labels: ['cluster', 'poll'] });
  const resources = new MesosResources(backend);
  expect(await labels({ kind: 'label', metric: 'mesos_up' }, resources)).toEqual(['cluster', 'poll']);
  await labels({ kind: 'label', metric: 'mesos_u' }, resources);
  const asked = backend.calls.filter(({ path }) => path === 'labels').map(({ input }) => input);
  expect(asked).toEqual([{ 'match[]': ['mesos_up'] }, {}]);
});

it('writes values as they stand in a string', async () => {
  const resources = fakeResources({ values: { framework: ['a "b" \\ c'] } });
  expect(await complete({ kind: 'value', label: 'framework' }, resources)).toEqual([
    { label: 'a "b" \\ c', insert: 'a \\"b\\" \\\\ c', kind: 'value' },
  ]);
});

it('offers nothing in a text', async () => {
  expect(await complete({ kind: 'none' }, fakeResources())).toEqual([]);
});

it('lets typing go on when the backend does not answer', async () => {
  const backend = { ...fakeBackend(), getResource: () => Promise.reject(new Error('gone')) };
  const resources = new MesosResources(backend);
  expect(await labels({ kind: 'grouping' }, resources)).toEqual([]);
  expect(await labels({ kind: 'expression' }, resources)).toEqual(['$__interval', '$__rate_interval', '$__range']);
});
