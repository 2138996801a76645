/**
 * Statements of SQL that must end in an error: testdata/hostile/sql.json, which the tests of pkg/tables run too. A row has
 * the statement, as a text or as parts, of which some are repeated, and a text that is in the error.
 */
import { readFileSync } from 'node:fs';
import path from 'node:path';

import { root } from '../scripts/build.ts';

type Part = string | [text: string, times: number];

interface Row {
  topic: string;
  name: string;
  sql: string | Part[];
  error: string;
  /** The text that is in the error of a query with it, where that ends before the statement is read; absent: error. */
  asQuery?: string;
}

export interface Statement {
  topic: string;
  name: string;
  sql: string;
  /** A text that is in the error. */
  error: string;
}

/** All statements; `file` is what those that write a file would make. */
export function statementsOn(file: string): Statement[] {
  const rows = JSON.parse(readFileSync(path.join(root, 'testdata', 'hostile', 'sql.json'), 'utf8')) as Row[];
  return rows.map(({ sql, asQuery, ...row }) => {
    const parts = typeof sql === 'string' ? [sql] : sql;
    const whole = parts.map((part) => (typeof part === 'string' ? part : part[0].repeat(part[1]))).join('');
    return { ...row, error: asQuery ?? row.error, sql: whole.replaceAll('$FILE', file) };
  });
}

/** The topic of statements that are stopped by their time or memory: each has an attack of its own. */
export const SLOW = 'time and memory';
