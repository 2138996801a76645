import { completionsAt } from './complete';
import type { Schema } from './schema';

const column = (name: string, type: 'text' | 'integer' = 'text', unit?: string) => ({
  name,
  type,
  unit,
  help: `${name} help`,
});

const schema: Schema = {
  tables: [
    {
      name: 'tasks',
      aliases: ['task'],
      help: 'Tasks',
      columns: [column('task_id'), column('agent_id'), column('memory_bytes', 'integer', 'bytes')],
    },
    { name: 'agents', help: 'Agents', columns: [column('agent_id'), column('hostname')] },
  ],
  functions: [{ name: 'time_bucket', signature: "time_bucket('1h', time)", help: 'Rounds down.' }],
  macros: [{ name: '$__timeFilter', signature: '$__timeFilter(column)', help: 'The time range.' }],
};

/** Completes where | is, and returns the labels of a kind. */
function labels(text: string, kind?: string): string[] {
  const [before, after] = text.split('|');
  return completionsAt(before, before + after, schema)
    .filter((one) => !kind || one.kind === kind)
    .map(({ label }) => label);
}

it.each([
  ['tables after FROM', 'SELECT * FROM |', undefined, ['tasks', 'agents']],
  ['tables after JOIN, while one is typed', 'SELECT * FROM tasks JOIN ag|', undefined, ['tasks', 'agents']],
  [
    'columns of the named tables, each once',
    'SELECT | FROM task, x JOIN agents',
    'column',
    ['task_id', 'agent_id', 'memory_bytes', 'hostname'],
  ],
  ['columns of all tables before FROM', 'SELECT |', 'column', ['task_id', 'agent_id', 'memory_bytes', 'hostname']],
  [
    'columns of a table by its own name',
    'SELECT a.| FROM tasks t JOIN agents AS a ON true',
    undefined,
    ['agent_id', 'hostname'],
  ],
  ['no columns of a name that is none', 'SELECT x.| FROM tasks', undefined, []],
  [
    'columns of a table whose next word is no name',
    'SELECT tasks.| FROM tasks WHERE 1',
    undefined,
    ['task_id', 'agent_id', 'memory_bytes'],
  ],
  ['macros after $', 'SELECT * FROM tasks WHERE $__t|', undefined, ['$__timeFilter']],
  ['functions', 'SELECT | FROM tasks', 'function', ['time_bucket']],
])('offers %s', (_, text, kind, expected) => {
  expect(labels(text, kind)).toEqual(expected);
});

it('tells the type and unit of a column', () => {
  expect(completionsAt('SELECT ', 'SELECT  FROM tasks', schema)).toContainEqual({
    label: 'memory_bytes',
    kind: 'column',
    text: 'memory_bytes',
    detail: 'integer, bytes',
    documentation: 'memory_bytes help',
  });
});

it('offers a shorter name before those that go on from it', () => {
  const columns = ['framework_id', 'agent_id', 'framework', 'state'].map((name) => column(name));
  const functions = ['time_bucket', 'time', 'sum'].map((name) => ({ name, signature: name, help: '' }));
  const found = completionsAt('SELECT fra', 'SELECT fra FROM tasks', {
    ...schema,
    tables: [{ name: 'tasks', help: '', columns }],
    functions,
  });
  const of = (kind: string) => found.filter((one) => one.kind === kind).map(({ label }) => label);
  expect(of('column')).toEqual(['framework', 'framework_id', 'agent_id', 'state']);
  expect(of('function')).toEqual(['time', 'time_bucket', 'sum']);
  const keywords = of('keyword');
  expect(keywords.indexOf('AS')).toBeLessThan(keywords.indexOf('ASC'));
});
