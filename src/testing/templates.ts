// Grafana's variables for tests: the used part of its template service, with the
// same results (grafana/grafana
// public/app/features/templating/template_srv.ts; @grafana/scenes' interpolator
// on dashboards does the same).
import type { ScopedVars } from '@grafana/data';

interface FakeVariable {
  /** `$__all` for All. */
  value: string | string[];
  multi?: boolean;
  includeAll?: boolean;
  /** The custom all value. */
  allValue?: string;
  /** The values that All stands for. */
  options?: string[];
}

type Value = string | string[];
type Format = (value: Value, variable: object) => string;

// Grafana's own: $name, [[name:format]], ${name.path:format}
const VARIABLE = /\$(\w+)|\[\[(\w+?)(?::(\w+))?\]\]|\${(\w+)(?:\.([^:^}]+))?(?::([^}]+))?}/g;

const FORMATS: Record<string, (values: string[]) => string> = {
  glob: (values) => (values.length === 1 ? values[0] : `{${values.join(',')}}`),
  csv: (values) => values.join(','),
  raw: (values) => values.join(','),
  pipe: (values) => values.join('|'),
  sqlstring: (values) => values.map((value) => `'${value.replace(/'/g, "''")}'`).join(','),
  regex: (values) => {
    const escaped = values.map((value) => value.replace(/[-[\]{}()*+?.,\\^$|#/]/g, '\\$&'));
    return escaped.length === 1 ? escaped[0] : `(${escaped.join('|')})`;
  },
};

/** Returns a template service with these variables. Scoped ones come first, unknown ones stay as they are. */
export function fakeTemplates(variables: Record<string, FakeVariable> = {}) {
  function replace(text = '', scopedVars: ScopedVars = {}, format?: string | Function): string {
    return text.replace(VARIABLE, (match, plain, bracketed, format2, braced, _path, format3) => {
      const name = plain ?? bracketed ?? braced;
      const chosen = format2 ?? format3 ?? format;
      const scoped = scopedVars[name];
      if (scoped) {
        return formatted(scoped.value, { name, type: 'scopedVar' }, chosen);
      }
      const known = variables[name];
      if (!known) {
        return match;
      }
      const { value, multi, includeAll, allValue, options = [] } = known;
      const all = [value].flat()[0] === '$__all';
      if (all && allValue) {
        return replace(allValue); // no format: as it is written
      }
      return formatted(all ? options : value, { name, type: 'query', multi, includeAll }, chosen);
    });
  }
  return {
    replace,
    getVariables: () => Object.keys(variables).map((name) => ({ name, type: 'query' as const })),
  };
}

function formatted(value: Value, variable: object, format: string | Function = 'glob'): string {
  return typeof format === 'function' ? (format as Format)(value, variable) : FORMATS[format]([value].flat());
}
