// Sends the attacks and measures what they do to the plugin and to other viewers.
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Attack, DEADLINE } from './attacks.ts';
import { type Innocent, judgeInnocent, judgeTime, loadNow, othersBetween, percentile } from './innocent.ts';
import { type Probe, type Sample, startProbe } from './probe.ts';
import { ask, instant, range, type Request } from './requests.ts';
import { INTERVAL, type Stage } from './stage.ts';

/** The budget of docs/benchmarks.md, in bytes. */
export const BUDGET = { memory: 700e6 };

/** ms for which rounds of an attack are repeated. */
const SUSTAINED = 1500;

/** Bytes at which the plugin is killed, so that a successful attack does not use up the machine's memory. */
const TOO_MUCH = 4e9;

/** ms that the plugin has after an attack to stop working on it. */
const SETTLE = 5000;

export interface Result {
  attack: Attack;
  rounds: number;
  /** Seconds of the slowest request. */
  slowest: number;
  answered: number;
  refused: number;
  cancelled: number;
  /** The first error message. */
  sentence?: string;
  /** How an answer begins. */
  sample?: string;
  /** The process' peak memory in bytes. */
  peak: number;
  /** The innocent queries meanwhile, ms. */
  innocent: { count: number; p95: number; most: number };
  /** The share of the machine that other processes had. */
  others: number;
  /** What is not known because of them; absent: nothing. */
  unknown?: string;
  /** What went wrong; empty: the plugin withstood the attack. */
  problems: string[];
}

export interface Verdict {
  results: Result[];
  /** The result of the whole run. */
  innocent: Innocent & { count: number };
  peak: number;
  /** Polls that came nearly an interval late or not at all, and polls with mesos_up other than 1. */
  missed: string[];
  /** Polls of both masters. */
  polls: number;
  /** Whether the plugin's process is the same at the beginning and at the end. */
  sameProcess: boolean;
  panics: string[];
  /** Paths outside of sandboxes that an agent was asked for. */
  outside: string[];
}

/** Sends all attacks, one after the other. `told` is called with each result. */
export async function run(stage: Stage, attacks: Attack[], told: (result: Result) => void): Promise<Verdict> {
  const first = stage.plugin()?.pid;
  const innocent = ask(instant('sum(mesos_cluster_cpus_allocated)'));
  const probe = startProbe({ url: stage.url, path: innocent.path, body: JSON.stringify(innocent.body) });
  const watched = watch(stage);
  const results: Result[] = [];
  try {
    await sleep(SUSTAINED);
    const [from, load] = [Date.now(), loadNow()];
    for (const attack of attacks) {
      const result = await send(stage, probe, watched, attack);
      results.push(result);
      told(result);
    }
    const until = Date.now();
    const others = othersBetween(load, loadNow());
    await sleep(1000);
    const samples = probe.samples.filter(({ at }) => at >= from && at <= until);
    const missed = [...late(stage, from, until), ...(await failedPolls(stage, from, until))];
    return {
      results,
      innocent: { count: samples.length, ...judgeInnocent(timesOf(samples), others) },
      peak: Math.max(...results.map(({ peak }) => peak)),
      missed,
      polls: stage.masters.flatMap(({ polls }) => polls).filter((at) => at >= from && at <= until).length,
      sameProcess: first !== undefined && stage.plugin()?.pid === first,
      panics: stage.panics,
      outside: stage.outside,
    };
  } finally {
    watched.end();
    await probe.stop();
  }
}

/** Samples the plugin's memory, so that the peak is known even when its process ends. */
interface Watch {
  /** Bytes, the most that was seen; set to 0 before an attack. */
  most: number;
  end(): void;
}

/** Watches the plugin, and ends it before it takes all of the machine's memory. */
function watch(stage: Stage): Watch {
  const found: Watch = { most: 0, end: () => clearInterval(timer) };
  const timer = setInterval(() => {
    const plugin = stage.plugin();
    const now = plugin === undefined ? 0 : memoryOf(plugin).now;
    found.most = Math.max(found.most, now || 0);
    if (plugin !== undefined && now > TOO_MUCH) {
      process.kill(plugin.pid, 'SIGKILL');
    }
  }, 50);
  return found;
}

