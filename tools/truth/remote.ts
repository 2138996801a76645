// Two Grafanas on one data source with the engine remote: a real Prometheus, a real ZooKeeper, the executable twice, and
// faults of each of them. In real time, because sessions and time-outs are.
import { spawn } from 'node:child_process';
import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { parse, stringify } from 'yaml';

import { Watched as Process } from '../bench/processes.ts';
import { executableName, root } from '../scripts/build.ts';
import { startLive, type Live } from '../simulator/live/live.ts';
import { scenarioOf } from '../simulator/scenarios/index.ts';
import { startWorkbench, type Workbench } from '../workbench/start.ts';
import type { Answer } from './compare.ts';
import type { Verdict } from './judge.ts';
import { truthExecutable } from './quick.ts';
import { type Asked, ASKED, type Deed, type Done, judgeRemote, type Record, type Samples } from './remote-judge.ts';
import { type Daemon, Front, prometheusIn, zooKeeperIn } from './remote-servers.ts';
import type { Frame } from './shipped.ts';

/** Seconds between two polls: the least the plugin allows. */
export const INTERVAL = 10;

/** Seconds between two moments at which both Grafanas are asked, and moments between two at which they evaluate rules. */
const [STEP, RULES] = [5, 3];

/** Seconds within which a Grafana must answer, and within which everything must be sent in the end. */
const [ANSWERS_WITHIN, SENT_WITHIN] = [10, 90];

/** Seconds by which the engine is slow. */
const SLOW = 1;

/** How often an hour all tasks of a service are replaced: so that some end in each interval. */
const DEPLOYS = 20;

const UID = 'truth';

/** A run: what is done when, in seconds after the first poll. */
export interface Trouble {
  name: string;
  /** Seconds until the Grafanas are ended, one after the other. */
  length: number;
  steps: Array<{ at: number; do: Deed }>;
  /** One request of remote write in so many is lost, though it was answered with 204: must be noticed. */
  drops?: number;
  /** Each Grafana has a lease of its own: must be noticed. */
  apart?: boolean;
  /** For mutants: what must have deviations. */
  must?: string[];
}

export const TROUBLES: Trouble[] = [
  {
    name: 'engine away',
    length: 120,
    steps: [
      { at: 33, do: 'engine ends' },
      { at: 63, do: 'engine starts' },
    ],
  },
  {
    name: 'engine slow',
    length: 110,
    steps: [
      { at: 33, do: 'engine slows' },
      { at: 73, do: 'engine recovers' },
    ],
  },
  {
    name: 'holder killed',
    length: 120,
    steps: [
      { at: 33, do: 'holder is killed' },
      { at: 60, do: 'it starts' },
      { at: 78, do: 'plugin is killed' },
    ],
  },
  {
    name: 'holder suspended',
    length: 110,
    steps: [
      { at: 33, do: 'holder is suspended' },
      { at: 65, do: 'it resumes' },
    ],
  },
  {
    name: 'holder ends',
    length: 110,
    steps: [
      { at: 33, do: 'holder ends' },
      { at: 45, do: 'it starts' },
      { at: 78, do: 'holder ends' },
      { at: 82, do: 'it starts' },
    ],
  },
  {
    name: 'zookeeper away',
    length: 110,
    steps: [
      { at: 33, do: 'zookeeper ends' },
      { at: 63, do: 'zookeeper starts' },
    ],
  },
  {
    name: 'all in a row',
    length: 150,
    steps: [
      { at: 28, do: 'engine ends' },
      { at: 41, do: 'holder is killed' },
      { at: 65, do: 'it starts' },
      { at: 70, do: 'engine starts' },
      { at: 100, do: 'zookeeper ends' },
      { at: 103, do: 'zookeeper starts' },
    ],
  },
];

/**
 * A minute of it: the engine is away, and the Grafana that polls is killed with what it could not send. In its latest /state are
 * ends that the event stream has not told it, which are the next one's to count.
 */
export const SHORT_TROUBLES: Trouble[] = [
  {
    name: 'engine away, holder killed',
    length: 55,
    steps: [
      { at: 14, do: 'engine ends' },
      { at: 15, do: 'streams stall' },
      // Some seconds after a poll: what it has counted is known to the others.
      { at: 25, do: 'holder is killed' },
      { at: 26, do: 'streams go on' },
      { at: 30, do: 'engine starts' },
      { at: 43, do: 'it starts' },
    ],
  },
];

