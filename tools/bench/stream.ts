// What the event stream costs, and what it saves: the executable beside a large cluster with many task events, once with the
// stream and once without.
import { setTimeout as sleep } from 'node:timers/promises';

import { type Plugin, withPlugin } from './executable.ts';
import { atMost, type Line, megabytes, rounded, seconds, told } from './lines.ts';
import { type Generated, startGenerator } from './processes.ts';

/** Task events a second. */
const EVENTS = 100;
const POLL_INTERVAL = 15;
/** How long is measured, in seconds: as long as from one /state to the next without the stream. */
const MEASURED = 240;
const HOUR = 3600;
/** Seconds between two /state of 10,000 agents without the stream (pkg/collector/ladder.go). */
const LADDER = 240;

/** Sums whose newest samples are looked at, each second. */
const SUMS = [
  'mesos_cluster_tasks',
  'mesos_cluster_memory_allocated_bytes',
  'mesos_framework_cpus_allocated',
  'mesos_role_cpus_allocated',
];
/** The age of each. */
const AGES = SUMS.map((name) => `label_replace(time() - min(timestamp(${name})), "sum", "${name}", "", "")`).join(
  ' or '
);

interface Measured {
  /** The share of a core that the process used. */
  cpu: number;
  /** CPU time from the start until all was known, in seconds. */
  start: number;
  memory: { mean: number; peak: number };
  /** Seconds since the oldest of the newest samples of the sums, at each query. */
  ages: number[];
  /** The number of queries that missed one of the sums. */
  missing: number;
  /** Per path, what the master is asked for in an hour. */
  hour: Record<string, Served>;
  /** What it costs once to subscribe, in bytes. */
  subscribed: number;
  /** Seconds between two /state. */
  every: number;
  /** Where the interval is longer than what was measured: per path, seconds. */
  computed: Record<string, number>;
}

interface Served {
  requests: number;
  bytes: number;
}

interface Traffic {
  requests: Record<string, number>;
  bytes: Record<string, number>;
}

/**
 * Measures both sides, at the same time. `flags` change the generated cluster, whose /state is read every `ladder` seconds
 * without the stream.
 */
export async function streaming(
  size: string,
  name: string,
  flags: string[] = [],
  ladder: number = LADDER
): Promise<Line[]> {
  const side = (subscribe: 'auto' | 'never') => measured(size, subscribe, flags, ladder);
  const [stream, polls] = await Promise.all([side('auto'), side('never')]);
  const what = `${name}, ${EVENTS} task events a second`;
  const oldest = Math.max(...stream.ages);
  const beside = `without the stream ${rounded(100 * polls.cpu)} %`;
  return [
    {
      ...atMost(
        `age of sums in a query, at most: ${what}`,
        oldest,
        POLL_INTERVAL,
        seconds,
        `pollInterval is ${POLL_INTERVAL} s; ${stream.ages.length} queries, ${stream.missing} of them lacked a sum; ` +
          `without the stream ${seconds(Math.max(...polls.ages))}`
      ),
      ...(stream.missing > 0 && { verdict: 'over' as const }),
    },
    atMost(
      `CPU with the stream: ${what}`,
      100 * stream.cpu,
      5,
      (percent) => `${rounded(percent)} % of a core`,
      `budget / measured ${rounded(0.05 / stream.cpu)}; ${beside}; ${rounded(MEASURED / 60)} minutes with a query a second; a /state every ` +
        `${rounded(stream.every / 60)} minutes is not in it; start: ${seconds(stream.start)} of CPU, without ${seconds(polls.start)}`
    ),
    atMost(
      `memory with the stream, mean: ${what}`,
      stream.memory.mean,
      1.1 * polls.memory.mean,
      megabytes,
      `peak ${megabytes(stream.memory.peak)}; without the stream ${megabytes(polls.memory.mean)}, peak ${megabytes(polls.memory.peak)}`
    ),
    told(`requests and bytes a master serves in an hour with the stream: ${what}`, total(stream), pages(stream)),
    told(`the same without the stream: ${what}`, total(polls), pages(polls)),
  ];
}

function total({ hour }: Measured): string {
  const sum = (of: keyof Served) => Object.values(hour).reduce((all, page) => all + page[of], 0);
  return `${rounded(sum('requests'))}, ${megabytes(sum('bytes'))}`;
}

function pages({ hour, computed, subscribed }: Measured): string {
  const each = Object.entries(hour).map(([path, { requests, bytes }]) => {
    const every =
      computed[path] === undefined ? '' : `, computed from one every ${rounded(computed[path] / 60)} minutes`;
    return path === STREAM
      ? `events ${megabytes(bytes)} in one response that stays open`
      : `${path} ${rounded(requests)}, ${megabytes(bytes)}${every}`;
  });
  const once = subscribed > 0 ? [`once, to subscribe: ${megabytes(subscribed)}`] : [];
  return [...each, ...once, `counted over ${rounded(MEASURED / 60)} minutes`].join('; ');
}

