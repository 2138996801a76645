// The target of the attacks: the executable, started as Grafana starts it, with a data source whose cluster has six hours
// of history on disk, one with 100,000 tasks whose history is not kept, three with names that a tenant
// chose, and one whose agents have files that nobody should read whole.
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { type Generated, startGenerator, Watched } from '../bench/processes.ts';
import { prefillArtifact, startPrefill } from '../prefill/prefilled.ts';
import { ensureBuilt, executableName } from '../scripts/build.ts';
import { callerOf } from '../workbench/call.ts';
import { startWorkbench } from '../workbench/start.ts';
import { startNames } from './names.ts';
import { startSandboxes } from './sandboxes.ts';
import { ask, instant, type Uid } from './requests.ts';

/** Seconds between two polls: the least the plugin allows. */
export const INTERVAL = 10;

/** The cluster with history: each of its task series has 1,440 samples, so that a table of one has 2.9 million rows. */
const HISTORY = { hours: 6, interval: 15, agents: 200, tasks: 2_000 };

/** The cluster whose task history is not kept: so many agents that /state is polled every two minutes. */
const LARGE = { agents: 5_000, tasks: 100_000 };

/** A master whose time follows the machine's, and when it was polled. */
export interface PolledMaster {
  uid: Uid;
  master: Generated;
  /** Moments in ms at which another request for /metrics/snapshot had come. */
  polls: number[];
}

export interface Stage {
  url: string;
  /** The plugin's process; undefined while there is none. */
  plugin(): Watched | undefined;
  masters: PolledMaster[];
  /** Lines of the plugin's log that tell of a panic. */
  panics: string[];
  /** Paths outside of sandboxes that an agent was asked for. */
  outside: string[];
  stop(): Promise<void>;
}

export interface StageOptions {
  /** Folder of a built plugin; absent: this repository's, built when it is outdated. */
  plugin?: string;
  /** Is called with what is being prepared. */
  tell: (text: string) => void;
}

