// Replaces dashboard variables in queries. In PromQL they are written as
// Grafana's Prometheus data source writes them, except after = and !=, where
// several values as it writes them match nothing. In a builder's fields a variable
// with several values becomes a list, which the backend quotes.
//
// All is the list of all values. A custom all value is written without a format
// (by Grafana's template service), so that `.*` stays a regular expression.
//
// $__interval, $__rate_interval and $__range are replaced by the backend, since
// public dashboards and alert rules do not run this code.
import type { AdHocVariableFilter, ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

import { partsOf } from './parts';
import type { AdhocFilter, EntityList, Filter, MesosQuery, Variable } from './types';

const BACKEND_MACROS = [
  ...['__interval', '__rate_interval', '__range'].flatMap((name) => [name, `${name}_ms`, `${name}_s`]),
  // Of SQL.
  '__timeFilter',
  '__timeFrom',
  '__timeTo',
  '__timeGroup',
];

const MACRO_NAMES = BACKEND_MACROS.join('|');
const MACRO_TEXT = new RegExp(
  `\\$(?:${MACRO_NAMES})(?!\\w)|\\$\\{(?:${MACRO_NAMES})\\}|\\[\\[(?:${MACRO_NAMES})\\]\\]`,
  'g'
);

/** Keys whose value is a text in which variables are replaced as they are. */
const TEXT_KEYS = [
  'entity',
  'resource',
  'measure',
  'metric',
  'legendFormat',
  'interval',
  'forecast',
  'table',
  'taskId',
  'frameworkId',
  'agentId',
  'file',
  'filter',
] as const;

/** The used part of what TemplateSrv passes to a format function. */
type DashboardVariable = Partial<Pick<Extract<TypedVariableModel, { type: 'query' }>, 'multi' | 'includeAll'>>;

export type Replacer = Pick<TemplateSrv, 'replace'>;

/** Returns the query with variables replaced, and with the dashboard's ad-hoc filters beside its own. */
export function interpolateQuery(
  query: MesosQuery,
  templates: Replacer,
  scopedVars: ScopedVars = {},
  adhoc: AdHocVariableFilter[] = []
): MesosQuery {
  const vars = keepMacros(scopedVars);
  const text = (value: string) => templates.replace(value, vars);
  const result: MesosQuery = { ...query };

  for (const key of TEXT_KEYS) {
    const value = query[key];
    if (value) {
      result[key] = text(value);
    }
  }
  if (query.expr) {
    result.expr = interpolatePromQL(query.expr, templates, vars);
  }
  if (query.sql) {
    result.sql = interpolateSQL(query.sql, templates, vars);
  }
  if (query.columns) {
    result.columns = unique(query.columns.flatMap((column) => expand(column, templates, vars)));
  }
  if (query.orderBy) {
    // As in groupBy: without a column the limit would choose other rows.
    result.orderBy = query.orderBy.flatMap((order) => {
      const columns = unique(expand(order.column, templates, vars));
      return (columns.length > 0 ? columns : [order.column]).map((column) => ({ ...order, column }));
    });
  }
  if (query.query) {
    result.query = interpolatePromQL(query.query, templates, vars);
  }
  if (query.groupBy) {
    // A variable without a chosen value stays, and the backend names it: without it the query would be a total.
    result.groupBy = unique(
      query.groupBy.flatMap((label) => {
        const labels = expand(label, templates, vars);
        return labels.length > 0 ? labels : [label];
      })
    );
  }
  if (query.shape) {
    const { memory, disk } = query.shape;
    result.shape = { ...query.shape, ...(memory && { memory: text(memory) }), ...(disk && { disk: text(disk) }) };
  }
  if (query.filters) {
    result.filters = query.filters.map((filter) => interpolateFilter(filter, templates, vars));
  }
  if (query.variable) {
    result.variable = interpolateVariable(query.variable, templates, vars);
  }
  if (adhoc.length > 0 || query.adhocFilters) {
    const all = [...(query.adhocFilters ?? []), ...adhoc].filter(({ key }) => key);
    result.adhocFilters = all.map((filter) => interpolateAdhoc(filter, templates, vars));
  }
  return result;
}

/** Returns a variable's value for a double-quoted PromQL string, as Grafana's Prometheus data source writes it. */
export function formatPromQL(value: string | string[] = [], variable: DashboardVariable = {}): string {
  if (!variable.multi && !variable.includeAll) {
    return [value].flat().map(escapeOutsideMatcher).join(',');
  }
  const alternatives = [value].flat().map((one) => escapeString(escapeRegex(one)));
  return alternatives.length === 1 ? alternatives[0] : `(${alternatives.join('|')})`;
}

/**
 * Returns a variable's value for SQL, as Grafana's SQL data sources write it: several are a list of texts, as in
 * `state IN ($state)`; one is written without quotes, for `'$state'` or a name.
 */
function formatSQL(value: string | string[] = [], variable: DashboardVariable = {}): string {
  if (!variable.multi && !variable.includeAll) {
    return [value].flat().map(escapeSQL).join(',');
  }
  return [value]
    .flat()
    .map((one) => `'${escapeSQL(one)}'`)
    .join(',');
}

/**
 * Returns a statement with variables replaced. Grafana's format for regular expressions leaves single quotes as they are, and
 * such an expression is only ever a text of SQL: `agent REGEXP '^(?:${agent:regex})$'`.
 */
function interpolateSQL(sql: string, templates: Replacer, vars: ScopedVars): string {
  // Each part once: a value may hold what looks like a variable.
  return sql
    .split(/(\$\{\w+:regex\}|\[\[\w+:regex\]\])/)
    .map((part, i) => {
      const replaced = templates.replace(part, vars, formatSQL);
      return i % 2 === 1 && replaced !== part ? escapeSQL(replaced) : replaced;
    })
    .join('');
}

// A text of SQL ends at a single quote.
function escapeSQL(value: string): string {
  return String(value).replace(/'/g, "''");
}

/** Returns a variable's value outside of strings: several are a list, as in `by ($labels)`. */
function formatCode(value: string | string[] = []): string {
  return [value].flat().join(', ');
}

/**
 * Returns an expression with variables replaced. A comparison with = or != means any of a variable's values, as in the
 * builder: it becomes =~ or !~ where there are several, and one value is compared as it is.
 */
function interpolatePromQL(expr: string, templates: Replacer, vars: ScopedVars): string {
  return partsOf(expr)
    .map(({ text, code, operator, quote = '' }) => {
      const replaced = templates.replace(text, vars, code ? formatCode : formatPromQL);
      if (!operator) {
        return replaced;
      }
      const values = replaced === text || text.includes('\\') ? [] : expand(text, templates, vars);
      if (values.length === 0) {
        return operator + quote + replaced + quote;
      }
      if (values.length === 1) {
        return `${operator}"${escapeString(values[0])}"`;
      }
      const alternatives = values.map((value) => escapeString(escapeRegex(value)));
      return `${operator === '=' ? '=~' : '!~'}"(${alternatives.join('|')})"`;
    })
    .join('');
}

/** Returns a variable's list with other variables replaced, as in other queries. */
function interpolateVariable(variable: Variable, templates: Replacer, vars: ScopedVars): Variable {
  const { labelValues, entities, promql, sql } = variable;
  const result: Variable = { ...variable };
  if (labelValues) {
    result.labelValues = { ...labelValues, label: templates.replace(labelValues.label, vars) };
    if (labelValues.match) {
      result.labelValues.match = interpolatePromQL(labelValues.match, templates, vars);
    }
  }
  if (entities) {
    const list: EntityList = { ...entities, entity: templates.replace(entities.entity, vars) };
    if (entities.filters) {
      list.filters = entities.filters.map((filter) => interpolateFilter(filter, templates, vars));
    }
    result.entities = list;
  }
  if (sql) {
    result.sql = interpolateSQL(sql, templates, vars);
  }
  if (promql) {
    result.promql = interpolatePromQL(promql, templates, vars);
  }
  return result;
}

function interpolateFilter(filter: Filter, templates: Replacer, vars: ScopedVars): Filter {
  const values = unique(
    [filter.value].flat().flatMap((value) => expand(value, templates, vars, isRegex(filter.operator)))
  );
  const [label = filter.label] = expand(filter.label, templates, vars);
  return { ...filter, label, value: values.length === 1 ? values[0] : values };
}

/** The operators for a list of values, by those for one value. */
const ANY_OF: Record<string, string> = { '=': '=|', '!=': '!=|' };

/**
 * Returns an ad-hoc filter with variables replaced in its value, and without Grafana's own keys (origin, labels of
 * options).
 */
function interpolateAdhoc(
  { key, operator, value, values }: AdhocFilter,
  templates: Replacer,
  vars: ScopedVars
): AdhocFilter {
  const regex = isRegex(operator);
  const all = unique((values ?? [value ?? '']).flatMap((one) => expand(one, templates, vars, regex)));
  if (values) {
    return { key, operator, value: all[0], values: all };
  }
  if (all.length > 1 && regex) {
    return { key, operator, value: `(${all.join('|')})` };
  }
  if (all.length > 1) {
    return { key, operator: ANY_OF[operator] ?? operator, value: all[0], values: all };
  }
  return { key, operator, value: all[0] ?? '' };
}

/**
 * Returns the text once per value of its variables: `a-$x` with x = 1, 2 gives `a-1` and `a-2`, without values nothing.
 * In a regular expression, the values of a variable with several are escaped, as in PromQL.
 */
function expand(text: string, templates: Replacer, vars: ScopedVars, regex = false): string[] {
  // A format function returns one text, so it writes marks, which are replaced by each of the values below.
  const choices: string[][] = [];
  const mark = (texts: string[]) => `\u0000${choices.push(texts) - 1}\u0000`;
  // Values are no expressions: what looks like a macro in one is of the value, and stays as it is spelled.
  const kept = text.replace(MACRO_TEXT, (macro) => mark([macro]));
  const marked = templates.replace(kept, vars, (value: string | string[] = [], variable: DashboardVariable = {}) => {
    const escaped = regex && (variable.multi || variable.includeAll);
    return mark([value].flat().map((one) => (escaped ? escapeRegex(String(one)) : String(one))));
  });
  return marked.split('\u0000').reduce<string[]>(
    (done, part, i) => {
      const next = i % 2 === 1 ? choices[Number(part)] : [part];
      return done.flatMap((head) => next.map((tail) => head + tail));
    },
    ['']
  );
}

function keepMacros(scopedVars: ScopedVars): ScopedVars {
  const kept: ScopedVars = { ...scopedVars };
  for (const name of BACKEND_MACROS) {
    kept[name] = { text: `$${name}`, value: `$${name}` };
  }
  return kept;
}

export function isRegex(operator: string): boolean {
  return operator === '=~' || operator === '!~';
}

/** Returns a value as a regular expression that matches it only, and in which nothing looks like a variable. */
export function literal(value: string): string {
  return escapeRegex(value).replace(/\\\$/g, '[$]');
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

// A text box may hold a whole matcher, framework="x", for `{$matcher}`: its quotes are not escaped. The same exception
// is in Grafana's Prometheus data source (packages/grafana-prometheus/src/escaping.ts).
function escapeOutsideMatcher(value: string): string {
  return /^\w+(=|!=|=~|!~)".*"$/.test(value) ? value : escapeString(value);
}

/** Returns a value as it is written between double quotes in PromQL. */
export function escapeString(value: string): string {
  return String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

/** Returns a value as it is written in a regular expression: https://github.com/google/re2/wiki/Syntax */
export function escapeRegex(value: string): string {
  return String(value).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
