// Variables that stay variables when a builder query becomes code. The backend
// compiles marks in their place: a mark is a word, so neither a regular
// expression nor SQL quotes anything in it. Then the marks become variables again.
import type { ScopedVars } from '@grafana/data';

import type { Compiled } from '../resources';
import { queryTypeOf } from './defaults';
import { interpolateQuery, type Replacer } from './interpolate';
import { VARIABLE } from './spellings';
import type { AdhocFilter, Filter, MesosQuery } from './types';

export interface Kept {
  /** The query to compile: marks for variables in values of filters, current values elsewhere. */
  query: MesosQuery;
  /** Variables that code has no place for: their current values are in the compiled text. */
  replaced: string[];
  /** The query with the current values of all variables, where the other one cannot be compiled (a number, a time). */
  withValues?: Kept;
  /** Returns a compiled text with its variables, and those whose current values are in it. */
  restore: (compiled: Compiled) => Restored;
}

type Restored = Compiled & Pick<Kept, 'replaced'>;

/** Keys that decide what is compiled, beside filters. */
const SUBJECT_KEYS = ['entity', 'resource', 'measure', 'metric', 'forecast', 'table'] as const;

/**
 * Returns a builder query as the backend compiles it to code. The dashboard's filters are not part of it: they are added
 * to code when it runs. Those that a table's query holds itself are, because SQL has no place for them.
 */
export function keepVariables(query: MesosQuery, templates: Replacer, scopedVars: ScopedVars = {}): Kept {
  const kept: string[] = [];
  const known = (written: string) => templates.replace(written, scopedVars) !== written;
  // A text of SQL has no place for several values in a part of it.
  const parts: string[] = [];
  const ofTable = queryTypeOf(query) === 'table';
  const splits = (text: string, written: string, operator: string) =>
    ofTable && text !== written && !operator.endsWith('~') && mayBeSeveral(written, templates, scopedVars);
  const asMarks = compilable(query, templates, scopedVars, (text, operator) =>
    text.replace(VARIABLE, (written) => {
      if (!known(written)) {
        return written;
      }
      if (splits(text, written, operator)) {
        parts.push(written);
        return written;
      }
      return markOf(kept.push(written) - 1);
    })
  );
  const inSubject = subjectOf(query).flatMap((text) => text?.match(VARIABLE) ?? []);
  const replaced = [...new Set([...inSubject.filter(known), ...parts])];
  const groups = (query.groupBy ?? []).flatMap((text) => text.match(VARIABLE) ?? []).filter(known);
  const withGroups = (compiled: Restored): Restored => {
    const promql = groups.length > 0 && restoreGroups(compiled.promql, query.groupBy ?? [], asMarks.groupBy ?? []);
    return promql
      ? { ...compiled, promql }
      : { ...compiled, replaced: [...new Set([...compiled.replaced, ...groups])] };
  };
  return {
    query: asMarks,
    replaced,
    restore: ({ promql, sql, ...others }) =>
      withGroups({
        ...others,
        replaced,
        ...(promql !== undefined && { promql: promql.replace(MARK, (_, at) => kept[at]) }),
        ...(sql !== undefined && { sql: restoreSQL(sql, kept) }),
      }),
    ...(kept.length > 0 && {
      withValues: {
        query: compilable(query, templates, scopedVars, (text) => text),
        replaced: [...new Set([...replaced, ...kept])],
        restore: (compiled) => withGroups({ ...compiled, replaced: [...new Set([...replaced, ...kept])] }),
      },
    }),
  };
}

function compilable(query: MesosQuery, templates: Replacer, scopedVars: ScopedVars, mark: Mark): MesosQuery {
  const { adhocFilters, ...rest } = query;
  const marked: MesosQuery = rest;
  if (query.filters) {
    marked.filters = query.filters.map((filter) => withMarks(filter, mark));
  }
  if (adhocFilters && queryTypeOf(query) === 'table') {
    marked.adhocFilters = adhocFilters.map((filter) => adhocWithMarks(filter, mark));
  }

  return interpolateQuery(marked, templates, scopedVars);
}

