// What can be written at a place of an SQL text: macros, columns of the tables that
// it names, tables, functions and keywords.
import type { Callable, Schema, Table } from './schema';

export interface Completion {
  label: string;
  kind: 'table' | 'column' | 'function' | 'macro' | 'keyword';
  /** What is inserted. */
  text: string;
  detail: string;
  documentation?: string;
}

const KEYWORDS = [
  'SELECT',
  'DISTINCT',
  'FROM',
  'WHERE',
  'AND',
  'OR',
  'NOT',
  'IN',
  'IS NULL',
  'IS NOT NULL',
  'LIKE',
  'BETWEEN',
  'JOIN',
  'LEFT JOIN',
  'ON',
  'GROUP BY',
  'HAVING',
  'ORDER BY',
  'ASC',
  'DESC',
  'LIMIT',
  'AS',
  'CASE',
  'WHEN',
  'THEN',
  'ELSE',
  'END',
  'WITH',
  'UNION ALL',
  'OVER',
  'PARTITION BY',
];

/** A name of a table after FROM or JOIN, with the name that the statement gives it. */
const USED = /\b(?:from|join)\s+(\w+)(?:\s+(?:as\s+)?(\w+))?/gi;
// Words that follow a table without being its name.
const NO_NAME = /^(where|on|join|left|inner|cross|group|order|limit|having|union|natural|using|window)$/i;

/** Returns what completes the text before the cursor, the likeliest kinds first; `text` is the whole statement. */
export function completionsAt(before: string, text: string, schema: Schema): Completion[] {
  const used = usedTables(text, schema);
  const qualified = /(\w+)\.\w*$/.exec(before);
  if (qualified) {
    const table = used.find(({ name }) => name === qualified[1])?.table;
    return table ? columnsOf([table]) : [];
  }
  if (/\$\w*$/.test(before)) {
    return schema.macros.map((macro) => callable(macro, 'macro'));
  }
  const tables = schema.tables.map((table): Completion => ({
    label: table.name,
    kind: 'table',
    text: table.name,
    detail: 'table',
    documentation: table.help,
  }));
  if (/\b(?:from|join)\s+\w*$/i.test(before)) {
    return tables;
  }
  const known = used.map(({ table }) => table);
  return [
    ...columnsOf(known.length > 0 ? known : schema.tables),
    ...tables,
    ...shorterFirst(schema.functions).map((one) => callable(one, 'function')),
    ...schema.macros.map((macro) => callable(macro, 'macro')),
    ...shorterFirst(KEYWORDS.map((name) => ({ name }))).map(({ name }): Completion => ({
      label: name,
      kind: 'keyword',
      text: name,
      detail: 'keyword',
    })),
  ];
}

/** Returns the tables of a statement, by the names that it gives them. */
function usedTables(text: string, schema: Schema): Array<{ name: string; table: Table }> {
  return [...text.matchAll(USED)].flatMap(([, written, alias]) => {
    const table = schema.tables.find(({ name, aliases = [] }) => [name, ...aliases].includes(written.toLowerCase()));
    const names = [written, ...(alias && !NO_NAME.test(alias) ? [alias] : [])];
    return table ? names.map((name) => ({ name, table })) : [];
  });
}

/** Returns things in their order, but each before those whose names go on from its: framework before framework_id. */
function shorterFirst<T extends { name: string }>(things: T[]): T[] {
  const listed = new Set<T>();
  const byLength = [...things].sort((a, b) => a.name.length - b.name.length);
  for (const thing of things) {
    for (const shorter of byLength) {
      if (thing.name.startsWith(shorter.name)) {
        listed.add(shorter);
      }
    }
  }
  return [...listed];
}

function columnsOf(tables: Table[]): Completion[] {
  const seen = new Set<string>();
  const columns = tables.flatMap(({ columns }) => columns.filter(({ name }) => !seen.has(name) && seen.add(name)));
  return shorterFirst(columns).map(({ name, type, unit, help }) => ({
    label: name,
    kind: 'column',
    text: name,
    detail: [type, unit].filter(Boolean).join(', '),
    documentation: help,
  }));
}

function callable({ name, signature, help }: Callable, kind: 'function' | 'macro'): Completion {
  return { label: name, kind, text: name, detail: signature, documentation: help };
}
