// The executable while the event stream has faults: clusters so large that the model is kept by events between two /state,
// each with one of the faults, all at once in real time. What is compared: every sample of the model with the truth of its
// moment, how old samples are, the event log and the counters made of it, and the memory of the process.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { Watched as Process } from '../bench/processes.ts';
import { executableName } from '../scripts/build.ts';
import { startLive, type Live } from '../simulator/live/live.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Call, callerOf } from '../workbench/call.ts';
import { startWorkbench } from '../workbench/start.ts';
import { type Afterwards, AFTER, EXPRS, judgeChaos, type LoggedEvent } from './chaos-judge.ts';
import type { Answer } from './compare.ts';
import type { Verdict } from './judge.ts';
import type { Frame } from './shipped.ts';
import { watchWaits } from './waits.ts';

/** Seconds between two polls: the least the plugin allows. */
export const INTERVAL = 10;

/** From 500 agents on, /state is seldom asked for while events keep the model. */
const SIZE = { agents: 520, tasks: 600 };

/** Seconds between two moments that are compared. */
const STEP = 10;

/** Most queries in a request. */
const BATCH = 20;

/** The most that the executable's memory may grow by while the stream has faults: less than one of the long records. */
const GROWTH = 80e6;

interface Watch {
  uid: string;
  scenario: Scenario;
  live: Live;
  /** One moment by both clocks. */
  both: { cluster: number; plugin: number };
}

export type Chaos = Array<{ name: string; verdict: Verdict }>;

/** The time from the beginning until all has been compared, of scenarios as they are written. */
export const WHOLE = 150;

