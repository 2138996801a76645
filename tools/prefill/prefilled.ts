// A simulated cluster with history: hours of it pass in seconds while the plugin's own collector and history record it
// (tools/prefill), then its time continues with the machine's.
//
//   const prefilled = await startPrefilled({ scenario, hours: 6 });
//   start a Grafana or workbench with history_path = prefilled.historyPath
//   await prefilled.handOver();   // closes the history: the first query opens it
//   await prefilled.stop();       // ends the cluster and removes the history
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { startControl } from '../simulator/control.ts';
import { type Entry, type Live, startLive } from '../simulator/live/live.ts';
import type { Plan } from '../simulator/live/plan.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Artifact, ensureBuilt, root } from '../scripts/build.ts';
import type { SourceSettings } from '../scripts/provision.ts';

export interface PrefillOptions {
  scenario: Scenario;
  /** Hours of history when the cluster continues live. */
  hours: number;
  /** Port of the first master; 0: any free ones. */
  port: number;
  /** What differs from the scenario's plan. */
  plan?: Partial<Plan>;
  /** Called from time to time with the written share of the history, 0 to 1. */
  progress?: (share: number) => void;
  /** The folder for the history, which stop() leaves; default: a temporary one. */
  historyPath?: string;
  /** Whether the executable is there: a container has no Go. */
  built?: boolean;
  /** Ends it before it has started. */
  signal?: AbortSignal;
}

export interface Prefilled {
  live: Live;
  /** The setting `history_path`. */
  historyPath: string;
  /** When the history begins, Unix seconds. */
  start: number;
  /** What the data source needs besides the masters. */
  settings: SourceSettings;
  /** Stops the polling that writes the history, and closes it. */
  handOver(): Promise<void>;
  /** Ends all of it and removes the history. */
  stop(): Promise<void>;
}

/** Seconds between two polls, as by default. */
export const INTERVAL = 15;

/** Seconds of the cluster before the history begins. */
const LEAD = 60;

/** Org and UID of the provisioned data source: the name of its directory. */
const SOURCE = { org: 1, uid: 'mesos' };

const executable = `tools/dist/prefill${process.platform === 'win32' ? '.exe' : ''}`;

export const prefillArtifact: Artifact = {
  name: 'prefill (go)',
  inputs: ['tools/prefill', 'pkg', 'catalogue', 'go.mod', 'go.sum'],
  outputs: [executable],
  command: ['go', 'build', '-o', executable, './tools/prefill'],
};

/** Starts a cluster and writes its history. Throws when that fails, having ended everything. */
export async function startPrefilled(options: PrefillOptions): Promise<Prefilled> {
  if (!options.built) {
    ensureBuilt([prefillArtifact]);
  }
  const started: Array<() => Promise<void> | void> = [];
  let stopping: Promise<void> | undefined;
  const stop = () =>
    (stopping ??= (async () => {
      for (const end of started.reverse()) {
        await end();
      }
    })());
  options.signal?.addEventListener('abort', () => void stop());
  try {
    // Polls at multiples of the interval, as queries ask.
    const start = Math.floor((Date.now() / 1000 - options.hours * 3600) / INTERVAL) * INTERVAL;
    const live = await startLive({
      scenario: within(options.scenario, options.hours * 3600),
      plan: { ...options.plan, start: start - LEAD },
      port: options.port,
      speed: 0,
    });
    started.push(() => live.stop());
    const control = await startControl(live, 0);
    started.push(() => control.stop());
    const historyPath = options.historyPath ?? mkdtempSync(path.join(os.tmpdir(), 'mesos-history-'));
    if (options.historyPath === undefined) {
      started.push(() => rmSync(historyPath, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 }));
    }

    const dir = path.join(historyPath, `${SOURCE.org}-${SOURCE.uid}`);
    mkdirSync(dir);
    options.signal?.throwIfAborted();
    const user = userOf(live.plan);
    const prefill = startPrefill({
      ...{ ...live.entry, control: control.url, dir, start, uid: SOURCE.uid, interval: INTERVAL },
      ...(user && { user: user.join(':') }),
    });
    started.push(() => prefill.end().catch(() => undefined));
    await prefill.present((at) => options.progress?.((at - start) / (Date.now() / 1000 - start)));
    await live.setNow(Date.now() / 1000);
    live.setSpeed(1);
    live.clearRequests();
    return { live, historyPath, start, settings: settingsFor(live.entry, user), handOver: prefill.end, stop };
  } catch (error) {
    await stop();
    throw error;
  }
}

