// Which files are generated from the dashboards and rules written here.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import { alertText, banner } from './alert-file.ts';
import { pageWith as alertsPageWith } from './alerts/page.ts';
import { frame } from './frame.ts';
import { dashboardNames, dashboards } from './list.ts';
import type { DashboardName } from './names.ts';
import { pageWith } from './page.ts';
import { pluginId, provisionedSource } from './query.ts';

/** The repository's root. */
const root = path.dirname(import.meta.dirname);

const provisionedUid = (name: DashboardName) => dashboards[name].uid;

/** Returns a dashboard that Grafana loads from a provisioning folder. */
const provisioned = (name: DashboardName) =>
  frame(name, dashboards[name].definition, { uid: provisionedUid, shown: provisionedSource });

/**
 * Returns the dashboard of the data source's Dashboards tab. An import replaces `${DS_MESOS}` by the name of the data
 * source it is imported from, by which the variable finds it. Its UID is another one, as Grafana refuses to import over a
 * provisioned dashboard, and its links lead to others that were imported.
 */
function bundled(name: DashboardName): object {
  const input = '${DS_MESOS}';
  return {
    __inputs: [
      { name: 'DS_MESOS', label: 'Mesos', description: '', type: 'datasource', pluginId, pluginName: 'Apache Mesos' },
    ],
    __requires: [{ type: 'datasource', id: pluginId, name: 'Apache Mesos', version: '0.1.0' }],
    ...frame(name, dashboards[name].definition, {
      uid: (other) => `${provisionedUid(other)}-imported`,
      shown: { name: input, uid: input },
    }),
  };
}

/**
 * Returns the overview for a public dashboard, which cannot resolve variables: without any, on the data source of
 * provisioning/datasources/mesos.yaml.
 */
function shared(): object {
  const { templating: _, annotations: __, links: ___, ...overview } = provisioned('cluster-overview');
  const text = JSON.stringify({ ...overview, uid: 'mesos-public', title: 'Mesos cluster, to be shared' })
    .replaceAll('${datasource}', provisionedSource.uid)
    .replace(/\$(cluster|framework|agent|role)\b/g, '.*');
  const plain = JSON.parse(text) as { panels: Array<{ type: string; fieldConfig?: { overrides?: Override[] } }> };
  for (const { type, fieldConfig } of plain.panels) {
    if (type !== 'row' && fieldConfig) {
      // Its readers have no other dashboard, and no Explore, where the links of answers lead.
      const others = (fieldConfig.overrides ?? [])
        .map((one) => ({ ...one, properties: one.properties.filter(({ id }) => id !== 'links') }))
        .filter(({ properties }) => properties.length > 0);
      const none = { matcher: { id: 'byRegexp', options: '/.*/' }, properties: [{ id: 'links', value: [] }] };
      fieldConfig.overrides = [...others, none];
    }
  }
  return plain;
}

interface Override {
  matcher: object;
  properties: Array<{ id: string; value?: unknown }>;
}

/** Returns a rule's link to the panel of that title. */
function linkTo(name: DashboardName, title: string) {
  const { uid, panels = [] } = provisioned(name);
  const panel = panels.find((one) => one.title === title);
  if (!uid || !panel?.id) {
    throw new Error(`The dashboard ${name} has no panel "${title}" for an alert to link to.`);
  }
  return { __dashboardUid__: uid, __panelId__: String(panel.id) };
}

/** Returns the text of each generated file, by its path from the root. */
export async function files(): Promise<Map<string, string>> {
  const rules = alertText({
    sources: [provisionedSource.uid],
    panels: {
      'mesos-cpu-utilization': linkTo('cluster-overview', 'Utilization'),
      'mesos-master-not-answering': linkTo('cluster-overview', 'Polls'),
    },
  });
  const texts = {
    ...Object.fromEntries(
      dashboardNames.flatMap((name) => [
        [`src/dashboards/${name}.json`, JSON.stringify(bundled(name))],
        [`provisioning/dashboards/${name}.json`, JSON.stringify(provisioned(name))],
      ])
    ),
    'provisioning/dashboards/public-overview.json': JSON.stringify(shared()),
    'provisioning/alerting/mesos.yaml': banner + rules,
    'docs/alerts.md': alertsPageWith(await readFile(path.join(root, 'docs/alerts.md'), 'utf8')),
    'docs/dashboards.md': pageWith(await readFile(path.join(root, 'docs/dashboards.md'), 'utf8'), provisioned),
  };
  const formatted = await Promise.all(
    Object.entries(texts).map(async ([file, text]): Promise<[string, string]> => {
      const filepath = path.join(root, file);
      // Texts of rules have a line each in dashboards/alerts. In YAML, lines that are wrapped would be hard to search.
      const proseWrap = file.endsWith('.md') ? 'always' : 'preserve';
      return [file, await format(text, { ...(await resolveConfig(filepath)), filepath, proseWrap })];
    })
  );
  return new Map(formatted);
}

/** Returns the files that differ from what is generated now. */
export async function stale(): Promise<string[]> {
  const wanted = await files();
  const present = await Promise.all(
    [...wanted.keys()].map((file) => readFile(path.join(root, file), 'utf8').catch(() => undefined))
  );
  return [...wanted].filter(([, text], i) => present[i] !== text).map(([file]) => file);
}
