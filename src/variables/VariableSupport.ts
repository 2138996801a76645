// Query variables of dashboards: what Grafana calls to get a variable's values
// and to edit what it asks.
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { of, throwError, type Observable } from 'rxjs';

import type { MesosDatasource } from '../datasource';
import { VariableEditor } from '../lazy';
import { isRunnable } from '../query/defaults';
import type { MesosQuery } from '../query/types';
import { defaultVariableQuery, withVariable } from './kinds';

export class MesosVariableSupport extends CustomVariableSupport<MesosDatasource, MesosQuery> {
  readonly editor = VariableEditor;

  constructor(private readonly datasource: MesosDatasource) {
    super();
  }

  getDefaultQuery(): Partial<MesosQuery> {
    return defaultVariableQuery();
  }

  /**
   * One table with the fields `text` and `value`. The data source puts other variables into the query; Grafana does
   * not run filterQuery() here, so a query that asks for nothing yet is told from others by ourselves.
   */
  query(request: DataQueryRequest<MesosQuery>): Observable<DataQueryResponse> {
    const saved: unknown = request.targets[0];
    if (typeof saved === 'string' && saved !== '') {
      return throwError(() => new Error(`A variable's query is an object with "variable", not the text ${saved}`));
    }
    const { variable, ...rest } = (saved || {}) as MesosQuery;
    const query = withVariable(rest as MesosQuery, variable ?? {});
    if (!isRunnable({ ...query, hide: false })) {
      return of({ data: [] });
    }
    // A dashboard's ad-hoc filters are for its panels: variables are what filters are chosen from.
    return this.datasource.query({ ...request, targets: [query], filters: undefined });
  }
}