export const REMOTE_MUTANTS: Trouble[] = [
  { name: 'one write in ten lost', length: 30, steps: [], drops: 10, must: ['sent'] },
  { name: 'both poll', length: 35, steps: [], apart: true, must: ['once', 'load'] },
];

export type Remote = Array<{ trouble: Trouble; verdict: Verdict }>;

/** Runs so many at once. */
export async function watchRemote(troubles: Trouble[], atOnce: number): Promise<Remote> {
  const found: Remote = [];
  const left = troubles.entries();
  const worker = async () => {
    for (const [i, trouble] of left) {
      found[i] = { trouble, verdict: judgeRemote(await watched(trouble)) };
      await found[i].verdict;
    }
  };
  await Promise.all(Array.from({ length: atOnce }, worker));
  return found;
}

/** What a run is made of. */
interface Stage {
  live: Live;
  engine: Daemon;
  front: Front;
  zookeeper: Daemon;
  grafanas: Grafana[];
}

async function watched(trouble: Trouble): Promise<Record> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-remote-'));
  const scenario = { ...scenarioOf('everyday'), name: trouble.name };
  const live = await startLive({ scenario, speed: 0, plan: { deploys: DEPLOYS } });
  const [engine, zookeeper] = await Promise.all([
    prometheusIn(path.join(folder, 'prometheus')),
    zooKeeperIn(path.join(folder, 'zookeeper')),
  ]);
  const front = new Front(engine.port, trouble.drops);
  const grafanas: Grafana[] = [];
  try {
    await front.start();
    for (const who of [0, 1]) {
      const source = sourceOf(
        live,
        front.url,
        `127.0.0.1:${zookeeper.port}/${trouble.apart ? `grafana-${who}` : 'grafanas'}`
      );
      grafanas.push(new Grafana(path.join(folder, `grafana-${who}`), source));
    }
    await Promise.all(grafanas.map((grafana) => grafana.start()));
    return await goesOn(trouble, { live, engine, front, zookeeper, grafanas });
  } finally {
    await Promise.all(grafanas.map((grafana) => grafana.stop()));
    if (process.env.REMOTE_LOG) {
      const all = [0, 1].map((who) => `Grafana ${who}\n${grafanas[who]?.log.join('\n')}`);
      writeFileSync(`${process.env.REMOTE_LOG}-${trouble.name.replaceAll(/\W+/g, '-')}`, all.join('\n'));
    }
    await Promise.all([engine.kill(), zookeeper.kill(), front.stop(), live.stop()]);
    rmSync(folder, { recursive: true, force: true });
  }
}

/** Waits until a moment, Unix seconds. */
const until = (at: number) => sleep(Math.max(0, 1000 * at - Date.now()));

async function goesOn(trouble: Trouble, stage: Stage): Promise<Record> {
  const { live, grafanas, engine } = stage;
  const from = Date.now() / 1000;
  live.setSpeed(1);
  const both = { cluster: live.now(), plugin: Date.now() / 1000 };
  const steps: Done[] = [];
  const moments: Record['moments'] = [];
  let over = false;
  const asking = (async () => {
    for (let n = 0; !over; n++) {
      await until(from + 1 + n * STEP);
      const at = Math.round(Date.now()) / 1000;
      const rules = n % RULES === 0;
      moments.push({ at, both: await Promise.all(grafanas.map((grafana) => grafana.ask(at, rules))) });
    }
  })();
  const perform = async (deed: Deed) => {
    const step: Done = { do: deed, began: Date.now() / 1000, ended: 0 };
    step.who = await carryOut(deed, stage, steps);
    step.ended = Date.now() / 1000;
    steps.push(step);
  };
  for (const { at, do: deed } of trouble.steps) {
    await until(from + at);
    await perform(deed);
  }
  await until(from + trouble.length);
  over = true;
  await asking;
  // The one that polls ends when everything was sent, and the other one sends what it could not before.
  const given: string[] = [];
  for (let n = 0; n < 2; n++) {
    const last = await holderOf(stage);
    given.push(...(await sent(grafanas[last], `Grafana ${last}`)));
    await perform('holder ends');
  }
  const to = Date.now() / 1000;
  const local = await Promise.all(grafanas.map((grafana) => dumpOf(path.join(grafana.history, `1-${UID}`))));
  return {
    ...{
      scenario: { ...scenarioOf('everyday'), name: trouble.name },
      live,
      interval: INTERVAL,
      from,
      to,
      steps,
      moments,
    },
    ...{ local, given },
    ...(await inEngine(engine, live.plan.cluster, to)),
    toCluster: (at) => both.cluster + (at - both.plugin),
  };
}

