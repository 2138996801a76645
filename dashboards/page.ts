// docs/dashboards.md: what each dashboard answers, its picture, variables and links. All but the introduction is generated.
import type { Dashboard, Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';

import { BEGIN as MARK, END } from './alerts/page.ts';
import { dashboardNames, dashboards } from './list.ts';
import type { DashboardName } from './names.ts';

/** The line after which the generated part is. */
export const BEGIN = MARK.replace('dashboards/alerts', 'dashboards');

/** The dashboards that have a picture in docs/img/dashboards, which tests/e2e/dashboards.spec.ts makes, and what it shows. */
export const PICTURES: Partial<Record<DashboardName, string>> = {
  'cluster-overview':
    'Leader, agents, frameworks, utilization and capacity over six hours, with marks of what happened',
  frameworks: 'The list of frameworks, and their tasks over six hours',
  agents: 'The list of agents, and heat maps of what is free',
  roles: 'The tree of roles with quota, and what is consumed of it',
  tasks: 'How tasks ended over six hours with marks of those that failed, and a table of these',
  capacity: 'When the cluster is full, and the forecast ahead of now as a dashed line',
  efficiency: 'Cost of a period, and a report by framework',
};

/** Returns docs/dashboards.md with its generated part made again. */
export function pageWith(page: string, made: (name: DashboardName) => Dashboard): string {
  const [before, rest] = page.split(BEGIN);
  const after = rest?.split(END)[1];
  if (after === undefined) {
    throw new Error(`docs/dashboards.md lacks the line ${rest === undefined ? BEGIN : END}`);
  }
  const sections = dashboardNames.map((name) => sectionOf(name, made(name)));
  return `${before}${BEGIN}\n\n${overview()}\n\n${sections.join('\n\n')}\n\n${END}${after}`;
}

/** The variables that the introduction explains. */
const COMMON = ['datasource', 'cluster'];

const titleOf = (name: DashboardName) => dashboards[name].definition.title;

const linkTo = (name: DashboardName) => `[${titleOf(name)}](#${titleOf(name).toLowerCase().replaceAll(' ', '-')})`;

function overview(): string {
  const rows = dashboardNames.map((name) => {
    const { uid, definition } = dashboards[name];
    return `| ${linkTo(name)} | \`${uid}\` | ${definition.about} |`;
  });
  return ['| dashboard | UID | what it shows |', '| --- | --- | --- |', ...rows].join('\n');
}

function sectionOf(name: DashboardName, { title, time, panels = [], templating }: Dashboard): string {
  const picture = PICTURES[name];
  const all = panels as Array<Panel | RowPanel>;
  const variables = (templating?.list ?? [])
    .filter((variable) => !COMMON.includes(variable.name))
    .map(({ label, description }) => `- **${label}**: ${description}`);
  return [
    `## ${title}`,
    ...(picture === undefined ? [] : [`![${picture}](img/dashboards/${name}.png)`]),
    `It opens on \`${time?.from}\` to \`${time?.to}\`. From top to bottom:`,
    rowsOf(all).join('\n'),
    ...(variables.length > 0 ? ['Its own variables:', variables.join('\n')] : []),
    `Links lead to ${listed(linksOf(name, all).map(linkTo))}.`,
  ].join('\n\n');
}

/** Rows with the titles of their panels. */
function rowsOf(panels: Array<Panel | RowPanel>): string[] {
  const rows: Array<{ title: string; panels: string[] }> = [];
  for (const { type, title = '' } of panels) {
    if (type === 'row') {
      rows.push({ title, panels: [] });
    } else {
      rows.at(-1)?.panels.push(title);
    }
  }
  return rows.map(
    ({ title, panels: titles }) =>
      `- **${title.replace('$datasource', 'A row for each data source')}**: ${titles.join(', ')}`
  );
}

/** The dashboards that links of panels lead to. */
function linksOf(name: DashboardName, panels: Array<Panel | RowPanel>): DashboardName[] {
  const text = JSON.stringify(panels);
  return dashboardNames.filter((other) => other !== name && text.includes(`/d/${dashboards[other].uid}?`));
}

const listed = (all: string[]) => (all.length > 1 ? `${all.slice(0, -1).join(', ')} and ${all.at(-1)}` : all.join(''));
