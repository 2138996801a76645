// The entry point that Grafana loads. Editors are chunks of their own, loaded when
// they are opened, so that a dashboard loads little more than the data source.
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
