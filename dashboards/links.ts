// Links from panels: down to one framework, agent, role or task, across to what
// happened at a moment. Those to Mesos' web UI, to rows and to logs come with the
// data source's answers (pkg/query/links.go), and follow these in the same menu.
import type { DynamicConfigValue } from '@grafana/grafana-foundation-sdk/dashboard';

import type { DashboardName } from './names.ts';

/** Stands for a dashboard's UID in a link until the file is written: a copy that is imported has other UIDs. */
const uidOf = (name: DashboardName) => `@uid(${name})`;

/** Returns a text with the UIDs of dashboards in the place of their names. */
export const withUids = (text: string, uid: (name: DashboardName) => string): string =>
  text.replace(/@uid\(([a-z-]+)\)/g, (_, name: string) => uid(name as DashboardName));

export interface Link {
  title: string;
  url: string;
}

type Place = 'series' | 'cell';

/** How Grafana names the value of a label, or of the cell that is clicked. */
const value = (place: Place, label: string) =>
  place === 'cell' ? '${__value.raw:percentencode}' : `\${__field.labels.${label}:percentencode}`;

/** Returns the path of a dashboard with the data source and the cluster that are chosen here. */
const path = (name: DashboardName, ...parameters: string[]) =>
  `/d/${uidOf(name)}?${['var-datasource=${datasource}', '${cluster:queryparam}', ...parameters].join('&')}`;

/** The time range that is shown. */
const sameTime = '${__url_time_range}';

/** Ten minutes around the point that is clicked. */
const thatTime = 'time=${__value.time}&time.window=600000';

/** Returns the link to a dashboard, with the time range that is shown. */
export const to = (name: DashboardName, title: string): Link => ({ title, url: path(name, sameTime) });

/** Returns the link to a dashboard around the moment of the point that is clicked. */
export const then = (name: DashboardName, title: string, ...parameters: string[]): Link => ({
  title,
  url: path(name, thatTime, ...parameters),
});

/** Returns the link to a dashboard around the time in the cell that is clicked. */
export const around = (name: DashboardName, title: string): Link => ({
  title,
  url: path(name, 'time=${__value.raw}&time.window=600000'),
});

/** What the values of labels lead to. */
const downs = {
  framework: { dashboard: 'frameworks', title: 'This framework' },
  agent: { dashboard: 'agents', title: 'This agent' },
  role: { dashboard: 'roles', title: 'This role' },
  task: { dashboard: 'tasks', title: 'This task' },
} as const;

export type Thing = keyof typeof downs;

/** The label that names a thing in an address. Tasks have an ID, as their names repeat. */
const label = (thing: Thing) => (thing === 'task' ? 'task_id' : thing);

/** Returns the link to the dashboard of one thing, and those to its tasks. */
export function down(thing: Thing, place: Place): Link[] {
  const { dashboard, title } = downs[thing];
  const chosen = `var-${thing}=${value(place, label(thing))}`;
  const one = { title, url: path(dashboard, chosen, sameTime) };
  return thing === 'task' ? [one] : [one, { title: 'Its tasks', url: path('tasks', chosen, sameTime) }];
}

/** Returns the same as the property of a field. */
export const linked = (links: Link[]): DynamicConfigValue => ({ id: 'links', value: links });
