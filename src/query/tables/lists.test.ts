import { MesosResources } from '../../resources';
import type { Filter } from '../types';
import { columnLists } from './lists';

const schema = {
  tables: [
    {
      name: 'tasks',
      aliases: ['task'],
      help: '',
      columns: ['task_id', 'labels'].map((name) => ({ name, type: 'text', help: '' })),
    },
  ],
  functions: [],
  macros: [],
};

const answers: Record<string, unknown> = {
  schema,
  'schema/values task labels': { status: 'success', data: ['team', 'env'] },
  'schema/values task labels.team': { status: 'success', data: ['web'] },
};

const resources = () =>
  new MesosResources({
    getResource: async <T>(path: string, params?: Record<string, unknown>) => {
      const key = params ? `${path} ${params.table} ${params.column}` : path;
      if (!(key in answers)) {
        throw new Error(key);
      }
      return answers[key] as T;
    },
    postResource: () => Promise.reject(new Error('not used')),
  });

it('lists columns, each label by its own name, and their values', async () => {
  const lists = columnLists('task', resources());
  expect(await lists.labels()).toEqual({ values: ['task_id', 'labels.team', 'labels.env'], total: 3 });
  expect((await lists.values('labels.team')).values).toEqual(['web']);
});

it('lists values of the rows that pass the other filters, and of all where those are not finished', async () => {
  const asked: unknown[] = [];
  const backend = new MesosResources({
    getResource: async <T>(_: string, params?: Record<string, unknown>) => {
      asked.push(params?.filters);
      if (String(params?.filters).includes('(')) {
        throw new Error('not a valid regular expression');
      }
      return { status: 'success', data: ['web'], total: 9 } as T;
    },
    postResource: () => Promise.reject(new Error('not used')),
  });
  const filters: Filter[] = [{ label: 'agent', operator: '=', value: 'a1' }];
  expect(await columnLists('tasks', backend).values('name', 'w', filters)).toEqual({ values: ['web'], total: 9 });
  expect(asked).toEqual([JSON.stringify(filters)]);
  await columnLists('tasks', backend).values('name', 'w', [{ label: 'agent', operator: '=~', value: '(' }]);
  expect(asked.at(-1)).toBeUndefined();
});

it('has no columns where the backend does not answer, and says why there are no values', async () => {
  const lists = columnLists('other', resources());
  expect((await lists.labels()).values).toEqual([]);
  await expect(lists.values('task_id')).rejects.toThrow('schema/values other task_id');
});