/** Does something, and returns which Grafana it was done to. */
async function carryOut(deed: Deed, stage: Stage, before: Done[]): Promise<number | undefined> {
  const { live, engine, front, zookeeper, grafanas } = stage;
  const holder = /^(holder|plugin) /.test(deed)
    ? await holderOf(stage)
    : before.findLast(({ who }) => who !== undefined)?.who;
  switch (deed) {
    case 'engine ends':
      await engine.kill();
      return;
    case 'engine starts':
      await engine.start();
      return;
    case 'engine slows':
      front.delay = SLOW;
      return;
    case 'engine recovers':
      front.delay = 0;
      return;
    case 'zookeeper ends':
      await zookeeper.kill();
      return;
    case 'zookeeper starts':
      await zookeeper.start();
      return;
    case 'streams stall':
      live.masters.forEach((master) => live.fault(master, { kind: 'stream-slow', bytesPerSecond: 0 }));
      return;
    case 'streams go on':
      live.masters.forEach((master) => live.fault(master, null));
      return;
    case 'holder is killed':
      await grafanas[holder!].kill();
      break;
    case 'plugin is killed':
      grafanas[holder!].signal('SIGKILL');
      break;
    case 'holder is suspended':
      grafanas[holder!].signal('SIGSTOP');
      break;
    case 'it resumes':
      grafanas[holder!].signal('SIGCONT');
      break;
    case 'holder ends':
      await grafanas[holder!].stop();
      break;
    case 'it starts':
      await grafanas[holder!].start();
      break;
  }
  return holder;
}

/** Seconds within which one of the Grafanas must poll. */
const POLLS_WITHIN = 40;

/** Which Grafana polls. */
async function holderOf({ grafanas }: Stage): Promise<number> {
  for (const end = Date.now() + 1000 * POLLS_WITHIN; Date.now() < end; await sleep(100)) {
    const all = await Promise.all(grafanas.map((grafana) => grafana.status().catch(() => undefined)));
    const found = all.findIndex((status) => status?.replicas.polls);
    if (found >= 0) {
      return found;
    }
  }
  throw new Error(`no Grafana has polled for ${POLLS_WITHIN} s`);
}

/** Waits until the engine has everything of a Grafana that polls, and returns what it will never have. */
async function sent(grafana: Grafana, name: string): Promise<string[]> {
  let remote: Status['history']['remote'] | undefined;
  for (const end = Date.now() + 1000 * SENT_WITHIN; Date.now() < end; await sleep(100)) {
    remote = (await grafana.status()).history.remote;
    if (remote.samples === 0 && remote.batches === 0 && remote.sent > 0) {
      break;
    }
  }
  const refused = Object.entries(remote?.refused ?? {}).map(([why, n]) => `${name}: ${n} samples refused, ${why}`);
  const left = remote?.samples === 0 ? [] : [`${name}: ${remote?.samples ?? 'an unknown number of'} samples not sent`];
  return [...refused, ...left, ...(remote?.dropped ? [`${name}: ${remote.dropped} samples dropped`] : [])];
}

interface Status {
  replicas: { polls: boolean };
  history: {
    remote: { samples?: number; batches: number; sent: number; dropped: number; refused: { [reason: string]: number } };
  };
}

function sourceOf(live: Live, remoteUrl: string, replicas: string): object {
  const { masters, agentAddress } = live.entry;
  return {
    ...{ name: UID, uid: UID, type: 'community-mesos-datasource', access: 'proxy' },
    jsonData: {
      ...{ masters, agentAddress, pollInterval: `${INTERVAL}s`, taskSeries: 'always', agentStatistics: true },
      ...{ engine: 'remote', remoteUrl, replicas: `zk://${replicas}` },
    },
  };
}

