// What Grafana loads first. Editors come as chunks of their own when they are
// opened, so that a dashboard loads little more than the data source itself.
import { DataSourcePlugin } from '@grafana/data';

import { ConfigEditor, QueryEditor, QueryHelp } from './lazy';
import { MesosDatasource } from './datasource';
import type { MesosOptions, MesosSecureOptions } from './config/types';
import type { MesosQuery } from './query/types';

export const plugin = new DataSourcePlugin<MesosDatasource, MesosQuery, MesosOptions, MesosSecureOptions>(
  MesosDatasource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
