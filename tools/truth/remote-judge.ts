// Compares what two Grafanas on one data source answered, and what is in the remote engine and in their own histories, with
// the truth.
import type { Live } from '../simulator/live/live.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Check, CHECKS } from './checks.ts';
import { type Answer, byMoment, type Result } from './compare.ts';
import type { Verdict } from './judge.ts';
import { answeredAtOf, truthsOf } from './moments.ts';
import { Rests } from './rests.ts';
import { pagesOf, requestsTo, type Watched } from './watched.ts';

/** What is done to the engine, to ZooKeeper, to the masters' event streams, and to the Grafana that polls, the holder. */
export type Deed =
  | 'engine ends'
  | 'engine starts'
  | 'engine slows'
  | 'engine recovers'
  | 'holder is killed'
  | 'plugin is killed'
  | 'holder is suspended'
  | 'it resumes'
  | 'holder ends'
  | 'it starts'
  | 'zookeeper ends'
  | 'zookeeper starts'
  | 'streams stall'
  | 'streams go on';

/** What was done. Times are Unix seconds. */
export interface Done {
  do: Deed;
  /** Which Grafana it was done to: 0 or 1. */
  who?: number;
  began: number;
  ended: number;
}

/** The answers of one Grafana at a moment. */
export interface Asked {
  /** Why there are none. */
  error?: string;
  /** By expression; also of timestamp() of it. */
  answers: Map<string, Answer>;
  /** What the queries of rules answered, by their number; absent where they were not asked. */
  rules?: string[];
}

/** Samples by series (its labels, sorted, as JSON) and by Unix milliseconds. */
export type Samples = Map<string, Map<number, number>>;

/** All that is known of a run. Times are Unix seconds by the machine's clock. */
export interface Record {
  scenario: Scenario;
  live: Live;
  interval: number;
  from: number;
  to: number;
  steps: Done[];
  /** What both Grafanas answered at moments. */
  moments: Array<{ at: number; both: Asked[] }>;
  /** What each Grafana has committed, and what the engine has. */
  local: Samples[];
  engine: Samples;
  /** How many samples the engine counts (count_over_time). */
  counted: number;
  /** Samples that were refused for good, or dropped, by what the Grafanas say. */
  given: string[];
  toCluster(at: number): number;
}

/** Seconds from a fault of the holder until the next one polls: the end of its session, as docs/operations.md promises. */
export const SESSION = 10 + 4;

/** The same where the holder ends in order: the others look at the znode every 2 s. */
export const LOOK = 2;

/** Seconds within which the first poll of a term is answered and is in the engine, on a machine that is busy. */
const FIRST = 3;

/** Seconds after which both Grafanas know a sample. */
const IN_TRANSIT = 2;

/** Polls after which a sample is too old, and seconds more. */
const [POLLS, SLACK] = [2, 3];

/** Seconds until a Grafana answers that was started, or goes on after it was suspended. */
const STARTS = 5;

/** Seconds until a Grafana has a session again, once ZooKeeper answers: it waits 5 s at most between two tries. */
const RECONNECTS = 5;

/** The most seconds that the plugin waits before it tries the engine again. */
const BACK_OFF = 60;

/** Which expressions are asked. */
export const ASKED = CHECKS.filter(
  ({ expr, query }) =>
    query === undefined &&
    /^mesos_cluster_|^mesos_(framework|role|agent)_(cpus_allocated|tasks)$|^mesos_framework_tasks_ended_total$|^mesos_agent_state$/.test(
      expr
    )
);

/** A time in which an answer of a Grafana may be old, or missing. */
interface Window {
  /** 0 or 1; absent: both. */
  who?: number;
  from: number;
  to: number;
}