/** The queries of the shipped alert rules that read the history: those on the model ask for a /state on each Grafana. */
const RULE_EXPRS: string[] = (
  parse(readFileSync(path.join(root, 'provisioning', 'alerting', 'mesos.yaml'), 'utf8')) as {
    groups: Array<{ rules: Array<{ data: Array<{ model: { queryType?: string; expr?: string } }> }> }>;
  }
).groups.flatMap(({ rules }) =>
  rules.flatMap(({ data }) =>
    data.flatMap(({ model: { queryType, expr } }) => (queryType === 'promql' && expr !== undefined ? [expr] : []))
  )
);

/** Most queries in a request. */
const BATCH = 20;

/** The label that tells values from their times. */
const WHAT = 'is';

/** An expression with the times of its samples, in one query: in two, a sample may come in between. */
const withTimes = (expr: string) =>
  `label_replace(${expr}, "${WHAT}", "value", "", "") or label_replace(timestamp(${expr}), "${WHAT}", "time", "", "")`;

/** A Grafana: the workbench's host with the executable, which keeps its history over a restart. */
class Grafana {
  readonly history: string;
  readonly log: string[] = [];
  private readonly provisioning: string;
  private workbench?: Workbench;

  constructor(folder: string, source: object) {
    [this.history, this.provisioning] = [path.join(folder, 'history'), path.join(folder, 'provisioning')];
    mkdirSync(this.provisioning, { recursive: true });
    writeFileSync(path.join(this.provisioning, 'truth.yaml'), stringify({ apiVersion: 1, datasources: [source] }));
  }

  async start(): Promise<void> {
    this.workbench = await startWorkbench({
      ...{ provisioning: this.provisioning, port: 0, history: this.history, rules: true },
      log: (line) => this.log.push(line),
    });
  }

  async stop(): Promise<void> {
    const workbench = this.workbench;
    this.workbench = undefined;
    await workbench?.stop();
  }

  /** Ends it as a server ends that fails: nobody hears of it. */
  async kill(): Promise<void> {
    const workbench = this.workbench;
    this.workbench = undefined;
    if (workbench !== undefined) {
      const plugin = Process.named(executableName(), workbench.pid).pid;
      process.kill(workbench.pid, 'SIGSTOP'); // else it would start the plugin again
      process.kill(plugin, 'SIGKILL');
      process.kill(workbench.pid, 'SIGKILL');
      await workbench.ended;
    }
  }

  /** Sends a signal to the plugin's process. One that was killed is started again by the host, as by Grafana. */
  signal(signal: NodeJS.Signals): void {
    process.kill(Process.named(executableName(), this.workbench?.pid).pid, signal);
  }

  status(): Promise<Status> {
    return this.call<Status>('GET', `/datasources/uid/${UID}/resources/status`);
  }

  /** The values of all expressions at a moment, and what rules find. */
  async ask(at: number, rules: boolean): Promise<Asked> {
    try {
      const [found, ruled] = await Promise.all([
        this.instants(
          ASKED.map(({ expr }) => withTimes(expr)),
          at,
          {}
        ),
        rules ? this.instants(RULE_EXPRS, at, { FromAlert: 'true' }) : undefined,
      ]);
      return {
        answers: new Map(
          found.flatMap(({ series }, i): Array<[string, Answer]> => {
            const of = (what: string) => series.filter(({ labels }) => labels[WHAT] === what);
            const { expr } = ASKED[i];
            const times = `timestamp(${expr})`;
            return [
              [expr, { expr, series: of('value') }],
              [times, { expr: times, series: of('time') }],
            ];
          })
        ),
        rules: ruled?.map(({ series }) => told(series)),
      };
    } catch (error) {
      return { error: (error as Error).message, answers: new Map() };
    }
  }

