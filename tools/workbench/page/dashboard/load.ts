// The dashboards of the plugin: those that plugin.json includes.
// Grafana imports them with the name of a data source where their inputs ask for
// one; here the page's data source answers every query anyway.
import type { DataSourcePluginMeta } from '@grafana/data';

import { backendSrv } from '../grafana/backendSrv.ts';
import type { Dashboard } from './model.ts';

/** Reads all of them. It fails with the host's answer when the built plugin lacks a file. */
export function loadDashboards(meta: DataSourcePluginMeta): Promise<Dashboard[]> {
  const paths = (meta.includes ?? []).flatMap(({ type, path }) => (type === 'dashboard' && path ? [path] : []));
  return Promise.all(paths.map((path) => backendSrv.get<Dashboard>(`/${meta.baseUrl}/${path}`)));
}
