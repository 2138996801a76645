// What every dashboard has: the variables, the time range, the events over its
// graphs, the way to the other dashboards, and rows of panels.
import {
  type Dashboard,
  DashboardBuilder,
  DashboardCursorSync,
  DashboardLinkBuilder,
  DashboardLinkType,
  type Panel,
  RowBuilder,
} from '@grafana/grafana-foundation-sdk/dashboard';

import { annotations, FAILED } from './annotations.ts';
import { linked, then, to, withUids } from './links.ts';
import type { DashboardName } from './names.ts';
import type { AnyPanel } from './panels.ts';
import { datasource, type Label } from './query.ts';
import { entity, type Source, source, sources, type Variable } from './variables.ts';

/** Rows of the grid: a title, and panels whose widths fill one or more lines. */
export type Rows = Record<string, AnyPanel[]>;

/** What one dashboard has of its own. */
export interface Definition {
  title: string;
  about: string;
  /** The labels that variables filter by, beside the cluster. */
  filters?: Label[];
  /** Other variables, behind those. */
  variables?: Variable[];
  /** Absent: the last hour. */
  time?: { from: string; to: string };
  /** Whether failed tasks are marked at once. They may be more than a graph can show. */
  marksFailures?: boolean;
  /** Whether it has a row for each data source, and no events. */
  fleet?: boolean;
  /** Another dashboard and its title in a link: where numbers and lines lead that have no links of their own. */
  across?: [DashboardName, string];
  rows: Rows;
}

/** Returns the properties of a panel's fields by which they lead to another dashboard. */
const leadingTo = ({ type }: Panel, [name, title]: [DashboardName, string]) => ({
  matcher: { id: 'byType', options: 'number' },
  properties: [linked([type === 'timeseries' ? then(name, `${title} then`) : to(name, title)])],
});

/** Where a dashboard is used: its UID and those of the others, and the data source that it opens on. */
interface Site {
  uid: (name: DashboardName) => string;
  shown: Source;
}

/** Returns the dashboard, as Grafana loads it. */
export function frame(name: DashboardName, definition: Definition, { uid, shown }: Site): Dashboard {
  const { title, about, filters = [], variables = [], time, marksFailures = false, fleet, across, rows } = definition;
  const dashboard = new DashboardBuilder(title)
    .uid(uid(name))
    .description(about)
    .tags(['mesos'])
    .editable()
    .timezone('browser')
    .time(time ?? { from: 'now-1h', to: 'now' })
    .refresh('30s')
    .tooltip(DashboardCursorSync.Crosshair)
    .link(
      new DashboardLinkBuilder('Mesos dashboards')
        .type(DashboardLinkType.Dashboards)
        .tags(['mesos'])
        .asDropdown(true)
        .includeVars(true)
        .keepTime(true)
    )
    .annotations(fleet ? [] : annotations(filters, marksFailures));
  const common = fleet ? [sources()] : [source(shown), entity('cluster'), ...filters.map(entity)];
  for (const variable of [...common, ...variables]) {
    dashboard.withVariable(variable);
  }
  let id = 0;
  for (const [row, panels] of Object.entries(rows)) {
    const header = new RowBuilder(row).id(++id);
    if (fleet) {
      header.datasource(datasource).repeat('datasource');
    }
    dashboard.withRow(header);
    for (const panel of panels) {
      dashboard.withPanel(panel.id(++id));
    }
  }
  const built = dashboard.build();
  // Rows of states are of other things than the tasks that failed, or of one task.
  const timelines = (built.panels as Panel[]).filter(({ type }) => type === 'state-timeline').map((panel) => panel.id!);
  for (const annotation of built.annotations?.list ?? []) {
    if (annotation.name === FAILED && timelines.length > 0) {
      annotation.filter = { exclude: true, ids: timelines };
    }
  }
  for (const panel of across ? (built.panels as Panel[]) : []) {
    const { type, fieldConfig } = panel;
    if (['stat', 'timeseries'].includes(type) && !JSON.stringify(fieldConfig).includes('"links"')) {
      fieldConfig!.overrides.push(leadingTo(panel, across!));
    }
  }
  return JSON.parse(withUids(JSON.stringify(built), uid));
}
