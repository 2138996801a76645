// The kinds of lists a dashboard variable can offer, and a new list of each
// kind. The backend reads exactly one of the keys of `variable`.
import { QUERY_VERSION } from '../query/defaults';
import type { MesosQuery, Variable } from '../query/types';

export type Kind = keyof Variable;

/** Grafana's variables may come without a refId, which the backend's answer is found by. */
const REF_ID = 'variable';

const NEW: { [K in Kind]-?: NonNullable<Variable[K]> } = {
  labelValues: { label: '' },
  entities: { entity: 'framework', field: 'name' },
  promql: '',
  sql: 'SELECT DISTINCT framework FROM frameworks',
};

/** Returns the query of a new variable: names of frameworks. */
export function defaultVariableQuery(): MesosQuery & Required<Pick<MesosQuery, 'variable'>> {
  return { refId: REF_ID, queryType: 'variable', version: QUERY_VERSION, variable: { entities: NEW.entities } };
}

/** Returns the kind of list; undefined where a query has none. */
export function kindOf(variable: Variable = {}): Kind | undefined {
  return (Object.keys(NEW) as Kind[]).find((kind) => variable[kind] !== undefined);
}

/** Returns a list of another kind: the one edited before in the same editor, or else a new one. */
export function ofKind(kind: Kind, left: Variable): Variable {
  return { [kind]: left[kind] ?? NEW[kind] };
}

/** Returns the saved query with another list, complete with what the backend needs. */
export function withVariable(query: MesosQuery, variable: Variable): MesosQuery {
  return { ...query, ...defaultVariableQuery(), refId: query.refId || REF_ID, variable };
}