async function send(stage: Stage, probe: Probe, watched: Watch, attack: Attack): Promise<Result> {
  const before = stage.plugin();
  before?.forgetPeak();
  watched.most = 0;
  const [from, load] = [Date.now(), loadNow()];
  const outcomes: Outcome[] = [];
  let rounds = 0;
  // Serialized once: several of 10 MB, made for each round, would use up this process' memory.
  const requests = attack
    .requests()
    .map((one) => ({ ...one, body: typeof one.body === 'object' ? JSON.stringify(one.body) : one.body }));
  for (; rounds === 0 || Date.now() < from + SUSTAINED; rounds++) {
    outcomes.push(...(await Promise.all(requests.map((one) => answer(stage.url, one, attack)))));
  }
  const others = othersBetween(load, loadNow());
  const busy = await settled(stage);
  const until = Date.now();
  const after = stage.plugin();
  await sleep(100); // for the innocent queries that are under way
  const samples = probe.samples.filter(({ at }) => at >= from && at <= until);
  const count = (kind: Outcome['kind']) => outcomes.filter((one) => one.kind === kind).length;
  const slowest = Math.max(...outcomes.map(({ took }) => took)) / 1000;
  const judged = judgeInnocent(timesOf(samples), others);
  const peak = after && after.pid === before?.pid ? memoryOf(after).peak : watched.most;

  const tardy = judgeTime('the slowest answer', slowest, attack.deadline ?? DEADLINE, 's', others);
  const wrong = [...new Set(outcomes.filter(({ kind }) => kind === 'failed').map(({ text }) => text))];
  const innocent = samples.filter((sample) => sample.wrong);
  const problems = [
    ...wrong.slice(0, 3),
    ...(before?.pid === after?.pid && after
      ? []
      : [`the plugin ended${peak > TOO_MUCH ? ` by this suite, at ${TOO_MUCH / 1e9} GB` : ''}`]),
    ...(tardy.problem === undefined ? [] : [tardy.problem]),
    ...(peak > BUDGET.memory ? [`the plugin took ${(peak / 1e6).toFixed(0)} MB`] : []),
    ...(judged.problem === undefined ? [] : [judged.problem]),
    ...(innocent.length > 0 ? [`${innocent.length} innocent queries failed: ${innocent[0].wrong}`] : []),
    ...(busy ? [`the plugin worked on for ${SETTLE / 1000} s after the last answer`] : []),
    ...(attack.expect === 'answered' && count('answered') < outcomes.length ? ['not answered'] : []),
    ...(attack.expect === 'refused' && count('refused') < outcomes.length ? ['not refused'] : []),
    ...unsaid(attack, requests.length, outcomes),
  ];
  return {
    ...{ attack, rounds, slowest, peak, problems, others, unknown: tardy.unknown ?? judged.unknown },
    ...{ answered: count('answered'), refused: count('refused'), cancelled: count('cancelled') },
    sentence: outcomes.find(({ kind }) => kind === 'refused')?.text,
    sample: outcomes.find(({ kind }) => kind === 'answered')?.text,
    innocent: {
      ...{ count: samples.length, p95: percentile(timesOf(samples), 0.95) },
      most: Math.max(0, ...timesOf(samples)),
    },
  };
}

/** What refusals do not say that they should: those of the first round, in the order of the requests. Texts are as in JSON, with quotation marks escaped. */
function unsaid({ says = [] }: Attack, requests: number, outcomes: Outcome[]): string[] {
  return says.flatMap((wanted, i) => {
    const { kind, text } = outcomes[i];
    const said = text.includes(JSON.stringify(wanted).slice(1, -1));
    return i < requests && kind === 'refused' && !said ? [`says "${text}", not "${wanted}"`] : [];
  });
}

interface Outcome {
  kind: 'answered' | 'refused' | 'cancelled' | 'failed';
  /** ms */
  took: number;
  text: string;
}

/** Characters kept of the beginning of a response, and from the first error in it on. */
const KEPT = 1 << 16;

/** Marks an error in Grafana's JSON, of a query or of the whole request. */
const ERROR = /"(?:error|message)":"/;

/** Sends a request on a connection of its own, and reads what comes back without keeping it. */
function answer(
  url: string,
  { method, path, body, headers }: Request & { body?: string },
  attack: Attack
): Promise<Outcome> {
  const began = Date.now();
  return new Promise((resolve) => {
    const end = (kind: Outcome['kind'], told: string) => resolve({ kind, took: Date.now() - began, text: told });
    const request = http.request(url + path, {
      ...{ method, agent: false },
      headers: { 'Content-Type': 'application/json', ...headers },
    });
    const deadline = 1000 * (attack.deadline ?? DEADLINE);
    const timer = setTimeout(() => {
      end('failed', `no answer in ${(2 * deadline) / 1000} s`);
      request.destroy();
    }, 2 * deadline);
    const cancel = setTimeout(
      () => {
        end('cancelled', '');
        request.destroy();
      },
      attack.cancelAfter ?? 2 ** 31 - 1
    );
    const over = () => {
      clearTimeout(timer);
      clearTimeout(cancel);
    };
    request.on('error', (error) => {
      over();
      end('failed', `connection: ${error.message}`);
    });
    request.on('response', (response) => {
      let first = '';
      let error = '';
      let last = '';
      response.setEncoding('latin1').on('data', (part: string) => {
        first += first.length < KEPT ? part : '';
        if (error !== '') {
          error += error.length < KEPT ? part : '';
          return;
        }
        const text = last + part; // A mark may lie in two parts.
        const at = text.search(ERROR);
        error = at < 0 ? '' : text.slice(at);
        last = text.slice(-20);
      });
      response.on('error', () => undefined);
      response.on('close', () => {
        over();
        if (!response.complete) {
          end('failed', 'the answer broke off');
        }
      });
      response.on('end', () => {
        over();
        const [kind, told] = read(response.statusCode ?? 0, first, error);
        end(kind, told);
      });
    });
    request.end(body);
  });
}

