// Grafana's variables for tests: the part of its template service that queries use.
import type { ScopedVars } from '@grafana/data';

interface FakeVariable {
  value: string | string[];
  multi?: boolean;
  includeAll?: boolean;
}

type Format = (value: string | string[], variable: object) => string;

/** A template service with these variables; scoped ones win, unknown ones stay as they are. */
export function fakeTemplates(variables: Record<string, FakeVariable> = {}) {
  return {
    replace(text = '', scopedVars: ScopedVars = {}, format?: string | Function): string {
      return text.replace(/\$(\w+)|\$\{(\w+)\}/g, (all, plain?: string, braced?: string) => {
        const name = plain ?? braced ?? '';
        const known = name in scopedVars ? { value: scopedVars[name]?.value } : variables[name];
        if (!known) {
          return all;
        }
        if (typeof format === 'function') {
          const { value, ...variable } = known;
          return (format as Format)(value, { name, ...variable });
        }
        return [known.value].flat().join(',');
      });
    },
    getVariables: () => Object.keys(variables).map((name) => ({ name, type: 'query' as const })),
  };
}
