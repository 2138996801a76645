// The columns of a table and their values, for the menus of filters.
import type { Listed, MesosResources } from '../../resources';
import type { LabelLists } from '../lists';
import type { Filter } from '../types';
import { tableOf } from './schema';

/** Columns that hold several values by name: a filter names one of them, as labels.team. */
const OBJECTS = ['labels', 'attributes'];

/** Returns the columns of a table, with each label or attribute that its rows have. */
export function columnLists(table: string, resources: MesosResources): LabelLists {
  const values = (column: string, typed?: string, others: Filter[] = []) => {
    const all = () => resources.columnValues(table, column, typed);
    // A filter may be unfinished: then it does not narrow the list.
    return others.length > 0 ? resources.columnValues(table, column, typed, others).catch(all) : all();
  };
  return {
    async labels(others) {
      const schema = await resources.schema().catch(() => undefined);
      const columns = tableOf(schema, table)?.columns.map(({ name }) => name) ?? [];
      let whole = columns.length > 0;
      const members = await Promise.all(
        columns
          .filter((column) => OBJECTS.includes(column))
          .map(async (column) => {
            const members = await values(column, '', others).catch((): Listed => ({ values: [] })); // before the first poll
            whole &&= members.total === members.values.length;
            return members.values.map((name) => `${column}.${name}`);
          })
      );
      const all = [...columns.filter((column) => !OBJECTS.includes(column)), ...members.flat()];
      return { values: all, total: whole ? all.length : undefined };
    },
    values,
  };
}
