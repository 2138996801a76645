// Dashboard variables in queries. PromQL text gets them as Grafana's own
// Prometheus data source does it; a builder's fields stay structure: a variable
// with several values becomes a list, and quoting is left to the backend.
//
// All stands for the list of all values. A custom all value is put in as it is
// written, with no format applied (Grafana's template service does so): `.*`
// stays a regular expression.
//
// $__interval, $__rate_interval and $__range belong to the backend (public
// dashboards and alert rules never pass this code), so they stay as they are.
import type { AdHocVariableFilter, ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

import type { AdhocFilter, EntityList, Filter, MesosQuery, Variable } from './types';

const BACKEND_MACROS = ['__interval', '__rate_interval', '__range'].flatMap((name) => [
  name,
  `${name}_ms`,
  `${name}_s`,
]);

/** What TemplateSrv hands to a format function; the parts used here. */
type DashboardVariable = Partial<Pick<Extract<TypedVariableModel, { type: 'query' }>, 'multi' | 'includeAll'>>;

export type Replacer = Pick<TemplateSrv, 'replace'>;

/** The query with variables replaced and a dashboard's ad-hoc filters added to its own. */
export function interpolateQuery(
  query: MesosQuery,
  templates: Replacer,
  scopedVars: ScopedVars = {},
  adhoc: AdHocVariableFilter[] = []
): MesosQuery {
  const vars = keepMacros(scopedVars);
  const text = (value: string) => templates.replace(value, vars);
  const result: MesosQuery = { ...query };

  for (const key of ['entity', 'resource', 'measure', 'metric', 'legendFormat', 'interval', 'forecast'] as const) {
    const value = query[key];
    if (value) {
      result[key] = text(value);
    }
  }
  if (query.expr) {
    result.expr = templates.replace(query.expr, vars, formatPromQL);
  }
  if (query.groupBy) {
    result.groupBy = unique(query.groupBy.flatMap((label) => expand(label, templates, vars)));
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

/** A variable's value inside a double-quoted PromQL string, as Grafana's Prometheus data source writes it. */
export function formatPromQL(value: string | string[] = [], variable: DashboardVariable = {}): string {
  if (!variable.multi && !variable.includeAll) {
    return [value].flat().map(escapeOutsideMatcher).join(',');
  }
  const alternatives = [value].flat().map((one) => escapeString(escapeRegex(one)));
  return alternatives.length === 1 ? alternatives[0] : `(${alternatives.join('|')})`;
}

/** What a variable offers may depend on other variables: they are put in as in other queries. */
function interpolateVariable(variable: Variable, templates: Replacer, vars: ScopedVars): Variable {
  const { labelValues, entities, promql } = variable;
  const result: Variable = { ...variable };
  if (labelValues) {
    result.labelValues = { ...labelValues, label: templates.replace(labelValues.label, vars) };
    if (labelValues.match) {
      result.labelValues.match = templates.replace(labelValues.match, vars, formatPromQL);
    }
  }
  if (entities) {
    const list: EntityList = { ...entities, entity: templates.replace(entities.entity, vars) };
    if (entities.filters) {
      list.filters = entities.filters.map((filter) => interpolateFilter(filter, templates, vars));
    }
    result.entities = list;
  }
  if (promql) {
    result.promql = templates.replace(promql, vars, formatPromQL);
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

/** Operators that compare with any of a list, by those that compare with one value. */
const ANY_OF: Record<string, string> = { '=': '=|', '!=': '!=|' };

/**
 * An ad-hoc filter with variables in its value replaced, and without what Grafana keeps in it for itself (origin,
 * labels for people).
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
 * All texts a text stands for: `a-$x` with x = 1, 2 is `a-1`, `a-2`; with x without any value it is none. For a
 * regular expression, values of a variable with several are literal, as in PromQL text.
 */
function expand(text: string, templates: Replacer, vars: ScopedVars, regex = false): string[] {
  // The format function cannot answer a list, so it leaves marks that are filled in afterwards.
  const choices: string[][] = [];
  const marked = templates.replace(text, vars, (value: string | string[] = [], variable: DashboardVariable = {}) => {
    const literal = regex && (variable.multi || variable.includeAll);
    choices.push([value].flat().map((one) => (literal ? escapeRegex(String(one)) : String(one))));
    return `\u0000${choices.length - 1}\u0000`;
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

function isRegex(operator: string): boolean {
  return operator === '=~' || operator === '!~';
}

function unique(values: string[]): string[] {
  return [...new Set(values)];
}

// A text box may hold a whole matcher, framework="x", for `{$matcher}`: its quotes are PromQL's own. The same exception
// is in Grafana's Prometheus data source (packages/grafana-prometheus/src/escaping.ts).
function escapeOutsideMatcher(value: string): string {
  return /^\w+(=|!=|=~|!~)".*"$/.test(value) ? value : escapeString(value);
}

function escapeString(value: string): string {
  return String(value).replace(/\\/g, '\\\\').replace(/"/g, '\\"').replace(/\n/g, '\\n');
}

// RE2's metacharacters: https://github.com/google/re2/wiki/Syntax
function escapeRegex(value: string): string {
  return String(value).replace(/[\\^$.*+?()[\]{}|]/g, '\\$&');
}
