// The address of Explore with a query.
import { pluginId } from '../../tools/scripts/grafana.ts';

/** Returns the address of Explore with one query of the data source, over the latest minutes. */
export function exploreAddress(uid: string, query: object, minutes = 5): string {
  const queries = [{ refId: 'A', datasource: { type: pluginId, uid }, ...query }];
  const panes = { a: { datasource: uid, queries, range: { from: `now-${minutes}m`, to: 'now' } } };
  return `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}
