// What each tool gets wrong: questions that people ask of a cluster, how each tool is asked them, and what is true.
import type { Live } from '../../simulator/live/live.ts';
import type { Truth } from '../../simulator/live/truth.ts';
import { megabytes, rounded } from '../lines.ts';
import type { Tool } from './rows.ts';
import type { Page } from './servers.ts';

/** What a check is about in the cluster of its scene. */
export interface Facts {
  live: Live;
  /** Unix seconds: when the tools had polled for the first time. */
  begun: number;
  /** An agent with tasks, its host name, and the port by which mesos_exporter names it. */
  agent: { name: string; port: string };
  /** One with GPUs that are in use, beside which is an exporter of its own. */
  gpus: { name: string; url: string };
  framework: string;
  role: string;
}

/** What must be answered: a number that was true lately, one that is nearly so, or nothing. */
export type Expected =
  { is: (truth: Truth) => number | undefined } | { about: number; within: number } | { nothing: string };

/** What Infinity reads from a page of Mesos, and how a number comes of it. */
export interface Read {
  page: Page;
  value: (rows: Array<Record<string, number | string | null>>) => number | undefined;
  /** What an error means, where that is an answer. */
  failed?: number;
}

/** Why a tool cannot be asked. `unless`: names of series that would be an answer, so that none is overlooked. */
export interface Cannot {
  cannot: string;
  unless?: RegExp;
}

export interface Check {
  what: string;
  expected: (facts: Facts, at: number) => Expected;
  /** PromQL. */
  ours: (facts: Facts, at: number) => string;
  exporter: ((facts: Facts, at: number) => string) | Cannot;
  infinity: ((facts: Facts) => Read) | Cannot;
  show: (n: number) => string;
}

/** What a tool said: a number, or why there is none. */
export type Said = { value: number } | { none: string };

export type Verdict = 'ok' | 'wrong' | 'no answer' | 'cannot';

export interface Result {
  what: string;
  truth: string;
  /** By tool; absent: it was skipped. */
  said: Partial<Record<Tool, { verdict: Verdict; text: string }>>;
}

/** A master that leads, where there are several: the exporter of each answers. */
const LEADING = 'and on (instance) mesos_master_elected == 1';

const MIB = 2 ** 20;

const SUMMARY = '/state-summary';
const ofSnapshot = (key: string): Read => ({
  page: { path: '/metrics/snapshot', root: '', columns: { value: { selector: key, type: 'number' } } },
  value: ([row]) => numberIn(row?.value),
});

/** A column of the row with a name, or of all rows in sum. */
function column(root: string, name: string, selector: string, path = SUMMARY) {
  const page: Page = {
    ...{ path, root },
    columns: { name: { selector: name, type: 'string' }, value: { selector, type: 'number' } },
  };
  return {
    of: (wanted: string, times = 1): Read => ({
      page,
      value: (rows) => scaled(numberIn(rows.find(({ name }) => name === wanted)?.value), times),
    }),
    sum: (): Read => ({
      page,
      value: (rows) =>
        rows.reduce<number | undefined>((sum, { value }) => (sum ?? 0) + (numberIn(value) ?? NaN), undefined),
    }),
  };
}

const scaled = (n: number | undefined, times: number) => (n === undefined ? undefined : n * times);
const numberIn = (value: unknown) => (typeof value === 'number' ? value : undefined);

const NO_RATES = { cannot: 'keeps nothing to compare with' };