/** Prepares the target; takes about a minute and a half. */
export async function startStage({ plugin, tell }: StageOptions): Promise<Stage> {
  const started: Array<() => Promise<void> | void> = [];
  const stop = async () => {
    for (const end of started.splice(0).reverse()) {
      await end();
    }
  };
  const owned = <T extends { stop(): Promise<void> }>(one: T): T => {
    started.push(() => one.stop());
    return one;
  };
  try {
    ensureBuilt([prefillArtifact]);
    const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-hostile-'));
    started.push(() => rmSync(folder, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    const history = path.join(folder, 'history');
    const start = Math.floor((Date.now() / 1000 - HISTORY.hours * 3600) / HISTORY.interval) * HISTORY.interval;

    tell(`${HISTORY.hours} hours of history of ${HISTORY.tasks} tasks`);
    const size = ['--agents', String(HISTORY.agents), '--tasks', String(HISTORY.tasks)];
    const small = owned(await startGenerator('small', [...size, '--start', String(start - 60)]));
    const large = owned(
      await startGenerator('large', ['--agents', String(LARGE.agents), '--tasks', String(LARGE.tasks)])
    );
    const prefill = await fill(small, path.join(history, '1-mesos'), start, started);
    await fetch(`${large.master}/state`, { headers: { 'Accept-Encoding': 'gzip' } }).then((state) =>
      state.arrayBuffer()
    );

    const outside: string[] = [];
    const masters: Record<Uid, string> = {
      mesos: small.master,
      large: large.master,
      names: owned(await startNames('names')).url,
      giant: owned(await startNames('giant')).url,
      odd: owned(await startNames('odd')).url,
      files: owned(await startNames('files')).url,
    };
    const { agentAddress } = owned(await startSandboxes((path) => outside.push(path)));
    const provisioning = path.join(folder, 'provisioning');
    mkdirSync(provisioning);
    writeFileSync(
      path.join(provisioning, 'hostile.yaml'),
      stringify({
        apiVersion: 1,
        datasources: Object.entries(masters).map(([uid, url]) => sourceOf(uid as Uid, url, agentAddress)),
      })
    );

    const polled: PolledMaster[] = [
      { uid: 'mesos', master: small, polls: [] },
      { uid: 'large', master: large, polls: [] },
    ];
    const panics: string[] = [];
    const log = (line: string) => void (/panic|fatal error|goroutine \d+/i.test(line) && panics.push(line));
    tell('the plugin');
    const workbench = owned(await startWorkbench({ provisioning, port: 0, history, plugin, log }));
    await prefill.end();
    polled.forEach((one) => started.push(follow(one)));
    await collecting(workbench.url);
    return { url: workbench.url, plugin: pluginFinder(), masters: polled, panics, outside, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

function sourceOf(uid: Uid, master: string, agentAddress: string): object {
  return {
    ...{ name: uid, uid, type: 'community-mesos-datasource', access: 'proxy' },
    jsonData: {
      ...{ masters: [master], pollInterval: `${INTERVAL}s` },
      taskSeries: uid === 'large' ? 'never' : 'always',
      clusterName: uid,
      // Viewers may read logs. But for the files that are attacked no agent is asked, as there are none.
      sandboxLogs: 'viewer',
      ...(uid === 'files' ? { agentAddress } : { agentHosts: 'nobody' }),
    },
  };
}

async function fill(cluster: Generated, dir: string, start: number, started: Array<() => Promise<void> | void>) {
  mkdirSync(dir, { recursive: true });
  const prefill = startPrefill({
    ...{ masters: [cluster.master], control: cluster.control, dir, uid: 'mesos', start },
    ...{ interval: HISTORY.interval, agentStatistics: false },
  });
  started.push(() => prefill.end().catch(() => undefined));
  await prefill.present(() => {});
  return prefill;
}

/** Looks for the plugin among the processes below this one; again only when the one that was found has ended. */
function pluginFinder(): () => Watched | undefined {
  let found: Watched | undefined;
  return () => {
    try {
      found?.cpu();
      return (found ??= Watched.named(executableName()));
    } catch {
      return (found = undefined);
    }
  };
}

/** Lets a cluster's time follow the machine's, and notes its polls. */
function follow({ master, polls }: PolledMaster): () => Promise<void> {
  const ended = new AbortController();
  const shift = master.start - Date.now() / 1000;
  let count = 0;
  const running = (async () => {
    while (!ended.signal.aborted) {
      // The cluster with history has the machine's time, the other begins at a time of its own.
      const now = Math.abs(shift) < 7 * 3600 ? Date.now() / 1000 : shift + Date.now() / 1000;
      await fetch(`${master.control}/clock?now=${now}`, { method: 'POST' });
      const traffic = (await (await fetch(`${master.control}/traffic`)).json()) as { requests: Record<string, number> };
      const requests = traffic.requests['/metrics/snapshot'] ?? 0;
      if (requests > count) {
        polls.push(Date.now());
      }
      count = requests;
      await sleep(500, undefined, { signal: ended.signal }).catch(() => undefined);
    }
  })();
  return async () => {
    ended.abort();
    await running.catch(() => undefined);
  };
}

/** Waits until everything of the two large data sources was polled once. */
async function collecting(url: string): Promise<void> {
  const call = callerOf(url);
  for (const uid of ['mesos', 'large'] as const) {
    const { path: to, body } = ask(instant('mesos_up', { uid }));
    await call('POST', to.replace('/api', ''), body as object);
    for (const end = Date.now() + 120_000; ; await sleep(200)) {
      const { polls } = await call<{ polls: Array<{ poll: string; lastSuccess: string }> }>(
        'GET',
        `/datasources/uid/${uid}/resources/status`
      );
      const done = (poll: string) => polls.some((one) => one.poll === poll && Date.parse(one.lastSuccess) > 0);
      if (done('state') && done('snapshot')) {
        break;
      }
      if (Date.now() > end) {
        throw new Error(`the data source ${uid} polled nothing in two minutes`);
      }
    }
  }
}
