// The settings that Grafana has in its boot data, read from the host here: settings of each, with the plugin's plugin.json as their meta.
import type { DataSourceInstanceSettings, DataSourcePluginMeta, DataSourceSettings } from '@grafana/data';

import { backendSrv } from './backendSrv.ts';

/** The settings of all data sources the host knows; there is at least one. */
export async function loadSettings(): Promise<DataSourceInstanceSettings[]> {
  const list = await backendSrv.get<DataSourceSettings[]>('/api/datasources');
  const meta = await loadMeta(list[0].type);
  return list.map((one) => ({
    id: one.id,
    uid: one.uid,
    type: one.type,
    name: one.name,
    meta,
    readOnly: one.readOnly,
    isDefault: one.isDefault,
    access: 'proxy',
    // In a browser Grafana shows its proxy's address, never the stored one.
    url: `/api/datasources/proxy/uid/${one.uid}`,
    jsonData: one.jsonData,
    database: one.database,
  }));
}

async function loadMeta(id: string): Promise<DataSourcePluginMeta> {
  const base = `public/plugins/${id}`;
  const meta = await backendSrv.get<DataSourcePluginMeta>(`/${base}/plugin.json`);
  const logos = { small: `/${base}/${meta.info.logos.small}`, large: `/${base}/${meta.info.logos.large}` };
  return { ...meta, module: `${base}/module.js`, baseUrl: base, info: { ...meta.info, logos } };
}