type User = [name: string, password: string];

/** A principal that may see everything, where masters and agents require one. */
function userOf({ principals = {} }: Plan): User | undefined {
  const found = Object.entries(principals).find(([, { restricted }]) => !restricted);
  return found && [found[0], found[1].password];
}

/** As the history was written. */
function settingsFor({ agentAddress, token }: Entry, user?: User): SourceSettings {
  const [name, password] = user ?? [];
  return {
    jsonData: {
      ...{ pollInterval: `${INTERVAL}s`, agentStatistics: true, agentAddress },
      ...(token && { httpHeaderName1: 'Authorization', agentHeaders: ['Authorization'] }),
      ...(user && { agentBasicAuthUser: name }),
    },
    ...(token && { secureJsonData: { httpHeaderValue1: token, agentHeaderValue1: token } }),
    ...(user && {
      ...{ basicAuth: true, basicAuthUser: name },
      secureJsonData: { basicAuthPassword: password, agentBasicAuthPassword: password },
    }),
  };
}

/** Returns when the scenario starts: one that is shorter than the history ends with it. */
function within(scenario: Scenario, seconds: number): Scenario {
  const later = Math.max(0, LEAD + seconds - scenario.length);
  return { ...scenario, steps: scenario.steps.map((step) => ({ ...step, at: step.at + later })) };
}

export interface PrefillRun {
  masters: string[];
  /** URL of the cluster's control server. */
  control: string;
  /** Of the history: <history_path>/<org>-<uid>. */
  dir: string;
  uid: string;
  /** When the history begins, Unix seconds. */
  start: number;
  /** Seconds between two polls. */
  interval: number;
  /** user:password for masters and agents. */
  user?: string;
  /** The value of the header Authorization for masters and agents. */
  token?: string;
  /** Default: the agents' own ports. */
  agentAddress?: string;
  /** Whether agents are asked for measured use. Default: yes. */
  agentStatistics?: boolean;
  /** Default: the setting's own. */
  maxSeries?: number;
}

/** Starts the executable, which polls the cluster from `start` on as fast as it answers. Built by prefillArtifact. */
export function startPrefill({ masters, dir, uid, start, interval, ...run }: PrefillRun) {
  const { control, user = '', token = '', agentAddress = 'http://{ip}:{port}', agentStatistics, maxSeries = 0 } = run;
  const flags = {
    ...{ masters: masters.join(','), control, dir, uid, start, interval: `${interval}s`, user, token },
    agent: agentAddress,
    'agent-statistics': agentStatistics ?? true,
    'max-series': maxSeries,
  };
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(path.join(root, executable), args, { stdio: ['pipe', 'pipe', 'pipe'] });
  let said = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (said += text));
  const ended = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (code) =>
      code === 0 ? resolve() : reject(new Error(`The history could not be made: ${said.trim() || `status ${code}`}`))
    );
  });
  ended.catch(() => undefined); // callers handle the rejection
  return {
    /** Resolves when the history has reached the machine's time. */
    async present(progress: (at: number) => void): Promise<void> {
      const present = new Promise<void>((resolve) => {
        createInterface({ input: child.stdout }).on('line', (line) =>
          line === 'present' ? resolve() : progress(Number(line))
        );
      });
      const early = ended.then(() => Promise.reject(new Error('The history could not be made: it ended early')));
      await Promise.race([present, early]);
    },
    end(): Promise<void> {
      child.stdin.end();
      return ended;
    },
  };
}
