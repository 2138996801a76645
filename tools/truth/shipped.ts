// The half with the executable, started as Grafana starts it: one data source for each scenario, all polled at once in real
// time, with history on disk, queried over POST /api/ds/query.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { stringify } from 'yaml';

import { startLive, type Live } from '../simulator/live/live.ts';
import type { Plan } from '../simulator/live/plan.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Call, callerOf } from '../workbench/call.ts';
import { startWorkbench } from '../workbench/start.ts';
import type { Answer } from './compare.ts';
import { judge, promql, type Question, questions, type Verdict } from './judge.ts';
import { userOf } from './quick.ts';
import { watchThread, watchWaits } from './waits.ts';
import type { Watched } from './watched.ts';

/** Seconds between two polls: the least the plugin allows. */
const INTERVAL = 10;

/**
 * How fast a cluster's time may pass. The plugin takes a clock that runs half as fast again as its own for one that is being
 * set, and leaves out measured use. So scenarios with measured use run slower, with a margin for a busy machine; those for
 * which that is too slow run without it.
 */
const MEASURABLE = 1.2;

/** Seconds of a cluster that are watched after the last thing that is done to it. */
const AFTERWARDS = 30;

/** Seconds of a poll of the agents after which all were queried. */
const PASS = 8.5;

/** Most queries in a request. */
const BATCH = 20;

/** Milliseconds between the first polls of two scenarios. */
const APART = 50;

/** A scenario that the executable polls. */
interface Watch {
  uid: string;
  scenario: Scenario;
  live: Live;
  speed: number;
  measured: boolean;
  /** One moment by both clocks: when the cluster's began to run. */
  both: { cluster: number; plugin: number };
}

export interface Shipped {
  verdicts: Array<{ name: string; verdict: Verdict }>;
  /** How it went, in a line. */
  told: string;
}

/**
 * Runs scenarios, all at once, and compares each. Those longer than the given time are sped up; what is longer even then
 * is cut off.
 */
export async function watchShipped(scenarios: Scenario[], plan: Partial<Plan>, seconds: number): Promise<Shipped> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-truth-'));
  const watches: Watch[] = [];
  try {
    for (const scenario of scenarios) {
      watches.push(await begin(scenario, plan, seconds));
    }
    const { found, told } = await asked(watches, folder, seconds);
    return { verdicts: found.map((watched) => ({ name: watched.scenario.name, verdict: judged(watched) })), told };
  } finally {
    await Promise.all(watches.map(({ live }) => live.stop()));
    rmSync(folder, { recursive: true, force: true });
  }
}

async function begin(scenario: Scenario, plan: Partial<Plan>, seconds: number): Promise<Watch> {
  // Where a poll of /state fails at any time, the agents have no moments of their own.
  const steady = scenario.plan?.front?.kind !== 'balancer' || scenario.plan.front.picks !== 'any';
  const measured = steady && (scenario.steps.at(-1)?.at ?? 0) + AFTERWARDS <= MEASURABLE * seconds;
  const speed = measured ? Math.min(MEASURABLE, Math.max(1, scenario.length / seconds)) : scenario.length / seconds;
  // Its time does not move before the first query.
  const live = await startLive({ scenario, speed: 0, plan });
  const both = { cluster: live.now(), plugin: 0 };
  return { uid: `truth-${scenario.name.replace(/[^\w-]+/g, '-')}`, scenario, live, speed, measured, both };
}

/** The results of the executable for all scenarios, at the end of their time. */
async function asked(
  watches: Watch[],
  folder: string,
  seconds: number
): Promise<{ found: Array<Watched & { engine: string }>; told: string }> {
  const provisioning = path.join(folder, 'truth.yaml');
  writeFileSync(provisioning, stringify({ apiVersion: 1, datasources: watches.map(sourceOf) }));
  const workbench = await startWorkbench({
    ...{ provisioning: folder, port: 0, history: path.join(folder, 'history') },
    log: () => {}, // Failing polls are part of the scenarios.
  });
  const call = callerOf(workbench.url);
  try {
    // The first query begins to poll.
    const from = Date.now() / 1000;
    for (const { live, speed, both } of watches) {
      live.setSpeed(speed);
      Object.assign(both, { cluster: live.now(), plugin: Date.now() / 1000 });
    }
    const [waiting, thread] = [watchWaits(workbench.pid), watchThread()];
    // One a little after the other: all at once they would wait for each other, and a first answer that takes long makes the
    // second poll late.
    await Promise.all(
      watches.map(async ({ uid }, i) => {
        await sleep(APART * i);
        await ask(call, uid, [promql('mesos_up')], from - 60, from);
      })
    );
    const until = Date.now() / 1000 + seconds;
    await sleep(1000 * (until - Date.now() / 1000));
    const [waitedAt, delayed] = [waiting.stop(), thread.stop()];
    const waited = (begin: number, end: number) => Math.max(...secondsOf(begin, end).map(waitedAt));
    const late = (begin: number, end: number) => Math.max(delayed(begin, end), waited(begin, end));
    const range = { from: Math.ceil(from / INTERVAL + 1) * INTERVAL, to: Math.floor(until / INTERVAL - 1) * INTERVAL };
    const found: Array<Watched & { engine: string }> = [];
    for (const watch of watches) {
      found.push({ ...(await answered(call, watch, range)), late });
    }
    const told =
      `the simulator answered late by ${delayed(from, until).toFixed(1)} s at most; ` +
      `the executable waited for a processor for ${waited(from, until).toFixed(1)} s within a second at most`;
    return { found, told };
  } finally {
    await workbench.stop();
  }
}

