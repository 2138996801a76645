// The built executable, started as Grafana starts it and measured from outside.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { callerOf } from '../workbench/call.ts';
import { startWorkbench } from '../workbench/start.ts';
import { executableName } from '../scripts/build.ts';
import { Watched } from './processes.ts';

const UID = 'bench';

/** The plugin before a cluster. */
export interface Plugin {
  process: Watched;
  /** Asks as a panel does, over the last hour. Throws when the answer is an error. */
  ask(query: object): Promise<void>;
  /** Asks over a time in Unix seconds, with points so many seconds apart, and returns the frames. */
  range(query: object, from: number, to: number, step: number): Promise<Frame[]>;
  /** Asks an instant query of PromQL, and returns the values that it found. */
  instant(expr: string): Promise<number[]>;
  /** What the data source says of itself: the resource `status`. */
  status(): Promise<Status>;
  /** Changes the settings a little, as an edit does: all is polled again at once. */
  edit(): Promise<void>;
}

export interface Status {
  polls: Array<{ poll: string; lastSuccess: string; intervalNs: number; headNs: number; tookNs: number }>;
  history: { engine: string; series: number; bytes: number };
  problems?: Record<string, string>;
}

/** A frame as Grafana's API has it. */
export interface Frame {
  schema: { fields: Array<{ name: string; type: string; labels?: Record<string, string> }> };
  data: { values: Array<Array<number | string | null>> };
}

/** The folder of the data source's history, below that of all. */
export const HISTORY = `1-${UID}`;

export interface PluginOptions {
  /** Folder of the history on disk; absent: in memory. */
  history?: string;
  /** Takes each line of the log; absent: what went wrong is printed. */
  log?: (line: string) => void;
}

/** Starts the plugin with a data source, hands it to `measure`, and ends it. */
export async function withPlugin(
  master: string | string[],
  settings: Record<string, unknown>,
  measure: (plugin: Plugin) => Promise<void>,
  { history, log = warnings }: PluginOptions = {}
): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  let jsonData: Record<string, unknown> = { masters: [master].flat(), ...settings };
  const source = { name: 'Mesos', uid: UID, type: 'community-mesos-datasource', access: 'proxy', editable: true };
  writeFileSync(path.join(folder, 'mesos.yaml'), stringify({ apiVersion: 1, datasources: [{ ...source, jsonData }] }));
  const workbench = await startWorkbench({ provisioning: folder, port: 0, log, history });
  const call = callerOf(workbench.url);
  const answered = async (query: object, from = 'now-1h', to = 'now') => {
    const one = { refId: 'A', datasource: { uid: UID }, maxDataPoints: 1000, intervalMs: 15000, ...query };
    const { results } = await call<{ results: { A: { frames?: Frame[] } } }>('POST', '/ds/query', {
      from,
      to,
      queries: [one],
    });
    return results.A.frames ?? [];
  };
  try {
    await measure({
      process: Watched.named(executableName(), workbench.pid),
      async ask(query) {
        await answered(query);
      },
      range: (query, from, to, step) =>
        answered({ ...query, intervalMs: 1000 * step }, String(Math.round(1000 * from)), String(Math.round(1000 * to))),
      instant: async (expr) => numbersOf(await answered({ queryType: 'promql', expr, instant: true })),
      status: () => call('GET', `/datasources/uid/${UID}/resources/status`),
      async edit() {
        const limit = Number(/\d+/.exec(String(jsonData.memoryLimit ?? '256'))?.[0]);
        jsonData = { ...jsonData, memoryLimit: `${limit % 2 === 0 ? limit + 1 : limit - 1}MiB` };
        await sleep(1100); // Edits are told apart by the second.
        await call('PUT', `/datasources/uid/${UID}`, { ...source, jsonData });
      },
    });
  } finally {
    await workbench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

/** All numbers of frames, without times. */
export function numbersOf(frames: Frame[]): number[] {
  return frames.flatMap(({ schema, data }) =>
    data.values.filter((_, i) => schema.fields[i].type === 'number').flatMap((values) => values.filter(isNumber))
  );
}

function isNumber(value: number | string | null): value is number {
  return typeof value === 'number';
}

/** Of the plugin's log only what went wrong. */
function warnings(line: string): void {
  if (/\[(WARN|ERROR)\]|level=(warn|error)/i.test(line)) {
    console.error(line);
  }
}

/** What one poll of everything cost, from asking to samples written. */
export interface PollCost {
  cpu: number;
  /** Bytes the process took at most beyond what it took before. */
  added: number;
  peak: number;
}

const CHEAP = { queryType: 'promql', expr: 'mesos_up', instant: true };

/** The first poll, and more of a history that has all series. */
export async function pollCosts(
  plugin: Plugin,
  more: number
): Promise<{ idle: number; first: PollCost; more: PollCost[] }> {
  await sleep(500);
  const idle = plugin.process.memory().now;
  const first = await pollCost(plugin, () => Promise.resolve());
  const costs: PollCost[] = [];
  for (let i = 0; i < more; i++) {
    costs.push(await pollCost(plugin, () => plugin.edit()));
  }
  return { idle, first, more: costs };
}

async function pollCost(plugin: Plugin, provoke: () => Promise<void>): Promise<PollCost> {
  const since = new Date();
  await provoke();
  const { process } = plugin;
  process.forgetPeak();
  const before = { cpu: process.cpu(), memory: process.memory().now };
  await plugin.ask(CHEAP);
  for (;;) {
    const { polls, problems } = await plugin.status();
    if (problems && Object.keys(problems).length > 0) {
      throw new Error(`a poll failed: ${JSON.stringify(problems)}`);
    }
    const done = ['state', 'roles', 'snapshot'].every((kind) =>
      polls.some(({ poll, lastSuccess }) => poll === kind && new Date(lastSuccess) > since)
    );
    if (done) {
      break;
    }
    await sleep(100);
  }
  const { peak } = process.memory();
  return { cpu: process.cpu() - before.cpu, added: peak - before.memory, peak };
}
