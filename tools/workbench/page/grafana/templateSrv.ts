// Variables, as plugins see them (getTemplateSrv). The workbench has those of a
// request ($__interval and the like) and what the page's address names:
// ?var-role=web&var-role=batch.
import type { ScopedVars, TypedVariableModel } from '@grafana/data';
import type { TemplateSrv } from '@grafana/runtime';

/** $name, ${name}, ${name.field}, ${name:format}, [[name]] */
const pattern = /\$(\w+)|\$\{(\w+)(?:\.([^:^}]+))?(?::([^}]+))?\}|\[\[(\w+)(?::(\w+))?\]\]/g;

type Value = string | string[];
type Format = string | ((value: Value, variable: object, fallback: (value: Value) => string) => string);

const escape = (text: string) => text.replace(/[\\^$*+?.()|[\]{}/]/g, '\\$&');
const list = (value: Value) => (Array.isArray(value) ? value : [value]);

/** Grafana's formats that plugins ask for; glob is its default. */
const formats: Record<string, (value: Value) => string> = {
  glob: (value) => (Array.isArray(value) && value.length > 1 ? `{${value.join(',')}}` : list(value).join(',')),
  raw: (value) => list(value).join(','),
  csv: (value) => list(value).join(','),
  pipe: (value) => list(value).join('|'),
  json: (value) => JSON.stringify(value),
  regex: (value) => (Array.isArray(value) ? `(${value.map(escape).join('|')})` : escape(value)),
  doublequote: (value) =>
    list(value)
      .map((one) => `"${one.replaceAll('"', '\\"')}"`)
      .join(','),
  singlequote: (value) =>
    list(value)
      .map((one) => `'${one.replaceAll("'", "\\'")}'`)
      .join(','),
};

/** The variables of an address: each ?var-<name>, a list when it is there twice. */
export function variablesOf(search: string): Record<string, Value> {
  const found: Record<string, Value> = {};
  const parameters = new URLSearchParams(search);
  for (const key of new Set(parameters.keys())) {
    if (key.startsWith('var-')) {
      const values = parameters.getAll(key);
      found[key.slice(4)] = values.length > 1 ? values : values[0];
    }
  }
  return found;
}

export function createTemplateSrv(variables: Record<string, Value>): TemplateSrv {
  const valueOf = (name: string, scoped?: ScopedVars): Value | undefined =>
    (scoped?.[name]?.value as Value | undefined) ?? variables[name];
  const replace = (target = '', scoped?: ScopedVars, format?: Format): string =>
    target.replace(pattern, (match, ...groups: Array<string | undefined>) => {
      const name = groups[0] ?? groups[1] ?? groups[4] ?? '';
      const value = valueOf(name, scoped);
      if (value === undefined || value === null) {
        return match;
      }
      const chosen = groups[3] ?? groups[5] ?? format ?? 'glob';
      const text = Array.isArray(value) ? value.map(String) : String(value);
      if (typeof chosen === 'function') {
        return chosen(text, { name, multi: Array.isArray(value), includeAll: false }, formats.glob);
      }
      return (formats[chosen] ?? formats.glob)(text);
    });
  return {
    getVariables: () =>
      Object.entries(variables).map(
        ([name, value]) => ({ name, type: 'custom', current: { value } }) as unknown as TypedVariableModel
      ),
    replace: replace as TemplateSrv['replace'],
    containsTemplate: (target = '') => target.search(pattern) >= 0,
    updateTimeRange: () => undefined,
  };
}
