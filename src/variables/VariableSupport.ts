// Query variables of dashboards: Grafana calls it for a variable's values and
// for its editor.
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { of, throwError, type Observable } from 'rxjs';

import type { EditorSource } from '../editorSource';
import { VariableEditor } from '../lazy';
import { isRunnable } from '../query/defaults';
import type { MesosQuery } from '../query/types';
import { withVariable } from './kinds';

export class MesosVariableSupport extends CustomVariableSupport<EditorSource, MesosQuery> {
  readonly editor = VariableEditor;

  constructor(private readonly datasource: EditorSource) {
    super();
  }

  // There is no getDefaultQuery(): Grafana shows its keys in an incomplete query without storing them
  // (components/QueryEditor.tsx). The editor stores what it shows.

  /**
   * Returns one table with the fields `text` and `value`. The data source puts other variables into the query. Grafana
   * does not call filterQuery() for variables, so that queries that ask for nothing yet are found here.
   */
  query(request: DataQueryRequest<MesosQuery>): Observable<DataQueryResponse> {
    const saved: unknown = request.targets[0];
    if (typeof saved === 'string' && saved !== '') {
      return throwError(
        () => new Error(`"${saved}" is not a query of this data source: choose a list in the variable's settings`)
      );
    }
    const { variable, ...rest } = (saved || {}) as MesosQuery;
    const query = withVariable(rest as MesosQuery, variable ?? {});
    if (!isRunnable({ ...query, hide: false })) {
      return of({ data: [] });
    }
    // A dashboard's ad-hoc filters apply to its panels, not to its variables.
    return this.datasource.query({ ...request, targets: [query], filters: undefined });
  }
}
