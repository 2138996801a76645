// What of a query its table has. The tables and their columns are the backend's.
import { omit } from 'lodash';

import type { MesosQuery } from '../types';
import { tableOf, type Schema } from './schema';

/**
 * Returns the query without columns, filters and an order that its table does not have. Is called after a change of the
 * table. Variables, and what the backend does not know, are kept.
 */
export function fitTable(query: MesosQuery, schema?: Schema): MesosQuery {
  const table = tableOf(schema, query.table);
  if (!table) {
    return query;
  }
  const names = table.columns.map(({ name }) => name);
  // labels.team is a member of the column labels.
  const has = (column: string) => column.includes('$') || names.includes(column.split('.')[0]);
  const columns = query.columns?.filter(has);
  const filters = query.filters?.filter(({ label }) => has(label));
  const orderBy = query.orderBy?.filter(({ column }) => has(column));
  return {
    ...omit(query, 'columns', 'filters', 'orderBy'),
    ...(columns?.length && { columns }),
    ...(filters?.length && { filters }),
    ...(orderBy?.length && { orderBy }),
  };
}
