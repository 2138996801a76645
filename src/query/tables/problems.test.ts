import { MesosResources } from '../../resources';
import { fakeBackend } from '../../testing/resources';
import { fakeTemplates } from '../../testing/templates';
import { checkSQL } from './problems';

const templates = fakeTemplates({ x: { value: 'a long value' } });

function refusing(message: string, status = 400) {
  return new MesosResources({
    ...fakeBackend(),
    postResource: () => Promise.reject({ status, data: { error: message } }),
  });
}

it.each<[string, string, string]>([
  [
    'SELECT nam FROM tasks',
    'sql: Unknown column "nam". Did you mean "name"? (at character 8)',
    'nam: Unknown column "nam". Did you mean "name"?',
  ],
  ["SELECT '😀' WHERE\n  nam = 1", 'sql: Unknown column "nam". (at character 20)', 'nam: Unknown column "nam".'],
  ["SELECT '$x' AS x, nam FROM tasks", 'sql: Unknown column "nam". (at character 29)', 'nam: Unknown column "nam".'],
  ['SELECT name FROM', 'sql: incomplete input', 'SELECT name FROM: incomplete input'],
])('%j is underlined where it is wrong', async (sql, message, expected) => {
  const { problems } = await checkSQL(sql, refusing(message), 'one', templates);
  expect(problems.map((one) => `${sql.slice(one.from, one.to)}: ${one.message}`)).toEqual([expected]);
});

it('says nothing of a statement that is right, that is empty, or that nobody checks', async () => {
  const nothing = { problems: [], warnings: [] };
  const right = new MesosResources(fakeBackend({ compile: () => ({ sql: 'SELECT 1' }) }));
  expect(await checkSQL('SELECT 1', right, 'one', templates)).toEqual(nothing);
  expect(await checkSQL(' ', refusing('empty'), 'one', templates)).toEqual(nothing);
  expect(await checkSQL('SELECT 1', refusing('bad gateway', 502), 'one', templates)).toEqual(nothing);
});
