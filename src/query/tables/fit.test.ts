import type { MesosQuery } from '../types';
import { fitTable } from './fit';
import type { Schema } from './schema';

const column = (name: string) => ({ name, type: 'text', help: '' });
const schema = {
  tables: [
    { name: 'tasks', help: '', columns: ['task', 'agent', 'labels'].map(column) },
    { name: 'agents', help: '', columns: ['agent', 'cpus'].map(column) },
  ],
} as unknown as Schema;

const tasks: MesosQuery = {
  refId: 'A',
  queryType: 'table',
  table: 'tasks',
  columns: ['task', 'agent', '$column'],
  filters: ['agent', 'labels.team', 'task'].map((label) => ({ label, operator: '=', value: 'x' })),
  orderBy: [{ column: 'task' }, { column: 'agent' }],
  limit: 5,
};

it('another table keeps the columns, filters and order that it has', () => {
  expect(fitTable({ ...tasks, table: 'agents' }, schema)).toEqual({
    ...tasks,
    table: 'agents',
    columns: ['agent', '$column'],
    filters: [{ label: 'agent', operator: '=', value: 'x' }],
    orderBy: [{ column: 'agent' }],
  });
});

it('leaves no empty lists, which ask for something else', () => {
  expect(fitTable({ refId: 'A', table: 'agents', columns: ['task'], orderBy: [{ column: 'task' }] }, schema)).toEqual({
    refId: 'A',
    table: 'agents',
  });
});

it.each(['$table', 'of_a_newer_backend'])('keeps all of %s', (table) => {
  expect(fitTable({ ...tasks, table }, schema)).toEqual({ ...tasks, table });
  expect(fitTable(tasks)).toEqual(tasks);
});
