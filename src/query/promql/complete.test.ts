import { MesosResources } from '../../resources';
import { CATALOGUE } from '../../testing/catalogue';
import { fakeBackend, fakeResources } from '../../testing/resources';
import { complete, type Context } from './complete';
import { situationAt } from './situation';

/** Returns the completions at the cursor `|`. */
async function at(marked: string, context: Partial<Context> = {}) {
  const cursor = marked.indexOf('|');
  const text = marked.replace('|', '');
  const situation = situationAt(text, cursor);
  const typed = text.slice(situation.from, cursor);
  const before = text[situation.from - 1];
  return complete(situation, { resources: fakeResources(), typed, before, rest: text.slice(cursor), ...context });
}

const labels = async (marked: string, context?: Partial<Context>) =>
  (await at(marked, context)).list.map(({ label }) => label);

it('offers series of history and catalogue with type, unit and help', async () => {
  const resources = fakeResources({ values: { __name__: ['mesos_of_a_newer_mesos', 'mesos_up'] } });
  const { list } = await at('|', { resources });
  expect(list).toContainEqual(expect.objectContaining({ label: 'mesos_of_a_newer_mesos', kind: 'series' }));
  expect(list).toContainEqual({
    label: 'mesos_up',
    kind: 'series',
    detail: 'gauge, bool',
    help: 'Whether the last poll succeeded.',
  });
  expect(list.filter(({ label }) => label === 'mesos_up')).toHaveLength(1);
});

it('offers functions with signature and help, aggregations, templates and macros', async () => {
  const { list } = await at('|');
  expect(list).toContainEqual({
    label: 'rate',
    insert: 'rate($0)',
    template: true,
    goesOn: true,
    kind: 'function',
    detail: 'rate(range vector): instant vector',
    help: 'Calculate per-second increase over a range vector (for counters)',
  });
  expect(list).toContainEqual(expect.objectContaining({ label: 'topk', kind: 'aggregation', insert: 'topk($0)' }));
  expect(list).toContainEqual(
    expect.objectContaining({
      label: 'sum(rate(input vector[$__rate_interval]))',
      insert: 'sum(rate(${1:input vector}[\\$__rate_interval]))',
    })
  );
  const names = list.map(({ label }) => label);
  expect(names).toEqual(expect.arrayContaining(['$__rate_interval', 'sum', 'count_values']));
  // The order counts where names begin alike: sum before sum_over_time.
  const kinds = list.map(({ kind }) => kind);
  expect(kinds.indexOf('function')).toBeGreaterThan(kinds.lastIndexOf('aggregation'));
  // The engine refuses experimental ones, and no series of Mesos is a histogram.
  expect(names.filter((name) => /limit|histogram|fill/.test(name))).toEqual([]);
});

it('does not write brackets and labels again that are there', async () => {
  const [rate] = (await at('ra|(mesos_up[5m])')).list.filter(({ label }) => label === 'rate');
  expect(rate.insert).toBeUndefined();
  const [sum] = (await at('su| by (agent) (mesos_up)')).list.filter(({ label }) => label === 'sum');
  expect(sum.insert).toBeUndefined();
  const resources = fakeResources({ labels: ['poll'] });
  expect((await at('mesos_up{|}', { resources })).list[0].insert).toBe('poll="$0"');
  expect((await at('mesos_up{po|="x"}', { resources })).list[0].insert).toBeUndefined();
});

it.each<[string, string[]]>([
  ['sum(mesos_up) |', ['by', 'without', 'and', 'or', 'unless', '/']],
  ['sum |', ['by', 'without']],
  ['mesos_up |', ['offset', '@', '+', 'atan2']],
  ['mesos_up / |', ['on', 'ignoring', 'mesos_up', 'rate']],
  ['mesos_up > |', ['bool', 'on', 'mesos_up']],
  ['a / on (agent) |', ['group_left', 'group_right', 'mesos_up']],
  ['mesos_up @ |', ['start()', 'end()']],
  ['mesos_up{poll |', ['=', '!=', '=~', '!~']],
  ['rate(mesos_x_total[|', ['$__interval', '$__rate_interval', '$__range', '1m', '5m', '1h']],
  ['mesos_up offset |', ['$__interval', '1h']],
  ['rate(mesos_x_total[3|', ['3m', '3h', '3d', '3ms']],
])('offers at %j what may stand there', async (marked, expected) => {
  expect(await labels(marked)).toEqual(expect.arrayContaining(expected));
});

