// Conditions on the rows of a statement of SQL. They are around it, because only its
// result has the names of its columns.
import type { Condition } from './selectors';

const BEGIN = 'SELECT * FROM (\n';
const END = '\n) WHERE ';
const AND = '\n  AND ';

function textOf({ label, operator, value }: Condition): string {
  const column = `"${label.replace(/"/g, '""')}"`;
  const text = `'${value.replace(/'/g, "''")}'`;
  return operator === '=' ? `${column} = ${text}` : `(${column} IS NULL OR ${column} <> ${text})`;
}

/** Returns a statement and the conditions around it. A value with a line end and AND in it would be cut, so it stays one. */
function split(sql: string): { inner: string; conditions: string[] } {
  const at = sql.startsWith(BEGIN) ? sql.lastIndexOf(END) : -1;
  return at < 0
    ? { inner: sql, conditions: [] }
    : { inner: sql.slice(BEGIN.length, at), conditions: sql.slice(at + END.length).split(AND) };
}

export function hasWhere(sql: string, condition: Condition): boolean {
  return split(sql).conditions.includes(textOf(condition));
}

/** Returns the statement with the condition on its rows. */
export function withWhere(sql: string, condition: Condition): string {
  const { inner, conditions } = split(sql);
  return join(conditions.length > 0 ? inner : inner.replace(/[;\s]+$/, ''), [...conditions, textOf(condition)]);
}

/** Returns the statement without the condition that withWhere made. */
export function withoutWhere(sql: string, condition: Condition): string {
  const { inner, conditions } = split(sql);
  const rest = conditions.filter((one) => one !== textOf(condition));
  return rest.length < conditions.length ? join(inner, rest) : sql;
}

function join(inner: string, conditions: string[]): string {
  return conditions.length > 0 ? BEGIN + inner + END + conditions.join(AND) : inner;
}
