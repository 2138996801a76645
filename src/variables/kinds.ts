// What a dashboard variable can offer: the kinds of lists and what a new one of
// each is. The backend reads exactly one of the keys of `variable`.
import { QUERY_VERSION } from '../query/defaults';
import type { MesosQuery, Variable } from '../query/types';

export type Kind = keyof Variable;

/** Grafana's variables may come without a refId, which the backend's answer is found by. */
const REF_ID = 'variable';

const NEW: { [K in Kind]-?: NonNullable<Variable[K]> } = {
  labelValues: { label: '' },
  entities: { entity: 'framework' },
  promql: '',
};

/** A new variable: names of frameworks. */
export function defaultVariableQuery(): MesosQuery & Required<Pick<MesosQuery, 'variable'>> {
  return { refId: REF_ID, queryType: 'variable', version: QUERY_VERSION, variable: { entities: NEW.entities } };
}

/** The kind of list; undefined where a query says none. */
export function kindOf(variable: Variable = {}): Kind | undefined {
  return (Object.keys(NEW) as Kind[]).find((kind) => variable[kind] !== undefined);
}

/** A list of another kind: as it was left in the same editor, else a new one. */
export function ofKind(kind: Kind, left: Variable): Variable {
  return { [kind]: left[kind] ?? NEW[kind] };
}

/** The saved query with another list, complete with what the backend needs. */
export function withVariable(query: MesosQuery, variable: Variable): MesosQuery {
  return { ...query, ...defaultVariableQuery(), refId: query.refId || REF_ID, variable };
}