/** `reads`: windows for what reads the engine only, as rules over hours do. */
export function windowsOf({ steps, to }: Pick<Record, 'steps' | 'to'>): { all: Window[]; reads: Window[] } {
  const next = (i: number, deed: Deed) => steps.find((step, at) => at > i && step.do === deed)?.ended ?? to;
  const all: Window[] = [];
  const reads: Window[] = [];
  steps.forEach(({ do: deed, who, began, ended }, i) => {
    switch (deed) {
      case 'holder is killed':
        all.push({ from: began, to: ended + SESSION + FIRST }, { who, from: began, to: next(i, 'it starts') + STARTS });
        break;
      case 'plugin is killed':
        all.push({ from: began, to: ended + SESSION + FIRST });
        break;
      case 'holder is suspended':
        all.push(
          { from: began, to: ended + SESSION + FIRST },
          { who, from: began, to: next(i, 'it resumes') + STARTS }
        );
        break;
      case 'holder ends':
        all.push({ from: began, to: ended + LOOK + FIRST }, { who, from: began, to: next(i, 'it starts') + STARTS });
        break;
      case 'zookeeper ends':
        all.push({ from: began, to: next(i, 'zookeeper starts') + RECONNECTS + FIRST });
        break;
      case 'engine ends': {
        // The next try comes after a wait as long as it was away, twice that at most.
        const back = next(i, 'engine starts');
        reads.push({ from: began, to: back + Math.min(BACK_OFF, 3 * (back - began)) + FIRST });
        break;
      }
      case 'engine slows':
        reads.push({ from: began, to: next(i, 'engine recovers') + FIRST });
        break;
    }
  });
  return { all, reads };
}

const lies = (windows: Window[], who: number, at: number) =>
  windows.some((window) => (window.who ?? who) === who && window.from <= at && at <= window.to);

export function judgeRemote(record: Record): Verdict {
  const terms = termsOf(record);
  const parts: Array<[name: string, result: Result]> = [
    ['sent', judgeSent(record)],
    ['once', judgeOnce(record, terms)],
    ['true', judgeTrue(record)],
    ['answers', judgeAnswers(record, terms)],
    ['same', judgeSame(record)],
    ['load', judgeLoad(record)],
    ['gaps', judgeGaps(record, terms)],
    ['ended', judgeEnded(record, terms)],
  ];
  const given = record.given.map((text) => `given up: ${text}`);
  return {
    checks: parts.reduce((sum, [, { checks }]) => sum + checks, 1),
    inWindows: parts.reduce((sum, [, { inWindows }]) => sum + inWindows, 0),
    deviations: [...parts.flatMap(([, { deviations }]) => deviations), ...given],
    wrong: new Map([
      ...parts.map(([name, { deviations }]): [string, number] => [name, deviations.length]),
      ['given up', given.length],
    ]),
    lines: [
      `${sizeOf(record.engine)} samples of ${record.engine.size} series in the engine, which Grafana 0 collected ${sizeOf(record.local[0])} of, and Grafana 1 ${sizeOf(record.local[1])}`,
      `${record.live.ends().length} tasks ended`,
      ...gapsOf(record, terms).map(({ line }) => line),
    ],
  };
}

const sizeOf = (samples: Samples) => [...samples.values()].reduce((sum, { size }) => sum + size, 0);

const written = (ms: number) => new Date(ms).toISOString();

const TOLD = 20;

function resultOf(checks: number, deviations: string[], inWindows = 0): Result {
  const more = deviations.length - TOLD;
  return {
    checks,
    inWindows,
    deviations: more > 0 ? [...deviations.slice(0, TOLD), `and ${more} more`] : deviations,
  };
}

/** Every sample that a Grafana committed is in the engine once, and no other. */
function judgeSent({ local, engine, counted }: Record): Result {
  const deviations: string[] = [];
  for (const [who, samples] of local.entries()) {
    for (const [name, points] of samples) {
      for (const [at, value] of points) {
        const there = engine.get(name)?.get(at);
        if (there === undefined) {
          deviations.push(`lost: ${name} at ${written(at)}, which Grafana ${who} collected`);
        } else if (there !== value) {
          deviations.push(`${name} at ${written(at)}: ${there} in the engine, ${value} in Grafana ${who}`);
        }
      }
    }
  }
  for (const [name, points] of engine) {
    for (const at of points.keys()) {
      if (local.every((samples) => samples.get(name)?.has(at) !== true)) {
        deviations.push(`made up: ${name} at ${written(at)}, which no Grafana collected`);
      }
    }
  }
  const distinct = new Set(local.flatMap((samples) => keysOf(samples))).size;
  if (counted !== distinct) {
    deviations.push(`the engine counts ${counted} samples, and ${distinct} were collected`);
  }
  return resultOf(1 + distinct, deviations);
}

