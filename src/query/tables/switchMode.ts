// From rows of the builder to SQL and back. What the other mode held is kept
// while the editor is open.
import { isEqual, omit, pick } from 'lodash';

import { QUERY_VERSION } from '../defaults';
import type { MesosQuery } from '../types';

// A dashboard's filters that the query holds itself are part of it: SQL has them in WHERE.
const BUILDER_KEYS = ['table', 'columns', 'filters', 'adhocFilters', 'orderBy', 'limit'] as const;
const CODE_KEYS = ['sql', 'format'] as const;

type BuilderPart = Pick<MesosQuery, (typeof BUILDER_KEYS)[number]>;
type CodePart = Pick<MesosQuery, (typeof CODE_KEYS)[number]>;

export interface OtherTableMode {
  builder?: BuilderPart;
  /** The SQL when it was shown last: what the builder was compiled to, or what was left for it. */
  known?: string;
  /** The code as it was left, and the builder's part it was made from. */
  code?: CodePart & { madeFrom: BuilderPart };
}

export interface SwitchedTable {
  query: MesosQuery;
  other: OtherTableMode;
}

/** Whether the code that was left for the builder still stands: the builder was not used meanwhile. */
export function tableCodeStands(query: MesosQuery, { code }: OtherTableMode): boolean {
  return code !== undefined && isEqual(code.madeFrom, pick(query, BUILDER_KEYS));
}

/** Reports whether SQL was written by hand since it is shown: the builder knows nothing of it. */
export function isOwnSql({ sql = '' }: MesosQuery, { known }: OtherTableMode): boolean {
  return sql.trim() !== '' && sql.trim() !== known?.trim();
}

/** Returns the query as SQL: what the builder compiles to, or the code that was left, unless the builder was used since. */
export function toSql(query: MesosQuery, compiled: string | undefined, other: OtherTableMode): SwitchedTable {
  const builder = pick(query, BUILDER_KEYS);
  const part: CodePart =
    other.code && tableCodeStands(query, other)
      ? pick(other.code, CODE_KEYS)
      : { sql: compiled ?? '', format: 'table' };
  return {
    query: { ...withoutTable(query), queryType: 'sql', version: QUERY_VERSION, ...part },
    other: { builder, known: part.sql },
  };
}

/** Returns the builder as it was left, or with the table of tasks: SQL is not turned back into choices. */
export function toTable(query: MesosQuery, { builder = { table: 'tasks' } }: OtherTableMode): SwitchedTable {
  return {
    query: { ...withoutTable(query), queryType: 'table', version: QUERY_VERSION, ...builder },
    other: { builder, code: { ...pick(query, CODE_KEYS), madeFrom: builder } },
  };
}

function withoutTable(query: MesosQuery): MesosQuery {
  return omit(query, BUILDER_KEYS, CODE_KEYS);
}