/** Classifies a response: HTTP 200, a deliberate error message, or a fault of the plugin. */
function read(status: number, text: string, error: string): [Outcome['kind'], string] {
  if (status === 200) {
    return ['answered', text.slice(0, 1000)];
  }
  const sentence = /"(?:error|message)":"((?:[^"\\]|\\.)*)"/.exec(error)?.[1] ?? '';
  const accident = /panic|runtime error|goroutine|nil pointer|out of memory|within the plugin|unavailable/i;
  if (sentence === '' || accident.test(sentence)) {
    return ['failed', `HTTP ${status}: ${sentence || text.slice(0, 200)}`];
  }
  return ['refused', sentence.slice(0, 300)];
}

/** Waits until the plugin does little for half a second. Reports whether it did not within SETTLE. */
async function settled(stage: Stage): Promise<boolean> {
  for (const end = Date.now() + SETTLE; Date.now() < end;) {
    const plugin = stage.plugin();
    if (plugin === undefined) {
      await sleep(500);
      continue;
    }
    const [cpu, at] = [plugin.cpu(), Date.now()];
    await sleep(500);
    const now = cpuOf(plugin);
    if (now === undefined || now - cpu < (0.4 * (Date.now() - at)) / 1000) {
      return false;
    }
  }
  return true;
}

function cpuOf(plugin: { cpu(): number }): number | undefined {
  try {
    return plugin.cpu();
  } catch {
    return undefined; // It has ended.
  }
}

function memoryOf(plugin: { memory(): { now: number; peak: number } }): { now: number; peak: number } {
  try {
    return plugin.memory();
  } catch {
    return { now: NaN, peak: NaN };
  }
}

const timesOf = (samples: Sample[]) => samples.map(({ took }) => took);

/** Requests for /metrics/snapshot that came too late or not at all, as the masters saw it. */
function late({ masters }: Stage, from: number, until: number): string[] {
  return masters.flatMap(({ uid, polls }) => {
    const moments = [
      ...polls.filter((at) => at < from).slice(-1),
      ...polls.filter((at) => at >= from && at <= until),
      until,
    ];
    return moments.slice(1).flatMap((at, i) => {
      const seconds = (at - moments[i]) / 1000;
      return seconds > 1.9 * INTERVAL ? [`${uid}: ${seconds.toFixed(1)} s without a poll`] : [];
    });
  });
}

/** What mesos_up says of the polls meanwhile, each poll by itself: the step follows the slowest poll that is queried for. */
async function failedPolls({ url }: Stage, from: number, until: number): Promise<string[]> {
  if (until - from < 3000 * INTERVAL) {
    return [];
  }
  const found: string[] = [];
  for (const uid of ['mesos', 'large'] as const) {
    for (const poll of ['snapshot', 'state', 'roles']) {
      const query = range(`mesos_up{poll="${poll}"}`, { uid, intervalMs: 1000 * INTERVAL, maxDataPoints: 5000 });
      const { path, body } = ask(query, { from: String(from), to: String(until) });
      const response = await fetch(url + path, {
        ...{ method: 'POST', body: JSON.stringify(body), headers: { 'Content-Type': 'application/json' } },
      });
      const { results } = (await response.json()) as { results: Record<string, { frames?: Frame[]; error?: string }> };
      const { error, frames = [] } = results.Q0;
      const values = frames.flatMap(({ data }) => data.values[1] ?? []);
      const down = values.filter((up) => up !== 1).length;
      const expected = Math.floor((until - from) / 1000 / INTERVAL) - 1;
      if (error !== undefined || down > 0) {
        found.push(`${uid}: mesos_up{poll="${poll}"} ${error ?? `is not 1 at ${down} moments`}`);
      }
      if (poll === 'snapshot' && values.length < expected) {
        found.push(`${uid}: mesos_up{poll="snapshot"} has ${values.length} samples of ${expected}`);
      }
    }
  }
  return found;
}

interface Frame {
  data: { values: number[][] };
}