const keysOf = (samples: Samples) =>
  [...samples].flatMap(([name, points]) => [...points.keys()].map((at) => `${name} ${at}`));

/** Polls of /state that a Grafana committed. */
interface Term {
  who: number;
  /** Unix milliseconds of its polls. */
  polls: number[];
}

/** How long a page took to be answered, by the Unix milliseconds of its polls. */
const tookOf = (samples: Samples, page: string) =>
  [...samples].find(([name]) => {
    const { __name__, poll } = JSON.parse(name) as { [label: string]: string };
    return __name__ === 'mesos_poll_duration_seconds' && poll === page;
  })?.[1];

/** How far apart the polls of a term may be: each begins anew. */
function restsOf({ local, interval }: Record, { who, polls }: Term): Rests {
  const [state, roles] = ['state', 'roles'].map((page) => tookOf(local[who], page));
  return new Rests(
    interval,
    polls.map((ms) => {
      const after = [...(roles ?? [])].find(([at]) => at >= ms && at < ms + 1000 * interval)?.[1] ?? 0;
      const took = state?.get(ms);
      return { at: ms / 1000, ...(took !== undefined && { took: took + after }) };
    })
  );
}

/** Who polled when: in the order of the polls, as long as it was the same Grafana. */
export function termsOf({ local }: Pick<Record, 'local'>): Term[] {
  const polls = local.flatMap((samples, who) =>
    [...samples].flatMap(([name, points]) => {
      const { __name__, poll } = JSON.parse(name) as { [label: string]: string };
      return __name__ === 'mesos_up' && poll === 'state' ? [...points.keys()].map((at) => ({ who, at })) : [];
    })
  );
  const terms: Term[] = [];
  for (const { who, at } of polls.sort((a, b) => a.at - b.at)) {
    const last = terms.at(-1);
    if (last?.who === who) {
      last.polls.push(at);
    } else {
      terms.push({ who, polls: [at] });
    }
  }
  return terms;
}

/** What makes another Grafana poll, or the same one begin anew. */
const UNSEATS: Deed[] = [
  'holder is killed',
  'plugin is killed',
  'holder is suspended',
  'holder ends',
  'zookeeper ends',
];

const unseated = ({ steps }: Record) => steps.filter((step) => UNSEATS.includes(step.do));

/** No two Grafanas have a sample of one moment, and they take turns only where something was done to the one that polled. */
function judgeOnce(record: Record, terms: Term[]): Result {
  const [mine, others] = record.local;
  const twice = keysOf(mine).filter((key) => {
    const at = key.lastIndexOf(' ');
    return others.get(key.slice(0, at))?.has(Number(key.slice(at + 1)));
  });
  const deviations = twice.map((key) => `of both Grafanas: ${key}`);
  const most = 1 + unseated(record).length;
  if (terms.length > most) {
    deviations.push(`${terms.length} terms of one Grafana after the other, true are ${most} at most`);
  }
  const polls = terms.flatMap(({ polls }) => polls);
  const close = polls.slice(1).filter((at, i) => at - polls[i] < 500 * record.interval);
  const excused = unseated(record).length; // a poll at once, where the one before was a moment ago
  if (close.length > excused) {
    deviations.push(
      `${close.length} polls less than half an interval after the one before, true are ${excused} at most`
    );
  }
  return resultOf(mine.size + others.size + 2, deviations);
}

