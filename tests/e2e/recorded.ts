// A Grafana with the provisioned dashboards on six recorded hours of a simulated cluster, in which most of what can happen does,
// and with a second data source on another cluster that comes first by name.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { parse, stringify } from 'yaml';

import { type Recorded, startRecorded } from '../../dashboards/recorded.ts';
import { type Grafana, startGrafana } from '../../tools/scripts/grafana.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import sixHours from '../../tools/simulator/scenarios/six-hours.ts';
import { eventually, GrafanaApi } from './api.ts';

/** Its name comes before that of the provisioned one, and its agents are not asked. */
export const other = { uid: 'another', name: 'Another', cluster: 'elsewhere' };

export interface Stage {
  grafana: Grafana;
  api: GrafanaApi;
  recorded: Recorded;
  stop(): Promise<void>;
}

/** Starts all of it; takes about a minute and a half. */
export async function startStage(home: string): Promise<Stage> {
  const ends: Array<() => Promise<void>> = [];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) {
      await end();
    }
  };
  try {
    const recorded = await startRecorded({ scenario: sixHours, interval: 30, settings: { sandboxLogs: 'viewer' } });
    ends.push(recorded.stop);
    const live = await startLive({ plan: { cluster: other.cluster, agents: 3, tasks: 20, masters: 1 } });
    ends.push(() => live.stop());
    addOther(recorded.provisioning, live);
    const { provisioning, history } = recorded;
    const grafana = await startGrafana({ home, port: 0, provisioning, history });
    ends.push(() => grafana.stop());
    const api = new GrafanaApi(grafana.url, grafana.user, grafana.password);
    // A rate needs two polls, and measured use two passes over the agents since the start.
    const since = Math.floor(Date.now() / 1000);
    const seen = [
      { uid: other.uid, expr: 'rate(mesos_cluster_tasks_ended_total[2m])' },
      { uid: 'mesos', expr: `timestamp(mesos_cluster_cpus_used) > ${since}` },
    ];
    for (const { uid, expr } of seen) {
      await eventually(
        `${uid} has ${expr}`,
        () => api.query(uid, [{ queryType: 'promql', expr, instant: true }]),
        ({ results }) => (results.A?.frames?.[0]?.schema.fields.length ?? 0) > 0,
        240
      );
    }
    return { grafana, api, recorded, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function addOther(provisioning: string, live: Live): void {
  const file = path.join(provisioning, 'datasources', 'mesos.yaml');
  const content = parse(readFileSync(file, 'utf8')) as { datasources: object[] };
  const { masters } = live.entry;
  content.datasources.unshift({
    ...{ name: other.name, uid: other.uid, type: 'community-mesos-datasource', access: 'proxy' },
    jsonData: { masters, pollInterval: '10s' },
  });
  writeFileSync(file, stringify(content));
}