/** While all is well. */
export const CALM: Check[] = [
  {
    what: 'CPUs in use of the cluster',
    expected: () => ({ is: ({ cluster }) => cluster.allocated.cpus }),
    ours: () => 'mesos_cluster_cpus_allocated',
    exporter: () => `mesos_master_cpus{type="used"} ${LEADING}`,
    infinity: () => ofSnapshot('master/cpus_used'),
    show: rounded,
  },
  {
    what: 'memory in use of an agent, in bytes',
    expected: ({ agent }) => ({ is: ({ agents }) => named(agents, agent.name)?.allocated.memoryBytes }),
    ours: ({ agent }) => `mesos_agent_memory_allocated_bytes{agent="${agent.name}"}`,
    exporter: ({ agent }) => `mesos_slave_mem_used_bytes{slave=~".*:${agent.port}"} ${LEADING}`,
    // In MiB, as Mesos has it: the unit of the panel is set by hand.
    infinity: ({ agent }) => column('slaves', 'hostname', 'used_resources.mem').of(agent.name, MIB),
    show: megabytes,
  },
  {
    what: 'GPUs in use of an agent',
    expected: ({ gpus }) => ({ is: ({ agents }) => named(agents, gpus.name)?.allocated.gpus }),
    ours: ({ gpus }) => `mesos_agent_gpus_allocated{agent="${gpus.name}"}`,
    // Of the exporter beside that agent.
    exporter: () => 'mesos_slave_gpus{type="used"}',
    infinity: ({ gpus }) => column('slaves', 'hostname', 'used_resources.gpus').of(gpus.name),
    show: rounded,
  },
  {
    what: 'resident memory of the containers of an agent',
    expected: ({ gpus }) => ({ is: ({ agents }) => named(agents, gpus.name)?.used.memoryBytes }),
    ours: ({ gpus }) => `mesos_agent_memory_used_bytes{agent="${gpus.name}"}`,
    exporter: () => 'sum(mesos_agent_mem_rss_bytes)',
    infinity: ({ gpus }) =>
      column('', 'executor_id', 'statistics.mem_rss_bytes', `${gpus.url}/monitor/statistics`).sum(),
    show: megabytes,
  },
  {
    what: 'CPUs in use of a framework',
    expected: ({ framework }) => ({ is: ({ frameworks }) => framed(frameworks, framework)?.allocated.cpus }),
    ours: ({ framework }) => `mesos_framework_cpus_allocated{framework="${framework}"}`,
    exporter: { cannot: 'has no resources of frameworks', unless: /framework.*(cpus|mem|gpus)/ },
    infinity: ({ framework }) => column('frameworks', 'name', 'used_resources.cpus').of(framework),
    show: rounded,
  },
  {
    what: 'running tasks of a framework',
    expected: ({ framework }) => ({ is: ({ frameworks }) => framed(frameworks, framework)?.tasks.running ?? 0 }),
    ours: ({ framework }) => `mesos_framework_tasks{framework="${framework}",state="running"}`,
    exporter: { cannot: 'has no tasks of frameworks', unless: /framework.*task/ },
    infinity: ({ framework }) => column('frameworks', 'name', 'TASK_RUNNING').of(framework),
    show: rounded,
  },
  {
    what: 'memory in use of a role without quota, in bytes',
    expected: ({ role }) => ({ is: ({ roles }) => roles.find((one) => one.role === role)?.allocated.memoryBytes }),
    ours: ({ role }) => `mesos_role_memory_allocated_bytes{role="${role}"}`,
    exporter: ({ role }) =>
      `mesos_master_allocator_role_quota_offered_or_allocated{role="${role}",resource="mem"} * 2^20`,
    infinity: ({ role }) => column('roles', 'name', 'allocated.mem', '/roles').of(role, MIB),
    show: megabytes,
  },
];

/** An agent died, and the master has given it up. */
export const DEAD: Check[] = [
  {
    what: 'CPUs in use of an agent that died',
    expected: () => ({ nothing: 'nothing: the master lists it no more' }),
    ours: ({ agent }) => `mesos_agent_cpus_allocated{agent="${agent.name}"}`,
    exporter: ({ agent }) => `mesos_slave_cpus_used{slave=~".*:${agent.port}"} ${LEADING}`,
    infinity: ({ agent }) => column('slaves', 'hostname', 'used_resources.cpus').of(agent.name),
    show: rounded,
  },
  {
    what: 'CPUs of all agents, summed over the agents',
    expected: () => ({ is: ({ cluster }) => cluster.capacity.cpus }),
    ours: () => 'sum(mesos_agent_cpus_capacity)',
    exporter: () => `sum(mesos_slave_cpus ${LEADING})`,
    infinity: () => column('slaves', 'hostname', 'resources.cpus').sum(),
    show: rounded,
  },
  {
    what: 'agents that are unreachable',
    expected: () => ({ is: ({ cluster }) => cluster.agents.unreachable ?? 0 }),
    ours: () => 'mesos_cluster_agents{state="unreachable"}',
    exporter: () => `mesos_master_slaves_state{state="unreachable"} ${LEADING}`,
    infinity: () => ofSnapshot('master/slaves_unreachable'),
    show: rounded,
  },
  {
    what: 'tasks that are unreachable',
    expected: () => ({ is: ({ cluster }) => cluster.tasks.unreachable ?? 0 }),
    ours: () => 'mesos_cluster_tasks{state="unreachable"}',
    exporter: () => `mesos_master_task_states_current{state="unreachable"} ${LEADING}`,
    infinity: () => ofSnapshot('master/tasks_unreachable'),
    show: rounded,
  },
];

const UNKNOWN = { nothing: 'nothing: no master answers' };