const STREAM = '/api/v1';

async function measured(size: string, subscribe: 'auto' | 'never', more: string[], ladder: number): Promise<Measured> {
  const start = String(Math.floor(Date.now() / 1000));
  // Ticks would add bursts of events, and tasks with executors of their own, whose resources the stream does not tell.
  const flags = [
    '--events',
    String(EVENTS),
    '--churn',
    '0',
    '--rhythm',
    '0',
    '--speed',
    '1',
    '--start',
    start,
    ...more,
  ];
  const cluster = await startGenerator(size, flags);
  try {
    const found: Measured[] = [];
    await withPlugin(cluster.master, { pollInterval: `${POLL_INTERVAL}s`, subscribe }, async (plugin) => {
      found.push(await measure(plugin, cluster, subscribe === 'auto', ladder));
    });
    return found[0];
  } finally {
    await cluster.stop();
  }
}

async function measure(plugin: Plugin, cluster: Generated, stream: boolean, ladder: number): Promise<Measured> {
  const { process } = plugin;
  const traffic = async (method = 'GET') =>
    (await (await fetch(`${cluster.control}/traffic`, { method })).json()) as Traffic;
  await plugin.instant('mesos_up');
  const patience = Date.now() + 600_000;
  let subscribed = 0;
  for (;;) {
    await sleep(1000);
    const { bytes } = await traffic();
    subscribed ||= bytes[STREAM] ?? 0; // SUBSCRIBED is written at once, and little after it within a second
    const ages = await plugin.instant(AGES);
    const { polls } = await plugin.status();
    const state = polls.find(({ poll }) => poll === 'state');
    // What events keep is written once a second /state has made it the model, and /state is seldom then.
    const known =
      ages.length === SUMS.length && (!stream || (Math.max(...ages) <= POLL_INTERVAL && intervalOf(state) > ladder));
    if (known) {
      break;
    }
    if (Date.now() > patience) {
      throw new Error(`the plugin did not know the cluster in time: ages ${ages.join(', ')}`);
    }
  }
  // The /state that was just read is still compared with the model, and then given back.
  await sleep(POLL_INTERVAL * 1000);
  const before = await traffic();
  const start = process.cpu();
  const began = performance.now();
  await traffic('DELETE');
  process.forgetPeak();
  const found = { ages: [] as number[], missing: 0, memory: [] as number[] };
  while (performance.now() - began < MEASURED * 1000) {
    const next = sleep(1000);
    const ages = await plugin.instant(AGES);
    found.ages.push(Math.max(...ages));
    found.missing += ages.length < SUMS.length ? 1 : 0;
    found.memory.push(process.memory().now);
    await next;
  }
  const passed = (performance.now() - began) / 1000;
  const cpu = (process.cpu() - start) / passed;
  const { peak } = process.memory();
  const after = await traffic();
  const { polls, problems = {} } = await plugin.status();
  if (Object.keys(problems).length > 0) {
    throw new Error(`a poll failed: ${JSON.stringify(problems)}`);
  }
  const every = intervalOf(polls.find(({ poll }) => poll === 'state'));
  return {
    ...hourOf(before, after, passed, every),
    cpu,
    start,
    memory: { mean: found.memory.reduce((sum, n) => sum + n, 0) / found.memory.length, peak },
    ages: found.ages,
    missing: found.missing,
    subscribed,
    every,
  };
}

const intervalOf = (poll?: { intervalNs: number }) => (poll?.intervalNs ?? 0) / 1e9;

/** What of the traffic is seldom: /state and /roles, whose interval is known. */
const SELDOM = ['/state', '/roles'];

/**
 * Returns what is served in an hour: what was counted in the time that was measured, as much more often; of pages that are
 * seldom the mean of all responses, as often as their interval says.
 */
function hourOf(before: Traffic, counted: Traffic, passed: number, every: number): Pick<Measured, 'hour' | 'computed'> {
  const found: Pick<Measured, 'hour' | 'computed'> = { hour: {}, computed: {} };
  const of = (path: string, kind: keyof Traffic, all: Traffic[]) =>
    all.reduce((sum, traffic) => sum + (traffic[kind][path] ?? 0), 0);
  for (const path of new Set([...Object.keys(before.requests), ...Object.keys(counted.requests)])) {
    if (SELDOM.includes(path)) {
      const all = [before, counted];
      const each = of(path, 'bytes', all) / of(path, 'requests', all);
      found.hour[path] = { requests: HOUR / every, bytes: (HOUR / every) * each };
      found.computed[path] = every;
    } else if (counted.bytes[path] !== undefined) {
      const times = HOUR / passed;
      found.hour[path] = {
        requests: (counted.requests[path] ?? 0) * times,
        bytes: counted.bytes[path] * times,
      };
    }
  }
  return found;
}