/** Returns the texts of a query that decide what is compiled, and in which code has no variables. */
function subjectOf(query: MesosQuery): Array<string | undefined> {
  return [
    ...SUBJECT_KEYS.map((key) => query[key]),
    ...(query.columns ?? []),
    ...(query.filters ?? []).map(({ label }) => label),
    query.shape?.memory,
    query.shape?.disk,
  ];
}

/** Reports whether a variable is one of those that can have several values. */
function mayBeSeveral(written: string, templates: Replacer, scopedVars: ScopedVars): boolean {
  let several = false;
  templates.replace(
    written,
    scopedVars,
    (_: unknown, { multi, includeAll }: { multi?: boolean; includeAll?: boolean }) => {
      several = Boolean(multi || includeAll);
      return '';
    }
  );
  return several;
}

function markOf(at: number): string {
  return `mesosvariable${at}kept`;
}

const MARK = /mesosvariable(\d+)kept/g;

type Mark = (text: string, operator: string) => string;

function withMarks(filter: Filter, mark: Mark): Filter {
  const { value, operator } = filter;
  const marked = (text: string) => mark(text, operator);
  return { ...filter, value: typeof value === 'string' ? marked(value) : value.map(marked) };
}

function adhocWithMarks(filter: AdhocFilter, mark: Mark): AdhocFilter {
  const { value, values, operator } = filter;
  const marked = (text: string) => mark(text, operator);
  return {
    ...filter,
    ...(value !== undefined && { value: marked(value) }),
    ...(values && { values: values.map(marked) }),
  };
}

/**
 * Returns an expression that groups by variables again, where their current values are its only groups. It is undefined
 * where a value comes from another series (group_left): the expression would be another one for other values.
 */
function restoreGroups(promql: string | undefined, written: string[], current: string[]): string | undefined {
  const values = current.filter((label) => !written.includes(label));
  const lists = [...(promql ?? '').matchAll(/\b(?:by|group_left) \(([^()]*)\)/g)];
  const by = `by (${current.join(', ')})`;
  const joined = lists.some(([list, labels]) => {
    return list.startsWith('group_left') && labels.split(', ').some((label) => values.includes(label));
  });
  const grouped = lists.filter(([list]) => list.startsWith('by'));
  if (joined || grouped.length === 0 || grouped.some(([list]) => list !== by)) {
    return undefined;
  }
  return promql?.replaceAll(by, () => `by (${written.join(', ')})`);
}

// A variable may have several values, which SQL compares by IN. Its format quotes them.
function restoreSQL(sql: string, kept: string[]): string {
  const list = (at: number) => withFormat(kept[at], 'sqlstring');
  return sql
    .replace(/ = 'mesosvariable(\d+)kept'/g, (_, at) => ` IN (${list(at)})`)
    .replace(
      /(^WHERE |^ {2}AND )(.+?) IS NOT 'mesosvariable(\d+)kept'/gm,
      (_, before, column, at) => `${before}(${column} IS NULL OR ${column} NOT IN (${list(at)}))`
    )
    .replace(/'mesosvariable(\d+)kept'(?=[,)])/g, (_, at) => list(at))
    .replace(/REGEXP '(?:[^']|'')*'/g, (pattern) => pattern.replace(MARK, (_, at) => withFormat(kept[at], 'regex')))
    .replace(MARK, (_, at) => kept[at]);
}

/** Returns a variable in another format, unless it names one itself. */
function withFormat(written: string, format: string): string {
  const [, plain, bracketed, bracketedFormat, braced, path, ownFormat] = [...written.matchAll(VARIABLE)][0];
  if (bracketedFormat || ownFormat) {
    return written;
  }
  return `\${${plain ?? bracketed ?? braced}${path ? `.${path}` : ''}:${format}}`;
}
