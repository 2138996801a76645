// The state of the page, kept in its address, so that a reload, a link or a test
// opens the same queries over the same time.
import type { DataQuery } from '@grafana/schema';

import { variablesOf } from './grafana/templateSrv.ts';

/** The panel type. `other` stands for every type that the workbench lacks. */
export type PanelType = 'graph' | 'stat' | 'table' | 'other';

export interface PageState {
  /** UID of the data source; empty: the default one. */
  ds: string;
  tab: 'query' | 'dashboard' | 'editors' | 'settings';
  /** As Grafana writes them: now-15m, or epoch milliseconds. */
  from: string;
  to: string;
  /** An interval such as 5s; empty: off. */
  refresh: string;
  panel: PanelType;
  /** Where the editor believes to be, as Grafana says it (CoreApp): unified-alerting is the form of a rule. */
  app: string;
  queries: DataQuery[];
  /** The chosen values of a dashboard's variables, by name; absent: the dashboard's own. */
  variables: Record<string, string[]>;
}

const defaults: PageState = {
  ds: '',
  tab: 'query',
  from: 'now-15m',
  to: 'now',
  refresh: '5s',
  panel: 'graph',
  app: 'explore',
  queries: [],
  variables: {},
};

/** Reads ?ds=&tab=&from=&to=&refresh=&panel=&app=&queries=[{...}]&var-x=; what is absent or malformed has its default. */
export function readState(search: string): PageState {
  const parameters = new URLSearchParams(search);
  const state = { ...defaults };
  for (const key of ['ds', 'tab', 'from', 'to', 'refresh', 'panel', 'app'] as const) {
    const value = parameters.get(key);
    if (value !== null) {
      Object.assign(state, { [key]: value });
    }
  }
  try {
    state.queries = JSON.parse(parameters.get('queries') ?? '[]');
  } catch {
    state.queries = [];
  }
  state.variables = Object.fromEntries(
    Object.entries(variablesOf(search)).map(([name, value]) => [name, [value].flat()])
  );
  return state;
}

/** Writes the state to the page's address, beside parameters that are not its own. */
export function writeState({ variables, ...state }: PageState): void {
  const parameters = new URLSearchParams(location.search);
  for (const [name, values] of Object.entries(variables)) {
    parameters.delete(`var-${name}`);
    values.forEach((value) => parameters.append(`var-${name}`, value));
  }
  for (const [key, value] of Object.entries(state)) {
    const text = typeof value === 'string' ? value : JSON.stringify(value);
    if (text === defaults[key as keyof typeof state] || text === '[]') {
      parameters.delete(key);
    } else {
      parameters.set(key, text);
    }
  }
  const search = parameters.toString();
  history.replaceState(null, '', search ? `?${search}` : location.pathname);
}
