// The data source as its editors see it. They do not import the class, which
// loads them.
import type {
  AdHocVariableFilter,
  DataQueryRequest,
  DataQueryResponse,
  DataSourceApi,
  QueryEditorProps,
  ScopedVars,
} from '@grafana/data';
import type { Observable } from 'rxjs';

import type { MesosOptions } from './config/types';
import type { MesosQuery } from './query/types';
import type { MesosResources } from './resources';

export interface EditorSource extends DataSourceApi<MesosQuery, MesosOptions> {
  readonly resources: MesosResources;
  applyTemplateVariables(query: MesosQuery, scopedVars: ScopedVars, filters?: AdHocVariableFilter[]): MesosQuery;
  query(request: DataQueryRequest<MesosQuery>): Observable<DataQueryResponse>;
}

/** What Grafana hands to the editors of queries and variables. */
export type EditorProps = QueryEditorProps<EditorSource, MesosQuery, MesosOptions>;
