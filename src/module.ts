// The entry point that Grafana loads. Editors are chunks of their own, loaded when
// they are opened, so that a dashboard loads little more than the data source.
import { DataSourcePlugin } from '@grafana/data';
import { initPluginTranslations } from '@grafana/i18n';

import { ConfigEditor, QueryEditor, QueryHelp } from './lazy';
import { MesosDatasource } from './datasource';
import pluginJson from './plugin.json';
import type { MesosOptions, MesosSecureOptions } from './config/types';
import type { MesosQuery } from './query/types';

// Grafana has loaded the texts of the user's language (src/locales) by now. It waits for the module.
await initPluginTranslations(pluginJson.id);

export const plugin = new DataSourcePlugin<MesosDatasource, MesosQuery, MesosOptions, MesosSecureOptions>(
  MesosDatasource
)
  .setConfigEditor(ConfigEditor)
  .setQueryEditor(QueryEditor)
  .setQueryEditorHelp(QueryHelp);
