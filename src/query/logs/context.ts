// The lines around one line of a log.
import { CoreApp, type DataQueryRequest, dateTime, LogRowContextQueryDirection } from '@grafana/data';
import type { LogRowContextOptions, LogRowModel } from '@grafana/data';

import type { MesosQuery } from '../types';

/** How many lines there are on each side where Grafana does not say. */
const LINES = 50;

/** An id of a line (pkg/query/logs.go): container/file@offset-hash. */
const ID = /^[^/]*\/(.+)@(\d+)-[0-9a-f]+$/;

/** Returns the query for the lines on one side of a line; undefined where the line is not one of this data source's. */
export function contextQuery(row: LogRowModel, options: LogRowContextOptions = {}): MesosQuery | undefined {
  const id: unknown = row.dataFrame.fields.find(({ name }) => name === 'id')?.values[row.rowIndex];
  const [, file, offset] = ID.exec(String(id)) ?? [];
  const { task_id: taskId, framework_id: frameworkId, agent_id: agentId } = row.labels;
  if (file === undefined || !taskId) {
    return undefined;
  }
  const side = options.direction === LogRowContextQueryDirection.Forward ? 'after' : 'before';
  return {
    refId: `${row.dataFrame.refId ?? 'A'}-${side}`,
    queryType: 'logs',
    ...{ taskId, frameworkId, agentId, file },
    limit: options.limit ?? LINES,
    [side]: Number(offset),
  };
}

/** Returns the request of such a query. Its time range does not matter: the offset chooses. */
export function contextRequest(row: LogRowModel, query: MesosQuery): DataQueryRequest<MesosQuery> {
  const at = dateTime(row.timeEpochMs);
  return {
    app: CoreApp.Explore,
    requestId: `${query.refId}-${row.uid}`,
    targets: [query],
    range: { from: at, to: at, raw: { from: at, to: at } },
    interval: '1s',
    intervalMs: 1000,
    scopedVars: {},
    startTime: Date.now(),
    timezone: 'browser',
  };
}
