// Query variables of dashboards: Grafana calls it for a variable's values and
// for its editor.
import { CustomVariableSupport, type DataQueryRequest, type DataQueryResponse } from '@grafana/data';
import { of, type Observable } from 'rxjs';

import type { EditorSource } from '../editorSource';
import { VariableEditor } from '../lazy';
import { isRunnable } from '../query/defaults';
import type { MesosQuery } from '../query/types';
import { withVariable } from './kinds';
import { prometheusText } from './prometheus';

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
    const query = prometheusQuery(saved) ?? ownQuery(saved);
    if (!isRunnable({ ...query, hide: false })) {
      return of({ data: [] });
    }
    // A dashboard's ad-hoc filters apply to its panels, not to its variables.
    return this.datasource.query({ ...request, targets: [query], filters: undefined });
  }
}

/** Returns the query for a variable that was written for Prometheus, which the backend understands. */
function prometheusQuery(saved: unknown): MesosQuery | undefined {
  const query = prometheusText(saved);
  const { refId } = withVariable((typeof saved === 'object' && saved ? saved : {}) as MesosQuery, {});
  return query === undefined ? undefined : { refId, queryType: 'variable', query };
}

function ownQuery(saved: unknown): MesosQuery {
  const { variable, ...rest } = (saved || {}) as MesosQuery;
  return withVariable(rest as MesosQuery, variable ?? {});
}