it('offers labels of the series that is named, of all where it is not a series', async () => {
  const backend = fakeBackend({ labels: ['cluster', 'poll'] });
  const resources = new MesosResources(backend);
  expect(await labels('mesos_up{|', { resources })).toEqual(['cluster', 'poll']);
  await labels('mesos_u{|', { resources });
  await labels('sum by (|) (mesos_up)', { resources });
  const asked = backend.calls.filter(({ path }) => path === 'labels').map(({ input }) => input);
  // The third one is answered from what the first one was.
  expect(asked).toEqual([{ limit: 10_000, 'match[]': ['mesos_up'] }, { limit: 10_000 }]);
});

it('searches for values in the backend, of the series that the other matchers select', async () => {
  const backend = fakeBackend({ values: { poll: ['state', 'snapshot'] } });
  const resources = new MesosResources(backend);
  expect(await labels('mesos_up{cluster="a",poll="st|"}', { resources })).toEqual(['state', 'snapshot']);
  const asked = backend.calls.filter(({ path, input }) => path === 'label-values' && 'search' in Object(input));
  expect(asked.map(({ input }) => input)).toEqual([
    { label: 'poll', search: 'st', limit: 1000, 'match[]': ['mesos_up{cluster="a"}'] },
  ]);
});

it('goes on searching where there are more values than are listed', async () => {
  const caller = {
    ...fakeBackend(),
    getResource: async <T>(path: string) =>
      (path === 'label-values' ? { status: 'success', data: ['a'], total: 5000 } : CATALOGUE) as T,
  };
  expect((await at('x{a="|"}', { resources: new MesosResources(caller) })).incomplete).toBe(true);
});

it('writes values as they stand in a string, with quotes where there are none', async () => {
  const resources = fakeResources({ values: { framework: ['a "b" \\ c'] } });
  expect((await at('x{framework="|', { resources })).list).toEqual([
    { label: 'a "b" \\ c', insert: 'a \\"b\\" \\\\ c', kind: 'value' },
  ]);
  expect((await at('x{framework=|', { resources })).list[0].insert).toBe('"a \\"b\\" \\\\ c"');
});

it.each([
  ['x{a="|', ["it's", 'a\\"b', 'c`d', 'ä\\n$x']],
  ["x{a='|", ["it\\'s", 'a"b', 'c`d', 'ä\\n$x']],
  ['x{a=`|', ["it's", 'a"b', 'ä\n$x']], // it has no escapes
])('writes values as the quotes need it: %s', async (marked, inserted) => {
  const resources = fakeResources({ values: { a: ["it's", 'a"b', 'c`d', 'ä\n$x'] } });
  const { list } = await at(marked, { resources });
  expect(list.map(({ insert }) => insert)).toEqual(inserted);
});

it('writes values as they are matched in a regular expression, and searches for what is meant', async () => {
  const backend = fakeBackend({ values: { a: ['web.1 (prod)'] } });
  const resources = new MesosResources(backend);
  expect((await at('x{a=~"|', { resources })).list[0].insert).toBe('web\\\\.1 \\\\(prod\\\\)');
  expect((await at("x{a!~'|", { resources })).list[0].insert).toBe('web\\\\.1 \\\\(prod\\\\)');
  await at('x{a="\\"|', { resources });
  expect(backend.calls.at(-1)?.input).toMatchObject({ search: '"' });
});

it("offers the dashboard's variables where a value, a label, a range or a series may stand", async () => {
  const variables = ['$framework'];
  for (const marked of ['|', 'x{a="|"}', 'sum by (|) (x)', 'rate(x[|])']) {
    expect(await labels(marked, { variables })).toContain('$framework');
  }
  expect((await at('x{a=|}', { variables })).list.at(-1)?.insert).toBe('"$framework"');
});

it('offers nothing in a text or a comment', async () => {
  expect(await labels('label_replace(x, "a", "|')).toEqual([]);
  expect(await labels('x # |')).toEqual([]);
});

it('lets typing go on when the backend does not answer', async () => {
  const backend = { ...fakeBackend(), getResource: () => Promise.reject(new Error('gone')) };
  const resources = new MesosResources(backend);
  expect(await labels('sum by (|', { resources })).toEqual([]);
  expect(await labels('x{a="|', { resources })).toEqual([]);
  expect(await labels('sum(|', { resources })).toEqual(expect.arrayContaining(['sum', '$__range']));
});