/** The ends of the seconds that a time has begun. */
function secondsOf(from: number, to: number): number[] {
  return Array.from({ length: Math.ceil(to - from) }, (_, i) => from + i + 1);
}

function sourceOf({ uid, live, measured }: Watch): object {
  const [name, password] = userOf(live.plan) ?? [];
  const { masters, agentAddress, token } = live.entry;
  return {
    ...{ name: uid, uid, type: 'community-mesos-datasource', access: 'proxy' },
    ...(name && { basicAuth: true, basicAuthUser: name }),
    jsonData: {
      masters,
      pollInterval: `${INTERVAL}s`,
      taskSeries: 'always',
      agentStatistics: measured,
      agentAddress,
      ...(token && { httpHeaderName1: 'Authorization', agentHeaders: ['Authorization'] }),
      ...(name && { agentBasicAuthUser: name }),
    },
    ...(name && { secureJsonData: { basicAuthPassword: password, agentBasicAuthPassword: password } }),
    ...(token && { secureJsonData: { httpHeaderValue1: token, agentHeaderValue1: token } }),
  };
}

interface Status {
  polls: Array<{ poll: string; lastAttempt: string; intervalNs: number }>;
  history: { engine: string };
}

async function answered(
  call: Call,
  { uid, scenario, live, speed, measured, both }: Watch,
  range: { from: number; to: number }
): Promise<Watched & { engine: string }> {
  const status = await call<Status>('GET', `/datasources/uid/${uid}/resources/status`);
  const began = status.polls.find(({ poll }) => poll === 'agents')?.lastAttempt;
  const shift = began === undefined ? 0 : (Date.parse(began) / 1000 + PASS) % INTERVAL;
  const wanted = questions({ measured, shift, interval: INTERVAL });
  const answers: Answer[] = [];
  for (let i = 0; i < wanted.length; i += BATCH) {
    const batch = wanted.slice(i, i + BATCH);
    answers.push(...(await atEachPoll(call, uid, () => ask(call, uid, batch, range.from, range.to + INTERVAL))));
  }
  return {
    ...{ scenario, live, speed, measured, shift, interval: INTERVAL, ...range },
    answers: new Map(answers.map((answer) => [answer.expr, answer])),
    oneClock: false,
    toCluster: (at) => both.cluster + (at - both.plugin) * speed,
    engine: status.history.engine,
  };
}

/** Seconds until /state is asked for at each interval again: after two answers that are not slow. */
const CATCHES_UP = 60;

/**
 * Runs queries while /state is asked for at each interval: the points of a query are as far apart as its polls are when it is
 * asked. Right after a slow answer, as of a busy machine, they are further apart for some polls.
 */
async function atEachPoll<T>(call: Call, uid: string, run: () => Promise<T>): Promise<T> {
  const steady = async () => {
    const { polls } = await call<Status>('GET', `/datasources/uid/${uid}/resources/status`);
    return polls.find(({ poll }) => poll === 'state')?.intervalNs === 1e9 * INTERVAL;
  };
  for (const end = Date.now() + 1000 * CATCHES_UP; ; await sleep(1000)) {
    const before = await steady();
    const answer = before ? await run() : undefined;
    if (answer !== undefined && (await steady())) {
      return answer;
    }
    if (Date.now() > end) {
      return answer ?? run(); // the comparison says what is missing
    }
  }
}

function judged(watched: Watched & { engine: string }): Verdict {
  const verdict = judge(watched);
  verdict.checks++;
  if (watched.engine !== 'disk') {
    verdict.deviations.push(`the history is kept in the engine "${watched.engine}", and a folder on disk was named`);
  }
  return verdict;
}

/** A frame as Grafana's API has it. */
export interface Frame {
  schema: { fields: Array<{ type: string; labels?: Record<string, string> }> };
  data: { values: Array<Array<number | null>> };
}

/** Runs queries as a panel does. */
async function ask(call: Call, uid: string, asked: Question[], from: number, to: number): Promise<Answer[]> {
  const queries = asked.map(({ query }, i) => ({
    refId: `Q${i}`,
    datasource: { uid },
    ...query,
    ...{ range: true, maxDataPoints: 5000, intervalMs: 1000 * INTERVAL },
  }));
  const { results } = await call<{ results: Record<string, { frames?: Frame[] }> }>('POST', '/ds/query', {
    from: String(Math.round(1000 * from)),
    to: String(Math.round(1000 * to)),
    queries,
  });
  return asked.map(({ expr }, i) => ({ expr, series: (results[`Q${i}`].frames ?? []).flatMap(seriesOf) }));
}

function seriesOf({ schema: { fields }, data: { values } }: Frame): Answer['series'] {
  const times = values[fields.findIndex(({ type }) => type === 'time')] ?? [];
  return fields.flatMap(({ type, labels = {} }, field) => {
    const points = values[field]?.flatMap((value, i): Array<[number, number]> => {
      const at = times[i];
      return at === null || value === null ? [] : [[at / 1000, value]];
    });
    return type === 'number' ? [{ labels, points: points ?? [] }] : [];
  });
}