  private async instants(exprs: string[], at: number, headers: { [name: string]: string }): Promise<Answer[]> {
    const parts = Array.from({ length: Math.ceil(exprs.length / BATCH) }, (_, i) =>
      exprs.slice(i * BATCH, (i + 1) * BATCH)
    );
    const answers = await Promise.all(
      parts.map(async (part) => {
        const queries = part.map((expr, n) => ({
          ...{ refId: `Q${n}`, datasource: { uid: UID }, queryType: 'promql', expr, instant: true },
        }));
        const times = { from: String(Math.round(1000 * (at - 600))), to: String(Math.round(1000 * at)) };
        const { results } = await this.call<{ results: { [refId: string]: { frames?: Frame[] } } }>(
          ...(['POST', '/ds/query', { ...times, queries }, headers] as const)
        );
        return part.map((expr, n) => ({
          expr,
          series: (results[`Q${n}`].frames ?? []).flatMap((frame) => valuesOf(frame, at)),
        }));
      })
    );
    return answers.flat();
  }

  private async call<T>(
    method: string,
    where: string,
    body?: object,
    headers: { [name: string]: string } = {}
  ): Promise<T> {
    if (this.workbench === undefined) {
      throw new Error('it does not run');
    }
    const response = await fetch(`${this.workbench.url}/api${where}`, {
      ...{ method, headers: { 'Content-Type': 'application/json', ...headers }, body: body && JSON.stringify(body) },
      signal: AbortSignal.timeout(1000 * ANSWERS_WITHIN),
    });
    const text = await response.text();
    if (!response.ok) {
      const errors = [...text.matchAll(/"error":"((?:[^"\\]|\\.)*)"/g)].map(([, error]) => error);
      throw new Error(`${response.status} ${errors.join('; ') || text.slice(0, 500)}`);
    }
    return JSON.parse(text) as T;
  }
}

function valuesOf({ schema: { fields }, data: { values } }: Frame, at: number): Answer['series'] {
  return fields.flatMap(({ type, labels = {} }, field) => {
    const value = values[field]?.[0];
    return type === 'number' && typeof value === 'number'
      ? [{ labels, points: [[at, value]] as Array<[number, number]> }]
      : [];
  });
}

/** Series of an answer as a text that is the same for the same. Numbers are rounded: sums may be made in any order. */
function told(series: Answer['series']): string {
  return series
    .map(({ labels, points }) => `${nameOf(labels)} ${points?.[0]?.[1].toPrecision(9)}`)
    .sort()
    .join('; ');
}

const nameOf = (labels: { [label: string]: string }) =>
  JSON.stringify(Object.fromEntries(Object.entries(labels).sort(([a], [b]) => (a < b ? -1 : 1))));

/** All samples of a history on disk. */
async function dumpOf(folder: string): Promise<Samples> {
  const child = spawn(path.join(root, truthExecutable), ['-dump', folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  let found = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (found += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) {
    throw new Error(`the history ${folder} could not be read: see the message above`);
  }
  const all = JSON.parse(found) as Array<{ labels: { [label: string]: string }; samples: Array<[number, number]> }>;
  return new Map(all.map(({ labels, samples }) => [nameOf(labels), new Map(samples)]));
}

/** All samples of a cluster that the engine has, and how many it counts. */
async function inEngine(engine: Daemon, cluster: string, at: number): Promise<{ engine: Samples; counted: number }> {
  const query = async (expr: string) => {
    const body = new URLSearchParams({ query: expr, time: String(at + 60) });
    const response = await fetch(`http://127.0.0.1:${engine.port}/api/v1/query`, { method: 'POST', body });
    const answer = (await response.json()) as {
      error?: string;
      data?: {
        result: Array<{
          metric: { [label: string]: string };
          value?: [number, string];
          values?: Array<[number, string]>;
        }>;
      };
    };
    if (answer.data === undefined) {
      throw new Error(`the engine does not answer ${expr}: ${answer.error}`);
    }
    return answer.data.result;
  };
  const matcher = `cluster=${JSON.stringify(cluster)}`;
  const all = await query(`{${matcher}}[1h]`);
  // The result of a function has no name: names one after the other.
  let counted = 0;
  for (const name of new Set(all.map(({ metric }) => metric.__name__))) {
    const [count] = await query(`sum(count_over_time(${name}{${matcher}}[1h]))`);
    counted += Number(count?.value?.[1] ?? 0);
  }
  return {
    engine: new Map(
      all.map(({ metric, values = [] }) => [
        nameOf(metric),
        new Map(values.map(([time, value]) => [Math.round(1000 * time), Number(value)])),
      ])
    ),
    counted,
  };
}