/** What the comparisons with other parts need. */
function watchedOf({ scenario, live, interval, from, to, toCluster }: Record): Watched {
  return {
    ...{ scenario, live, interval, from, to, toCluster, measured: false, shift: 0 },
    ...{ answers: new Map(), oneClock: false, speed: 1 },
  };
}

const labelsOf = (by: string[], labels: { [label: string]: string }) =>
  by.map((label) => `${label}="${labels[label] ?? ''}"`).join(',');

/** The facts of a check at the moment of a sample, by identifying labels. */
function factsOf(record: Record, times: Array<{ check: Check; at: number }>) {
  const watched = watchedOf(record);
  const answeredAt = answeredAtOf(watched);
  const moments = new Map(times.map(({ check, at }) => [`${check.page} ${at}`, answeredAt(check.page, at)]));
  const truth = truthsOf(record, [...moments.values()]);
  const known = new Map<string, Map<string, number>>();
  return (check: Check, at: number): Map<string, number> => {
    const moment = moments.get(`${check.page} ${at}`) ?? answeredAt(check.page, at);
    const key = `${check.expr} ${moment}`;
    const facts =
      known.get(key) ??
      new Map(
        check.facts(truth(moment)).map(([labels, value]): [string, number] => [labelsOf(check.by, labels), value])
      );
    known.set(key, facts);
    return facts;
  };
}

/** Mesos counts CPUs in thousandths. */
const THOUSANDTH = 0.0011;

function differs(check: Check, value: number | undefined, fact: number | undefined): boolean {
  const right = fact ?? (check.zeros ? 0 : undefined);
  return right === undefined || value === undefined
    ? !(value === undefined && (right === undefined || (check.zeros && right === 0)))
    : Math.abs(value - right) > THOUSANDTH;
}

/** Every sample in the engine is true at its moment, and with each poll everything that is true is there. */
function judgeTrue(record: Record): Result {
  const all = ASKED.map((check) => {
    const [, metric, matchers = ''] = /^(\w+)(\{.*\})?$/.exec(check.expr) ?? [];
    const byTime = new Map<number, Map<string, number>>();
    for (const [name, points] of record.engine) {
      const labels = JSON.parse(name) as { [label: string]: string };
      if (labels.__name__ === metric && matchers === '') {
        for (const [ms, value] of points) {
          const at = byTime.get(ms) ?? new Map<string, number>();
          byTime.set(ms, at.set(labelsOf(check.by, labels), value));
        }
      }
    }
    return { check, byTime };
  });
  const facts = factsOf(
    record,
    all.flatMap(({ check, byTime }) => [...byTime.keys()].map((ms) => ({ check, at: ms / 1000 })))
  );
  let checks = 0;
  const deviations: string[] = [];
  for (const { check, byTime } of all) {
    if (byTime.size === 0) {
      deviations.push(`${check.expr}: nothing in the engine`);
    }
    for (const [ms, values] of byTime) {
      const known = facts(check, ms / 1000);
      for (const name of new Set([...values.keys(), ...known.keys()])) {
        checks++;
        if (differs(check, values.get(name), known.get(name))) {
          deviations.push(
            `in the engine ${check.expr}{${name}} at ${written(ms)}: ${values.get(name) ?? 'nothing'}, true is ${known.get(name) ?? 'nothing'}`
          );
        }
      }
    }
  }
  return resultOf(checks, deviations);
}

interface Sample {
  name: string;
  value: number;
  then: number;
}

function samplesOf({ expr, by }: Check, at: number, { answers }: Asked): Sample[] {
  const values = byMoment({ by }, answers.get(expr) ?? { expr, series: [] }).get(at);
  const times = byMoment({ by }, answers.get(`timestamp(${expr})`) ?? { expr, series: [] }).get(at);
  return [...(values ?? [])].map(([name, value]) => ({ name, value, then: times?.get(name) ?? NaN }));
}

const newestOf = (samples: Sample[]) => Math.max(-Infinity, ...samples.map(({ then }) => then));

