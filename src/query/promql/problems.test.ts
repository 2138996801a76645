import { MesosResources, Refusal } from '../../resources';
import { fakeBackend } from '../../testing/resources';
import { fakeTemplates } from '../../testing/templates';
import { interpolateQuery } from '../interpolate';
import { positionOf } from '../problem';
import { check, faultsOf } from './problems';

const templates = fakeTemplates({ x: { value: 'a long value' } });

/** Returns what a backend that answers with an error makes of an expression: the marked parts. */
async function marked(expr: string, message: string, status = 400): Promise<string[]> {
  const backend = {
    ...fakeBackend(),
    // As Grafana's fetch fails.
    postResource: () => Promise.reject({ status, data: { error: message } }),
  };
  const resources = new MesosResources(backend);
  const { problems } = await check(expr, {
    interpolate: (text) => interpolateQuery({ refId: 'A', expr: text }, templates).expr ?? text,
    compile: (text) => resources.compile({ refId: 'A', expr: text }, 'one'),
  });
  return problems.map((one) => `${expr.slice(one.from, one.to)}: ${one.message}`);
}

const at = (line: number, column: number, text: string) =>
  `The expression is not valid PromQL: line ${line}, column ${column}: ${text}`;

it.each<[string, string, string]>([
  ['sum(up', at(1, 7, 'unclosed left parenthesis'), 'p: unclosed left parenthesis'],
  ['sum(up)  ', at(1, 8, 'the end'), '): the end'],
  ['foo(up)', at(1, 1, 'unknown function'), 'foo: unknown function'],
  ['up +\n  up up', at(2, 6, 'unexpected identifier'), 'up: unexpected identifier'],
  ['"ü😀" + !', at(1, 8, 'unexpected'), '!: unexpected'],
  ['a{b="$x"} + !', at(1, 23, 'unexpected'), '!: unexpected'],
  ['rate(a[$__rate_interval]) !', at(1, 13, 'unexpected'), '!: unexpected'],
  ['a + $y', 'expr: "$y" is not a variable of this dashboard', '$y: "$y" is not a variable of this dashboard'],
  ['up', 'The expression is too long', 'up: The expression is too long'],
])('%j is underlined where it is wrong', async (expr, message, expected) => {
  expect(await marked(expr, message)).toEqual([expected]);
});

it('the place that is told is the backend’s, although the end of a text is underlined before it', async () => {
  const message = at(1, 7, 'unclosed left parenthesis');
  const compile = () => Promise.reject(new Refusal(message, 400));
  const { problems } = await check('sum(up', { interpolate: (text) => text, compile });
  expect(problems).toMatchObject([{ from: 5, to: 6, at: 6 }]);
  expect(positionOf('sum(up', 6)).toEqual({ line: 1, column: 7 });
  expect(positionOf('"ü😀" + !', 8)).toEqual({ line: 1, column: 8 }); // in characters
});

it('an expression that is right has the warnings of the backend', async () => {
  const compile = () => Promise.resolve({ promql: 'up', warnings: ['No series has it.'] });
  expect(await check('up', { interpolate: (text) => text, compile })).toEqual({
    problems: [],
    warnings: ['No series has it.'],
  });
});

it('nothing is asked about an empty text', async () => {
  const compile = jest.fn();
  expect(await check('  ', { interpolate: (text) => text, compile })).toEqual({ problems: [], warnings: [] });
  expect(compile).not.toHaveBeenCalled();
});

it('a backend that does not answer says nothing about the expression', async () => {
  await expect(marked('up', 'bad gateway', 502)).rejects.toThrow('bad gateway');
});

describe('without the backend', () => {
  it.each<[string, string[]]>([
    ['sum(up', ['p']],
    ['up up', ['up']],
    ['sum(up)', []],
    ['', []],
    ['sum($x', []], // what a variable stands for is not known
  ])('%j', (expr, expected) => {
    expect(faultsOf(expr, 'wrong').map(({ from, to }) => expr.slice(from, to))).toEqual(expected);
  });
});
