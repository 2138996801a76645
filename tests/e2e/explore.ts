// The address of Explore with a query.
import type { Page } from '@playwright/test';

import { pluginId } from '../../tools/scripts/grafana.ts';
import type { Query } from './api.ts';

/** Returns the address of Explore with one query of the data source, over the latest minutes. */
export function exploreAddress(uid: string, query: object, minutes = 5): string {
  const queries = [{ refId: 'A', datasource: { type: pluginId, uid }, ...query }];
  const panes = { a: { datasource: uid, queries, range: { from: `now-${minutes}m`, to: 'now' } } };
  return `/explore?schemaVersion=1&orgId=1&panes=${encodeURIComponent(JSON.stringify(panes))}`;
}

/** The queries of Explore, from its address. */
export function queriesOf(page: Page): Query[] {
  const panes = JSON.parse(new URL(page.url()).searchParams.get('panes') ?? '{}') as Record<
    string,
    { queries: Query[] }
  >;
  return Object.values(panes)[0]?.queries ?? [];
}