/** What a Grafana answers is true at the moment of its sample, complete, and no older than two polls but in windows. */
function judgeAnswers(record: Record, terms: Term[]): Result {
  const { moments, interval, from } = record;
  const polled = terms.map((term) => ({ begins: term.polls[0] / 1000, rests: restsOf(record, term) }));
  /** How much later than after an interval the next poll may be. */
  const later = (at: number) => (polled.findLast(({ begins }) => begins <= at)?.rests.every(at) ?? interval) - interval;
  const { all, reads } = windowsOf(record);
  const facts = factsOf(
    record,
    moments.flatMap(({ at, both }) =>
      both.flatMap((asked) =>
        ASKED.flatMap((check) => samplesOf(check, at, asked).map(({ then }) => ({ check, at: then })))
      )
    )
  );
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  const asks = moments.flatMap(({ at, both }) => both.map((asked, who) => ({ at, who, asked })));
  for (const { at, who, asked } of asks) {
    // Until the first poll there is nothing.
    const excused = lies([...all, ...reads], who, at) || at < from + interval + FIRST;
    const where = `Grafana ${who}, ${(at - from).toFixed(0)} s after the beginning`;
    for (const check of ASKED) {
      const samples = samplesOf(check, at, asked);
      const newest = newestOf(samples);
      const fresh = newest >= at - POLLS * interval - SLACK - (check.page === '/metrics/snapshot' ? 0 : later(newest));
      result.checks++;
      result.inWindows += excused ? 1 : 0;
      if (!fresh && !excused) {
        const age = samples.length > 0 ? `${(at - newest).toFixed(1)} s old` : (asked.error ?? 'nothing');
        result.deviations.push(`${where}: ${check.expr}: ${age}`);
      }
      const known = samples.length > 0 ? facts(check, newest) : new Map<string, number>();
      const there = new Set(samples.map(({ name }) => name));
      const missing = [...known].filter(([name, value]) => !there.has(name) && differs(check, undefined, value));
      result.checks += samples.length + missing.length;
      for (const { name, value, then } of samples) {
        const fact = facts(check, then).get(name);
        if (differs(check, value, fact)) {
          result.deviations.push(
            `${where}: ${check.expr}{${name}}, ${(at - then).toFixed(1)} s old: ${value}, true is ${fact ?? 'nothing'}`
          );
        }
      }
      missing.forEach(([name, value]) =>
        result.deviations.push(`${where}: ${check.expr}{${name}}: nothing, true is ${value}`)
      );
    }
  }
  return resultOf(result.checks, result.deviations, result.inWindows);
}

/** Both answer the same, once both know the newest sample. */
function judgeSame(record: Record): Result {
  const { moments, from, interval } = record;
  const { all, reads } = windowsOf(record);
  const result: Result = { checks: 0, inWindows: 0, deviations: [] };
  const compared = (excused: boolean, text: string | undefined) => {
    result.checks++;
    result.inWindows += excused ? 1 : 0;
    if (text !== undefined && !excused) {
      result.deviations.push(text);
    }
  };
  for (const { at, both } of moments.filter((moment) => moment.at >= from + interval + FIRST)) {
    const when = `${(at - from).toFixed(0)} s after the beginning`;
    const excused = [0, 1].some((who) => lies([...all, ...reads], who, at));
    let moving = false;
    for (const check of ASKED) {
      const [mine, others] = both.map((asked) => samplesOf(check, at, asked));
      const [a, b] = [newestOf(mine), newestOf(others)];
      moving ||= at - Math.max(a, b) < IN_TRANSIT;
      const same = (samples: Sample[]) =>
        samples
          .filter(({ then }) => then === a)
          .map(({ name, value }) => `${name} ${value}`)
          .sort()
          .join('; ');
      if (a !== b) {
        const late = at - Math.max(a, b) >= IN_TRANSIT;
        compared(
          excused,
          late
            ? `${when}: ${check.expr}: the newest sample of one Grafana is ${Math.abs(a - b).toFixed(1)} s older`
            : undefined
        );
      } else {
        const differ = same(mine) !== same(others);
        compared(excused, differ ? `${when}: ${check.expr}: ${same(mine)} and ${same(others)}` : undefined);
      }
    }
    const [rules, theirs] = both.map((asked) => asked.rules);
    if (rules !== undefined && theirs !== undefined && !moving) {
      rules.forEach((text, n) =>
        compared(
          excused,
          text === theirs[n] ? undefined : `${when}: rule ${n}: ${text.slice(0, 200)} and ${theirs[n].slice(0, 200)}`
        )
      );
    }
  }
  return resultOf(result.checks, result.deviations, result.inWindows);
}

