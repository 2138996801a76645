import { fakeResources } from '../../testing/resources';
import { hoverAt } from './hover';

const resources = fakeResources({ values: { poll: ['agents', 'snapshot', 'state'], many: 'abcdefghijkl'.split('') } });
const valueOf = (written: string) => (written.includes('framework') ? 'marathon,chronos' : undefined);

/** Returns what is at the pointer `|`: the word, and what is said of it. */
async function at(marked: string) {
  const expr = marked.replace('|', '');
  const found = await hoverAt(expr, marked.indexOf('|'), { resources, valueOf });
  return found && [expr.slice(found.from, found.to), ...found.lines];
}

it.each<[string, string[] | undefined]>([
  [
    'sum(mesos_|up)',
    [
      'mesos_up',
      '**`mesos_up`**  gauge, bool',
      'Whether the last poll succeeded.',
      'Labels: `cluster`, `poll`',
      'Read with poll state',
    ],
  ],
  [
    'rate(mesos_master_mess|ages[5m])',
    [
      'mesos_master_messages',
      '**`mesos_master_messages`**  counter, none',
      'A name of mesos\\_exporter, answered from mesos\\_master\\_messages\\_register\\_agent\\_total.',
      'Labels: `cluster`, `type`',
      'Read with poll state',
    ],
  ],
  ['my_|series', ['my_series', '**`my_series`**', 'Not in the catalogue.']],
  [
    'r|ate(mesos_up[5m])',
    [
      'rate',
      '**`rate(range vector): instant vector`**',
      'Calculate per-second increase over a range vector (for counters)',
    ],
  ],
  [
    'to|pk(5, x)',
    ['topk', '**`topk by (...) (scalar, instant vector): instant vector`**', 'Largest k elements by sample value'],
  ],
  ['sum b|y (agent) (x)', ['by', '**`by`**', 'Keep the listed labels, remove all others.']],
  ['a / o|n(x) b', ['on', '**`on`**', 'Match only on specified labels']],
  ['a > b|ool 1', ['bool', '**`bool`**', 'Return boolean result (0 or 1) instead of filtering']],
  ['a off|set 1h', ['offset', 'Reads earlier values: offset 1h.']],
  ['mesos_up{po|ll="state"}', ['poll', 'Label `poll` of `mesos_up`', 'Values: `agents`, `snapshot`, `state`']],
  ['sum by (ma|ny) (mesos_up)', ['many', 'Label `many`', '8 of 12 values: `a`, `b`, `c`, `d`, `e`, `f`, `g`, `h`']],
  [
    'x{a=~"${frame|work:regex}"}',
    ['${framework:regex}', '**`${framework:regex}`**', 'Dashboard variable, now `marathon,chronos`'],
  ],
  ['x{a="$miss|ing"}', ['$missing', '**`$missing`**', 'This dashboard has no variable missing.']],
  [
    'rate(x[$__rate_|interval])',
    ['$__rate_interval', '**`$__rate_interval`**', 'A range that is long enough for rate() and increase().'],
  ],
  ['x{a="te|xt"}', undefined],
  ['x # com|ment', undefined],
  ['|', undefined],
])('%j', async (marked, expected) => {
  expect(await at(marked)).toEqual(expected);
});

it('says what it knows when the backend does not answer', async () => {
  const gone = fakeResources({ catalogue: new Error('gone') });
  expect(await hoverAt('mesos_up', 2, { resources: gone, valueOf })).toEqual({
    from: 0,
    to: 8,
    lines: ['**`mesos_up`**'],
  });
});
