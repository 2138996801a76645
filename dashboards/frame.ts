// The variables, the time range and the rows of panels that every dashboard has.
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DatasourceVariableBuilder,
  QueryVariableBuilder,
  RowBuilder,
  VariableRefresh,
} from '@grafana/grafana-foundation-sdk/dashboard';

import { annotations } from './annotations.ts';
import type { AnyPanel } from './panels.ts';
import { datasource, pluginId } from './query.ts';

/** Rows of the grid: a title, and panels whose widths fill one or more lines. */
export type Rows = Record<string, AnyPanel[]>;

export interface Frame {
  uid: string;
  /** The data source that is shown when the dashboard opens, unless a link or a saved choice names another. */
  shown: { name: string; uid: string };
  title: string;
  about: string;
  /** The rows that the variable `framework` filters. */
  filters: string;
  rows: Rows;
}

/** Returns the dashboard, as Grafana loads it. */
export function frame({ uid, shown, title, about, filters, rows }: Frame): Dashboard {
  const dashboard = new DashboardBuilder(title)
    .uid(uid)
    .description(about)
    .tags(['mesos'])
    .editable()
    .timezone('browser')
    .time({ from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .annotations(annotations)
    .withVariable(
      new DatasourceVariableBuilder('datasource')
        .label('Mesos')
        .type(pluginId)
        .current({ text: shown.name, value: shown.uid })
    )
    .withVariable(
      new QueryVariableBuilder('framework')
        .label('Framework')
        .description(`Filters ${filters}`)
        .datasource(datasource)
        .query({ refId: 'framework', queryType: 'variable', variable: { entities: { entity: 'framework' } } })
        .refresh(VariableRefresh.OnTimeRangeChanged)
        .multi(true)
        .includeAll(true)
        .allValue('.*')
        .current({ text: ['All'], value: ['$__all'] })
    );
  let id = 0;
  for (const [name, panels] of Object.entries(rows)) {
    dashboard.withRow(new RowBuilder(name).id(++id));
    for (const panel of panels) {
      dashboard.withPanel(panel.id(++id));
    }
  }
  return JSON.parse(JSON.stringify(dashboard.build()));
}
