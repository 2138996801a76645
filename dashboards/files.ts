// Which files are generated from the dashboards and rules written here.
import { readFile } from 'node:fs/promises';
import path from 'node:path';

import { format, resolveConfig } from 'prettier';

import { alertText, banner } from './alert-file.ts';
import { pageWith } from './alerts/page.ts';
import { overview } from './overview.ts';
import { pluginId, provisionedSource } from './query.ts';
import { measuredUse } from './measured.ts';

/** The repository's root. */
const root = path.dirname(import.meta.dirname);

/** The dashboards by the name of their file, each with the UID it is provisioned under. */
const dashboards = {
  'cluster-overview': { uid: 'mesos-overview', build: overview },
  'measured-use': { uid: 'mesos-use', build: measuredUse },
};

/** Returns a dashboard that Grafana loads from a provisioning folder. */
const provisioned = (name: keyof typeof dashboards) =>
  dashboards[name].build({ uid: dashboards[name].uid, shown: provisionedSource });

/**
 * Returns the dashboard of the data source's Dashboards tab. An import replaces `${DS_MESOS}` by the name of the data
 * source it is imported from, by which the variable finds it. Its UID is another one, as Grafana refuses to import over a
 * provisioned dashboard.
 */
function bundled(name: keyof typeof dashboards): object {
  const input = '${DS_MESOS}';
  return {
    __inputs: [
      { name: 'DS_MESOS', label: 'Mesos', description: '', type: 'datasource', pluginId, pluginName: 'Apache Mesos' },
    ],
    __requires: [{ type: 'datasource', id: pluginId, name: 'Apache Mesos', version: '0.1.0' }],
    ...dashboards[name].build({ uid: `${dashboards[name].uid}-imported`, shown: { name: input, uid: input } }),
  };
}

/** Returns a rule's link to the panel of that title. */
function linkTo(title: string) {
  const { uid, panels = [] } = provisioned('cluster-overview');
  const panel = panels.find((one) => one.title === title);
  if (!uid || !panel?.id) {
    throw new Error(`The overview has no panel "${title}" for an alert to link to.`);
  }
  return { __dashboardUid__: uid, __panelId__: String(panel.id) };
}

/** Returns the text of each generated file, by its path from the root. */
export async function files(): Promise<Map<string, string>> {
  const rules = alertText({
    sources: [provisionedSource.uid],
    panels: { 'mesos-cpu-utilization': linkTo('Utilization'), 'mesos-master-not-answering': linkTo('Polls') },
  });
  const texts = {
    ...Object.fromEntries(
      (Object.keys(dashboards) as Array<keyof typeof dashboards>).flatMap((name) => [
        [`src/dashboards/${name}.json`, JSON.stringify(bundled(name))],
        [`provisioning/dashboards/${name}.json`, JSON.stringify(provisioned(name))],
      ])
    ),
    'provisioning/alerting/mesos.yaml': banner + rules,
    'docs/alerts.md': pageWith(await readFile(path.join(root, 'docs/alerts.md'), 'utf8')),
  };
  const formatted = await Promise.all(
    Object.entries(texts).map(async ([file, text]): Promise<[string, string]> => {
      const filepath = path.join(root, file);
      return [file, await format(text, { ...(await resolveConfig(filepath)), filepath })];
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
