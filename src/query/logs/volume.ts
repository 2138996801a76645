// The volume of logs, which Explore draws above the lines: how many there are over time, by severity. The backend counts
// them (pkg/query/logs_volume.go), as it reads more lines than it shows.
import { type DataQueryRequest, SupplementaryQueryType } from '@grafana/data';

import { isRunnable } from '../defaults';
import type { MesosQuery } from '../types';

type Request = DataQueryRequest<MesosQuery>;

/** Returns the query for the volume of a query's lines; undefined where it has no lines. */
export function volumeQuery(query: MesosQuery): MesosQuery | undefined {
  if (query.queryType !== 'logs' || !isRunnable(query)) {
    return undefined;
  }
  const { live: _live, limit: _limit, ...rest } = query;
  // Explore finds the query of the lines by this name (public/app/features/logs/logsModel.ts).
  return { ...rest, refId: `log-volume-${query.refId}`, volume: true };
}

/** Returns the request for the volumes of a request's lines; undefined where it has no lines. */
export function volumeRequest(request: Request): Request | undefined {
  const targets = request.targets.flatMap((query) => volumeQuery(query) ?? []);
  // Grafana changes the variables of this request.
  return targets.length > 0 ? { ...request, targets, scopedVars: { ...request.scopedVars } } : undefined;
}

/** Returns the kinds of supplementary queries that there are for a request: every query of Explore is asked. */
export function supplementaryTypes(request?: DataQueryRequest): SupplementaryQueryType[] {
  const hasLines = !request || (request as Request).targets.some((query) => volumeQuery(query) !== undefined);
  return hasLines ? [SupplementaryQueryType.LogsVolume] : [];
}
