// The tables that queries can read, as the backend's resource `schema` lists them.

/** The type of a column's values. Times are UTC texts that sort, JSON is a text. */
export type ColumnType = 'text' | 'integer' | 'real' | 'boolean' | 'time' | 'json';

export interface Column {
  name: string;
  type: ColumnType;
  /** Unit of the values: bytes, s, percentunit, ... */
  unit?: string;
  help: string;
}

export interface Table {
  name: string;
  aliases?: string[];
  help: string;
  columns: Column[];
}

/** A function or macro with how it is called. */
export interface Callable {
  name: string;
  signature: string;
  help: string;
}

export interface Schema {
  tables: Table[];
  functions: Callable[];
  macros: Callable[];
}

/** Returns the table of a name or of one of its aliases. */
export function tableOf(schema: Schema | undefined, name = ''): Table | undefined {
  return schema?.tables.find((table) => table.name === name || table.aliases?.includes(name));
}