/** Runs scenarios, all at once, in so many seconds, and compares each. */
export async function watchChaos(scenarios: Scenario[], seconds: number): Promise<Chaos> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-chaos-'));
  const watches: Watch[] = [];
  try {
    for (const scenario of scenarios.map((one) => within(one, seconds / WHOLE))) {
      const live = await startLive({ scenario, speed: 0, plan: { ...scenario.plan, ...SIZE }, agentPorts: 1 });
      watches.push({ uid: `chaos-${scenario.name}`, scenario, live, both: { cluster: live.now(), plugin: 0 } });
    }
    return await watched(watches, folder, seconds);
  } finally {
    await Promise.all(watches.map(({ live }) => live.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

/** A scenario that takes less time, or more. */
function within(scenario: Scenario, scale: number): Scenario {
  return { ...scenario, steps: scenario.steps.map((step) => ({ ...step, at: step.at * scale })) };
}

async function watched(watches: Watch[], folder: string, seconds: number): Promise<Chaos> {
  writeFileSync(
    path.join(folder, 'chaos.yaml'),
    stringify({ apiVersion: 1, datasources: watches.map(({ uid, live }) => sourceOf(uid, live)) })
  );
  const log: string[] = [];
  const workbench = await startWorkbench({
    ...{ provisioning: folder, port: 0, history: path.join(folder, 'history') },
    log: (line) => log.push(line),
  });
  const call = callerOf(workbench.url);
  try {
    const from = Date.now() / 1000;
    for (const { live, both } of watches) {
      live.setSpeed(1);
      Object.assign(both, { cluster: live.now(), plugin: Date.now() / 1000 });
    }
    // The first query begins to poll.
    await Promise.all(watches.map(({ uid }) => instants(call, uid, ['mesos_up'], from)));
    const waiting = watchWaits(workbench.pid);
    const [first, last] = [Math.min, Math.max].map((of) =>
      of(...watches.flatMap(({ scenario }) => scenario.steps.map(({ at }) => at)))
    );
    await sleep(1000 * (from + first - 1 - Date.now() / 1000));
    const memory = memoryOf(workbench.pid);
    await sleep(1000 * (from + last + 1 - Date.now() / 1000));
    const grown = memory?.();
    const to = from + seconds;
    await sleep(1000 * (to - Date.now() / 1000));
    const late = waiting.stop();
    const found: Chaos = [];
    for (const watch of watches) {
      const verdict = judgeChaos({ ...(await afterwards(call, watch, from, to)), late });
      if (watch.scenario.name === 'stream-long' && grown !== undefined) {
        verdict.checks++;
        verdict.lines.push(`memory of the executable: ${mb(grown.before)} before, ${mb(grown.peak)} at most`);
        if (grown.peak - grown.before > GROWTH) {
          verdict.deviations.push(`its memory grew by ${mb(grown.peak - grown.before)}, allowed are ${mb(GROWTH)}`);
        }
      }
      found.push({ name: watch.scenario.name, verdict });
    }
    return found;
  } finally {
    await workbench.stop();
    if (process.env.CHAOS_LOG) {
      writeFileSync(process.env.CHAOS_LOG, log.join('\n'));
    }
  }
}

/** Begins to watch the memory of the plugin below a process; the result returns what it was before, and at most since. */
function memoryOf(host: number): (() => { before: number; peak: number }) | undefined {
  if (process.platform !== 'linux') {
    return undefined;
  }
  const plugin = Process.named(executableName(), host);
  const before = plugin.memory().now;
  plugin.forgetPeak();
  return () => ({ before, peak: plugin.memory().peak });
}

const mb = (bytes: number) => `${Math.round(bytes / 1e6)} MB`;

function sourceOf(uid: string, live: Live): object {
  return {
    ...{ name: uid, uid, type: 'community-mesos-datasource', access: 'proxy' },
    jsonData: { masters: live.entry.masters, pollInterval: `${INTERVAL}s`, agentStatistics: false },
  };
}

/** What the plugin answers about a cluster at every moment, and its events. */
async function afterwards(
  call: Call,
  { uid, scenario, live, both }: Watch,
  from: number,
  to: number
): Promise<Omit<Afterwards, 'late'>> {
  const moments: Afterwards['moments'] = [];
  for (let at = Math.ceil(from + INTERVAL); at <= to; at += STEP) {
    const exprs = EXPRS.flatMap((expr) => [expr, `timestamp(${expr})`]);
    moments.push({ at, answers: new Map((await instants(call, uid, exprs, at)).map((one) => [one.expr, one])) });
  }
  return {
    ...{ scenario, live, interval: INTERVAL, from, to, moments },
    begins: from + Math.min(...scenario.steps.map((step) => step.at)),
    right: from + Math.max(...scenario.steps.map((step) => step.at)) + AFTER * INTERVAL,
    events: await eventsOf(call, uid, from - 60, to),
    toCluster: (at) => both.cluster + (at - both.plugin),
  };
}

/** The values of expressions at a moment. */
async function instants(call: Call, uid: string, exprs: string[], at: number): Promise<Answer[]> {
  const answers: Answer[] = [];
  for (let i = 0; i < exprs.length; i += BATCH) {
    const part = exprs.slice(i, i + BATCH);
    const queries = part.map((expr, n) => ({
      ...{ refId: `Q${n}`, datasource: { uid }, queryType: 'promql', expr, instant: true },
    }));
    const { results } = await call<{ results: Record<string, { frames?: Frame[]; error?: string }> }>(
      ...(['POST', '/ds/query'] as const),
      { from: String(Math.round(1000 * (at - 60))), to: String(Math.round(1000 * at)), queries }
    );
    answers.push(
      ...part.map((expr, n) => {
        const { frames = [], error } = results[`Q${n}`];
        if (error !== undefined) {
          throw new Error(`${uid}: ${expr}: ${error}`);
        }
        return { expr, series: frames.flatMap((frame) => valuesOf(frame, at)) };
      })
    );
  }
  return answers;
}

function valuesOf({ schema: { fields }, data: { values } }: Frame, at: number): Answer['series'] {
  return fields.flatMap(({ type, labels = {} }, field) => {
    const value = values[field]?.[0];
    return type === 'number' && typeof value === 'number'
      ? [{ labels, points: [[at, value]] as Array<[number, number]> }]
      : [];
  });
}

/** All events of tasks. */
async function eventsOf(call: Call, uid: string, from: number, to: number): Promise<LoggedEvent[]> {
  const query = {
    refId: 'A',
    datasource: { uid },
    queryType: 'events',
    kinds: ['task'],
    format: 'table',
    limit: 10_000,
  };
  const { results } = await call<{
    results: {
      A: {
        frames?: Array<{ schema: { fields: Array<{ name: string }> }; data: { values: unknown[][] } }>;
        error?: string;
      };
    };
  }>('POST', '/ds/query', {
    from: String(Math.round(1000 * from)),
    to: String(Math.round(1000 * to)),
    queries: [query],
  });
  const { frames = [], error } = results.A;
  if (error !== undefined) {
    throw new Error(`${uid}: events: ${error}`);
  }
  return frames.flatMap(({ schema, data: { values } }) => {
    const column = (name: string) => values[schema.fields.findIndex((field) => field.name === name)] ?? [];
    const [ids, tasks, states, frameworks, agents, roles, times] = [
      ...['id', 'task_id', 'event', 'framework', 'agent', 'role', 'time'],
    ].map(column);
    return ids.map((id, i) => ({
      id: String(id),
      taskId: String(tasks[i]),
      state: String(states[i]),
      framework: String(frameworks[i]),
      agent: String(agents[i]),
      role: String(roles[i]),
      at: Number(times[i]) / 1000,
    }));
  });
}
