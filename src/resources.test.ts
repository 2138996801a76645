import { errorSentence, isCancelled, MesosResources } from './resources';
import { CATALOGUE } from './testing/catalogue';
import { fakeBackend } from './testing/resources';

describe('MesosResources', () => {
  it('requests the catalogue once', async () => {
    const backend = fakeBackend();
    const resources = new MesosResources(backend);
    expect(await resources.catalogue()).toBe(CATALOGUE);
    expect(await resources.catalogue()).toBe(CATALOGUE);
    expect(backend.calls).toHaveLength(1);
  });

  it('requests the catalogue again after a failure', async () => {
    const backend = fakeBackend({ catalogue: new Error('no plugin') });
    const resources = new MesosResources(backend);
    await expect(resources.catalogue()).rejects.toThrow('no plugin');
    await expect(resources.catalogue()).rejects.toThrow('no plugin');
    expect(backend.calls).toHaveLength(2);
  });

  it('lists labels without the name, narrowed by series', async () => {
    const backend = fakeBackend({ labels: ['__name__', 'agent', 'cluster'] });
    const resources = new MesosResources(backend);
    expect(await resources.labels(['mesos_agent_info'])).toEqual({ values: ['agent', 'cluster'], total: 2 });
    expect(backend.calls).toEqual([
      { path: 'labels', input: { limit: 10_000, 'match[]': ['mesos_agent_info'] }, requestId: undefined },
    ]);
  });

  it('sends no match where no series is named', async () => {
    const backend = fakeBackend({ values: { framework: ['marathon'] } });
    expect(await new MesosResources(backend).labelValues('framework')).toEqual({ values: ['marathon'], total: 1 });
    expect(backend.calls[0].input).toEqual({ label: 'framework', limit: 1000 });
  });

  it('asks for lists of a time range, in whole minutes, and searches', async () => {
    const backend = fakeBackend({ values: { framework: ['marathon'] } });
    const resources = new MesosResources(backend).over({ from: 61_000, to: 182_000 });
    await resources.labelValues('framework', ['x'], 'mar');
    await resources.labels();
    const span = { start: 60_000, end: 240_000 };
    expect(backend.calls.map(({ input }) => input)).toEqual([
      { label: 'framework', search: 'mar', limit: 1000, 'match[]': ['x'], ...span },
      { limit: 10_000, ...span },
    ]);
    await resources.over({ from: 62_000, to: 183_000 }).labels();
    expect(backend.calls).toHaveLength(2); // the same minutes
  });

  it('knows how many there are, where the backend does', async () => {
    const answers = [{ total: 4983 }, { warnings: ['Only 1 are listed, and there are more'] }, {}];
    const getResource = async () => ({ status: 'success', data: ['x'], ...answers.shift() }) as never;
    const resources = new MesosResources({ ...fakeBackend(), getResource });
    const totals = [];
    for (const label of ['a', 'b', 'c']) {
      totals.push((await resources.labelValues(label)).total);
    }
    expect(totals).toEqual([4983, undefined, 1]);
  });

  it('remembers a list for ten seconds', async () => {
    jest.useFakeTimers();
    const backend = fakeBackend();
    const resources = new MesosResources(backend);
    await resources.labelValues('framework');
    await resources.labelValues('framework');
    await resources.labelValues('agent');
    expect(backend.calls).toHaveLength(2);
    jest.advanceTimersByTime(10_000);
    await resources.labelValues('framework');
    expect(backend.calls).toHaveLength(3);
    jest.useRealTimers();
  });

  it('compiles with an id by which a newer request cancels it', async () => {
    const backend = fakeBackend({ compile: () => ({ promql: 'sum(x)' }) });
    const query = { refId: 'A', entity: 'framework' };
    expect(await new MesosResources(backend).compile(query, 'editor-1')).toEqual({ promql: 'sum(x)' });
    expect(backend.calls).toEqual([{ path: 'compile', input: { query }, requestId: 'editor-1' }]);
  });

  it('rejects with the backend’s message', async () => {
    const backend = fakeBackend({
      compile: () => {
        throw { status: 400, statusText: 'Bad Request', data: { error: 'entity: "host" is not known' } };
      },
    });
    await expect(new MesosResources(backend).compile({ refId: 'A' }, 'x')).rejects.toThrow(
      'entity: "host" is not known'
    );
  });

  it('lets a cancellation through', async () => {
    const backend = fakeBackend({
      compile: () => {
        throw { cancelled: true, statusText: 'Request was aborted' };
      },
    });
    const err = await new MesosResources(backend).compile({ refId: 'A' }, 'x').catch((err) => err);
    expect(isCancelled(err)).toBe(true);
  });
});

describe('errorSentence', () => {
  it.each([
    ['text', 'broken', 'broken'],
    ['an Error', new Error('broken'), 'broken'],
    ['Prometheus’ shape', { data: { error: 'bad label' }, statusText: 'Bad Request' }, 'bad label'],
    ['Grafana’s shape', { data: { message: 'plugin unavailable' } }, 'plugin unavailable'],
    ['a status alone', { data: '', statusText: 'Bad Gateway' }, 'Bad Gateway'],
    ['nothing at all', undefined, 'unknown error'],
    ['an empty object', {}, 'unknown error'],
  ])('finds it in %s', (_, err, sentence) => {
    expect(errorSentence(err)).toBe(sentence);
  });
});
