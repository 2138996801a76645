// Hours of a simulated cluster, recorded in seconds by the plugin's collector (tools/prefill), and the plugin on them.
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { prefillArtifact, startPrefill } from '../tools/prefill/prefilled.ts';
import { ensureBuilt, plugin } from '../tools/scripts/build.ts';
import { provisioningFor } from '../tools/scripts/provision.ts';
import { startControl } from '../tools/simulator/control.ts';
import { type Live, startLive } from '../tools/simulator/live/live.ts';
import type { Scenario } from '../tools/simulator/scenarios/scenario.ts';
import { workbenchArtifacts } from '../tools/workbench/build.ts';
import { startWorkbench } from '../tools/workbench/start.ts';
import { provisionedSource } from './query.ts';

export interface Recording {
  scenario: Scenario;
  /** Seconds between two polls. */
  interval: number;
  agentStatistics?: boolean;
  maxSeries?: number;
  /** Other settings of the data source. */
  settings?: Record<string, unknown>;
}

/** Seconds of the cluster before the history begins. */
const LEAD = 60;

/** Seconds between two moments at which a recording may begin: a multiple of all intervals and of the cron jobs' periods. */
const ALIGNED = 1200;

const DAY = 86_400;
const NOON = 43_200;

/** A recorded cluster, whose time goes on with the machine's. */
export interface Recorded {
  live: Live;
  /** The setting `history_path`. */
  history: string;
  /** Grafana's folder of the same name, with the data source of the provisioned dashboards and rules on this cluster. */
  provisioning: string;
  /** When the scenario began and the recording ended, Unix seconds. */
  begin: number;
  end: number;
  /** Ends the cluster and removes the files. */
  stop(): Promise<void>;
}

/** Records a scenario. Throws when that fails, having ended everything. */
export async function startRecorded(recording: Recording): Promise<Recorded> {
  ensureBuilt([prefillArtifact]);
  const { scenario, interval, agentStatistics = true, maxSeries, settings } = recording;
  const ends: Array<() => unknown> = [];
  const stop = async () => {
    for (const end of ends.splice(0).reverse()) {
      await end();
    }
  };
  try {
    // The same course whenever it is run: cron jobs begin at multiples of ten minutes, and the load follows the time of day.
    const start = Math.floor((Date.now() / 1000 - scenario.length - LEAD) / ALIGNED) * ALIGNED;
    const dayShift = (((NOON - start) % DAY) + DAY) % DAY;
    const live = await startLive({ scenario, plan: { dayShift, start: start - LEAD }, speed: 0 });
    ends.push(() => live.stop());
    const control = await startControl(live, 0);
    ends.push(() => control.stop());
    const history = mkdtempSync(path.join(os.tmpdir(), 'mesos-recording-'));
    ends.push(() => rmSync(history, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    const dir = path.join(history, `1-${provisionedSource.uid}`);
    mkdirSync(dir);
    const prefill = startPrefill({
      ...{ ...live.entry, control: control.url, dir, start, uid: provisionedSource.uid, interval },
      ...{ agentStatistics, maxSeries },
    });
    ends.push(() => prefill.end().catch(() => undefined));
    await prefill.present(() => undefined);
    const end = Date.now() / 1000;
    await prefill.end();
    await live.setNow(Date.now() / 1000);
    live.setSpeed(1);

    const { agentAddress } = live.entry;
    const jsonData = { pollInterval: `${interval}s`, agentStatistics, agentAddress, ...settings };
    const provisioning = provisioningFor(live.masters, provisionedSource.name, { jsonData });
    ends.push(() => rmSync(provisioning, { recursive: true }));
    return { live, history, provisioning, begin: start - LEAD, end, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** Records a scenario, calls `ask` with the address of the workbench's host on it, and ends everything. */
export async function withRecording<T>(
  recording: Recording,
  ask: (url: string, recorded: Recorded) => Promise<T>
): Promise<T> {
  ensureBuilt([prefillArtifact, ...plugin, ...workbenchArtifacts]); // so that it takes no time later
  const recorded = await startRecorded(recording);
  try {
    const { provisioning, history } = recorded;
    const workbench = await startWorkbench({ provisioning, port: 0, history, rules: true, log: () => undefined });
    try {
      await fetch(`${workbench.url}/api/datasources/uid/${provisionedSource.uid}/health`);
      await historyOf(workbench.url, recorded);
      return await ask(workbench.url, recorded);
    } finally {
      await workbench.stop();
    }
  } finally {
    await recorded.stop();
  }
}

/** Waits until the history is open: the plugin answers without it meanwhile. */
async function historyOf(url: string, { end }: Recorded): Promise<void> {
  const at = String(Math.floor(end) * 1000);
  const query = { refId: 'A', datasource: { uid: provisionedSource.uid }, queryType: 'promql', expr: 'mesos_up' };
  for (
    const until = Date.now() + 60_000;
    Date.now() < until;
    await new Promise((resolve) => setTimeout(resolve, 100))
  ) {
    const answer = await fetch(`${url}/api/ds/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ from: at, to: at, queries: [{ ...query, instant: true }] }),
    });
    const { results } = (await answer.json()) as {
      results: { A: { frames?: Array<{ data: { values: unknown[] } }> } };
    };
    if (results.A.frames?.some(({ data }) => data.values.length > 0)) {
      return;
    }
  }
  throw new Error('the recorded history did not open within a minute');
}