/** The pages of the leader that are polled once in an interval. */
const PAGES = ['/state', '/roles', '/metrics/snapshot'];

/** The leader's requests are those of one Grafana. */
function judgeLoad(record: Record): Result {
  const { from, to, interval, live } = record;
  const begun = Math.max(1, unseated(record).length); // each term begins with a poll, and ends with one of these
  const most = Math.floor((to - from) / interval) + begun + 1;
  const pages = pagesOf(watchedOf(record));
  const deviations = PAGES.flatMap((page) => {
    const n = pages.filter((answered) => answered.page === page && answered.host.startsWith('master')).length;
    const least = Math.min(2, most);
    return n >= least && n <= most ? [] : [`${page} was asked for ${n} times, true is ${least} to ${most}`];
  });
  const streams = requestsTo(live).filter(
    ({ method, path }) => method === 'POST' && /^\/(master\/)?api\/v1/.test(path)
  );
  if (streams.length > begun) {
    deviations.push(`the event stream was subscribed to ${streams.length} times, true is ${begun} at most`);
  }
  return resultOf(PAGES.length + 1, deviations);
}

const KILLS: Deed[] = ['holder is killed', 'plugin is killed', 'holder is suspended'];

/** Polls after which an end of a task is counted, whoever polls. */
const COUNTED = 3;

/** Seconds after a poll in which the others may not have heard yet what was counted. */
const NOTED = 2;

/**
 * Each end of a task is counted once by agent, whoever polled then, also those between two terms. Where the one that polled is
 * killed right after a poll while the engine is away, the next one may not know of that, and counts the ends of it again. An end
 * that was under way to the master at the latest poll of a term is of before it, and may be counted by nobody.
 */
function judgeEnded({ engine, live, interval, steps, from: begun, toCluster }: Record, terms: Term[]): Result {
  const polls = terms.flatMap(({ polls }) => polls);
  const [first, last] = [polls[0], polls.at(-1) ?? 0].map((ms) => toCluster(ms / 1000));
  const risen = new Map<string, number>();
  const rises = new Map<string, string[]>();
  const after = (at: number) => `${(at - begun).toFixed(1)} s`;
  for (const [name, points] of engine) {
    const { __name__, agent, state } = JSON.parse(name) as { [label: string]: string };
    if (__name__ === 'mesos_agent_tasks_ended_total' && state !== 'unknown') {
      // A counter that falls has begun anew, at 0.
      let [sum, before] = [0, 0];
      const key = `${agent} ${state}`;
      for (const [ms, value] of [...points].sort(([a], [b]) => a - b)) {
        const more = value - (value < before ? 0 : before);
        if (more > 0) {
          rises.set(key, [...(rises.get(key) ?? []), `${more} after ${after(ms / 1000)}`]);
        }
        sum += more;
        before = value;
      }
      risen.set(key, (risen.get(key) ?? 0) + sum);
    }
  }
  const away = (at: number) => {
    const last = steps.findLast((step) => step.do.startsWith('engine ') && step.began < at)?.do;
    return last === 'engine ends' || last === 'engine slows';
  };
  const latest = steps
    .filter(({ do: deed }) => UNSEATS.includes(deed))
    .map(({ ended }) => toCluster((polls.findLast((ms) => ms <= 1000 * ended) ?? 0) / 1000));
  const unheard = (at: number) => polls.some((ms) => ms / 1000 > at - NOTED && ms / 1000 <= at);
  const unknown = steps.filter(
    ({ do: deed, began, ended }) => KILLS.includes(deed) && away(began) && (unheard(began) || unheard(ended))
  );
  const heard = Map.groupBy(live.ends(), ({ agent, state }) => `${agent} ${state.toLowerCase()}`);
  const deviations = [...new Set([...risen.keys(), ...heard.keys()])].flatMap((key) => {
    const within = (from: number, to: number) =>
      (heard.get(key) ?? []).filter((end) => end.heard > from && end.heard <= to).length;
    const underWay = (heard.get(key) ?? []).filter((end) => latest.some((poll) => end.at <= poll && end.heard > poll));
    const least = within(first + interval, last - COUNTED * interval) - underWay.length;
    const again = unknown.map(({ began, ended }) => within(toCluster(began) - interval, toCluster(ended)));
    const most = within(first - COUNTED * interval, last + interval) + again.reduce((sum, n) => sum + n, 0);
    const value = risen.get(key) ?? 0;
    if (value >= least && value <= most) {
      return [];
    }
    const all = (heard.get(key) ?? []).map(
      (end) => `${end.taskId} after ${after(end.heard - (toCluster(begun) - begun))}`
    );
    return [
      `ends on ${key}: counted ${value} times (${rises.get(key)?.join(', ') ?? 'never'}), true is ${least >= most ? most : `${least} to ${most}`} (${all.join(', ') || 'none'})`,
    ];
  });
  return resultOf(heard.size, deviations);
}