/** Masters answer every request with 503. */
export const FAILING: Check[] = [
  {
    what: 'CPUs in use of the cluster while masters answer 503',
    expected: () => UNKNOWN,
    ours: () => 'mesos_cluster_cpus_allocated',
    exporter: () => 'mesos_master_cpus{type="used"}',
    infinity: () => ofSnapshot('master/cpus_used'),
    show: rounded,
  },
  {
    what: 'CPUs in use of an agent while masters answer 503',
    expected: () => UNKNOWN,
    ours: ({ agent }) => `mesos_agent_cpus_allocated{agent="${agent.name}"}`,
    exporter: ({ agent }) => `mesos_slave_cpus_used{slave=~".*:${agent.port}"}`,
    infinity: ({ agent }) => column('slaves', 'hostname', 'used_resources.cpus').of(agent.name),
    show: rounded,
  },
  {
    what: 'whether it is seen that masters do not answer, 1 or 0',
    expected: () => ({ about: 1, within: 0 }),
    ours: () => '1 - min(mesos_up)',
    exporter: () => 'max(increase(mesos_collector_errors_total[1m])) > bool 0',
    infinity: () => ({ ...ofSnapshot('master/cpus_used'), value: () => 0, failed: 1 }),
    show: rounded,
  },
];

/** Tasks that failed as the leading masters heard, since the tools began. PromQL extrapolates by up to an interval. */
function failedTasks({ live, begun }: Facts, at: number): Expected {
  const failed = live.ends().filter(({ state, heard }) => state === 'FAILED' && heard > begun && heard <= at).length;
  return { about: failed, within: Math.max(2, 0.2 * failed) };
}

const since = ({ begun }: Facts, at: number) => `${Math.ceil(at - begun)}s`;

/** Masters answer again, or another one leads. */
function failedOver(what: string): Check {
  return {
    what: `tasks that failed, ${what}`,
    expected: failedTasks,
    ours: (facts, at) => `sum(increase(mesos_cluster_tasks_ended_total{state="failed"}[${since(facts, at)}]))`,
    exporter: (facts, at) => `sum(increase(mesos_master_task_states_exit_total{state="failed"}[${since(facts, at)}]))`,
    infinity: NO_RATES,
    show: rounded,
  };
}

export const ANSWERING: Check[] = [failedOver('over the time in which masters answered 503')];

export const CHANGED: Check[] = [
  { ...CALM[0], what: 'CPUs in use of the cluster after the leader died' },
  failedOver('before and after the leader died'),
];

function named<Thing extends { agent: string }>(agents: Thing[], name: string): Thing | undefined {
  return agents.find(({ agent }) => agent === name);
}

function framed<Thing extends { framework: string }>(frameworks: Thing[], name: string): Thing | undefined {
  return frameworks.find(({ framework }) => framework === name);
}

/** Seconds that an answer may be old: two polls and the time that they take. */
const LAG = 25;

/** The values that were true lately: at each second, and whenever a master was asked. */
export function lately({ live }: Pick<Facts, 'live'>, at: number, is: (truth: Truth) => number | undefined): number[] {
  const asked = live
    .requests()
    .flatMap(({ at: moment }) => (moment && moment > at - LAG && moment <= at ? [moment] : []));
  const seconds = Array.from({ length: LAG + 1 }, (_, i) => at - LAG + i);
  const moments = [...new Set([...asked, ...seconds])].sort((a, b) => a - b);
  return [...new Set(moments.flatMap((moment) => is(live.truth(moment)) ?? []))];
}

/** Judges an answer. `values`: what was true lately, where a number must be. */
export function judged(said: Said, expected: Expected, values: number[], show: (n: number) => string) {
  if ('none' in said) {
    return 'nothing' in expected
      ? { verdict: 'ok' as const, text: `ok: ${said.none}` }
      : { verdict: 'no answer' as const, text: `no answer: ${said.none}` };
  }
  const right = isRight(said.value, expected, values);
  const verdict: Verdict = right ? 'ok' : 'wrong';
  return { verdict, text: `${right ? 'ok' : '**wrong**'}: ${show(said.value)}` };
}

function isRight(value: number, expected: Expected, values: number[]): boolean {
  if ('nothing' in expected) {
    return false;
  }
  if ('about' in expected) {
    return Math.abs(value - expected.about) <= expected.within;
  }
  return values.some((true_) => Math.abs(value - true_) <= 1e-6 * Math.max(1, Math.abs(true_)));
}

/** What is true as text: of several values those at the ends. */
export function truthText(expected: Expected, values: number[], show: (n: number) => string): string {
  if ('nothing' in expected) {
    return expected.nothing;
  }
  if ('about' in expected) {
    return show(expected.about);
  }
  const [low, high] = [Math.min(...values), Math.max(...values)].map(show);
  return values.length === 0 ? 'nothing' : low === high ? low : `${low} to ${high}`;
}