/** How long nobody polled after the one that did was stopped, and what may be so. */
function gapsOf(record: Record, terms: Term[]): Array<{ line: string; wrong?: string }> {
  const polls = terms.flatMap(({ who, polls }) => polls.map((at) => ({ who, at: at / 1000 })));
  return unseated(record).flatMap(({ do: deed, who, began, ended }) => {
    const back = record.steps.find((step) => step.do === 'zookeeper starts' && step.began >= began)?.ended;
    const promised =
      deed === 'zookeeper ends'
        ? { from: back ?? record.to, within: RECONNECTS }
        : { from: ended, within: deed === 'holder ends' ? LOOK : SESSION };
    // A poll that was just being made is one before.
    const first = polls.find(
      ({ at, who: by }) => at > began && (by !== who || (deed !== 'holder ends' && at > ended + 1))
    );
    const last = polls.findLast(({ at }) => at < (first?.at ?? Infinity));
    if (first === undefined || last === undefined) {
      // The last one that ends has none after it.
      return ended + promised.within + FIRST > record.to
        ? []
        : [{ line: deed, wrong: `${deed}, and nobody polled afterwards` }];
    }
    const took = first.at - promised.from;
    const line = `${deed}: Grafana ${first.who} polled ${took.toFixed(1)} s later, ${(first.at - last.at).toFixed(1)} s between two polls`;
    return [took > promised.within + FIRST ? { line, wrong: `${line}; promised are ${promised.within} s` } : { line }];
  });
}

function judgeGaps(record: Record, terms: Term[]): Result {
  const gaps = gapsOf(record, terms);
  const deviations = gaps.flatMap(({ wrong }) => (wrong === undefined ? [] : [wrong]));
  // While one polls, no poll is left out.
  const left = terms.flatMap((term) => {
    const rests = restsOf(record, term);
    return term.polls.slice(1).map((at, i) => {
      const before = term.polls[i];
      return { at, gap: (at - before) / 1000, every: rests.every(before / 1000) };
    });
  });
  const long = left.filter(
    ({ at, gap, every }) =>
      gap > every + 0.5 * record.interval &&
      !lies(windowsOf(record).all, -1, at / 1000) &&
      !lies(windowsOf(record).all, -1, at / 1000 - gap)
  );
  deviations.push(...long.map(({ at, gap }) => `no poll for ${gap.toFixed(1)} s until ${written(at)}`));
  return resultOf(gaps.length + left.length, deviations);
}
