// `npm run truth`: the plugin polls every scenario of the simulator, and query results at each moment are compared with the
// true values that the simulator knows.
//
// A window is one interval after an event; only there may an answer differ. Exit status 1: a deviation outside of windows,
// more than a tenth of the checks within them, or an undetected mutant.
import { writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import type { Plan } from '../simulator/live/plan.ts';
import { SCENARIOS, scenarioOf } from '../simulator/scenarios/index.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { ensureBuilt, plugin } from '../scripts/build.ts';
import { workbenchArtifacts } from '../workbench/build.ts';
import { type Chaos, WHOLE } from './chaos.ts';
import { chaosInThread } from './chaos-thread.ts';
import { type Mutant, MUTANTS } from './mutants.ts';
import { playQuick, quickArtifact } from './quick.ts';
import { inThread } from './shipped-thread.ts';
import type { Shipped } from './shipped.ts';
import { type Remote, REMOTE_MUTANTS, SHORT_TROUBLES, TROUBLES } from './remote.ts';
import { missingServers } from './remote-servers.ts';
import { remoteInThread } from './remote-thread.ts';
import { Table } from './table.ts';
import { disturbsStream } from './watched.ts';

const usage = `npm run truth -- [--scenario NAME]... [--half quick|shipped|stream|remote] [--short] [--minutes N]
                 [--agents N] [--tasks N] [--seed N] [--no-mutants]

  --scenario NAME  only this one; several are possible
  --half quick     with a clock of its own, in seconds; and the mutants
  --half shipped   the built executable, in real time
  --half stream    the built executable while the event stream has faults, in real time
  --half remote    two Grafanas with the engine remote, in real time; needs Prometheus and ZooKeeper, else it is skipped
  --short          a few scenarios, and a minute of the executable, as in continuous integration
  --minutes N      (10) how long the executable is watched
  --agents N       (12), --tasks N (120), --seed N (1): the clusters
  --no-mutants     without the mutants
  --report FILE    writes how many lines passed and failed, as JSON`;

const SHORT = [
  ...['everyday', 'agent-returns', 'leader-fails', 'master-recovers', 'framework-fails-over'],
  ...['mesos-0.19', 'mesos-0.22', 'mesos-0.28', 'mesos-1.4', 'dcos', 'balancer', 'balancer-leader'],
];

/** The scenarios of the executable in the short version, all at once: a leader is lost, and another one elected. */
const SHORT_SHIPPED: { scenarios: Scenario[]; seconds: number } = {
  scenarios: [
    { name: 'leader-fails', plan: {} },
    ...['mesos-0.19', 'mesos-0.22', 'mesos-0.28', 'mesos-1.4', 'dcos', 'balancer', 'balancer-leader'].map(scenarioOf),
  ].map(({ name, plan }) => ({
    name: `${name}, in short`,
    about: 'the leader of three masters dies, another is elected, the dead one returns',
    plan: { ...plan, masters: 3, sessionTimeout: 12, reregistration: 4 },
    length: 90,
    // Two polls after it begins, whatever the moment, and two before it ends.
    steps: [
      { at: 26, do: 'leader dies' },
      { at: 34, do: 'masters start' },
    ],
  })),
  seconds: 90,
};

/** Those with faults of the event stream, and what the short version has of them. */
const STREAM = SCENARIOS.filter(({ name }) => name.startsWith('stream-')).map(({ name }) => name);
const SHORT_STREAM = ['stream-cut', 'stream-half', 'stream-long'];

const HALVES = ['quick', 'shipped', 'stream', 'remote'];

/** A cluster in which /state is seldom asked for: events keep the model. */
const MANY: Array<{ scenario: string; plan: Partial<Plan> }> = [
  { scenario: 'everyday', plan: { agents: 520, tasks: 600 } },
  { scenario: 'agent-returns', plan: { agents: 520, tasks: 600 } },
];

/** The number of concurrent scenarios: they wait for each other's processes, and for deliberate delays. */
const AT_ONCE = 2;

/** The number of concurrent runs of the part with several Grafanas: each has a Prometheus and a ZooKeeper of its own. */
const REMOTE_AT_ONCE = { short: 2, whole: 3 };

const numbers = ['agents', 'tasks', 'seed', 'minutes'] as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      scenario: { type: 'string', multiple: true },
      half: { type: 'string' },
      short: { type: 'boolean', default: false },
      mutants: { type: 'boolean', default: true },
      report: { type: 'string' },
      help: { type: 'boolean', default: false },
      ...Object.fromEntries(numbers.map((name) => [name, { type: 'string' } as const])),
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  if (values.half !== undefined && !HALVES.includes(values.half)) {
    throw new Error(`--half ${values.half}: expected ${HALVES.join(' or ')}\n\n${usage}`);
  }
  const given = values as Partial<Record<(typeof numbers)[number], string>>;
  for (const name of numbers.filter((name) => given[name] !== undefined)) {
    if (!/^[1-9]\d*$/.test(given[name] ?? '')) {
      throw new Error(`--${name} ${given[name]}: expected a whole number, 1 or more\n\n${usage}`);
    }
  }
  const plan: Partial<Plan> = Object.fromEntries(
    (['agents', 'tasks', 'seed'] as const).flatMap((name) => (given[name] ? [[name, Number(given[name])]] : []))
  );
  const troubles = [...TROUBLES, ...SHORT_TROUBLES].filter(({ name }) => values.scenario?.includes(name));
  const named = values.scenario?.filter((name) => !troubles.some((trouble) => trouble.name === name));
  const scenarios = (named ?? (values.short ? SHORT : SCENARIOS.map(({ name }) => name))).map(scenarioOf);
  const whole = { scenarios, seconds: 60 * Number(given.minutes ?? 10) };
  const watch = values.short ? SHORT_SHIPPED : whole;
  const wanted = (half: string) => (values.half ?? half) === half;
  const faulty = (values.scenario ?? (values.short ? SHORT_STREAM : STREAM)).filter((name) => STREAM.includes(name));
  const halves = {
    quick: wanted('quick') && scenarios.length > 0,
    shipped: wanted('shipped') && scenarios.length > 0,
    stream: wanted('stream') && faulty.length > 0,
    remote: wanted('remote') && (values.scenario === undefined || troubles.length > 0),
  };
  const missing = halves.remote ? missingServers() : undefined;
  ensureBuilt([
    ...(halves.quick || halves.remote ? [quickArtifact] : []),
    ...(halves.shipped || halves.stream || halves.remote ? [...plugin, ...workbenchArtifacts] : []),
  ]);
  const table = new Table();
  // The other parts, in real time, need little CPU: the quick half runs meanwhile.
  const shipped = halves.shipped ? inThread(watch.scenarios, plan, watch.seconds) : undefined;
  shipped?.catch(() => {}); // handled below, in order
  const streamed = halves.stream
    ? chaosInThread(faulty.map(scenarioOf), values.short ? SHORT_SHIPPED.seconds : WHOLE)
    : undefined;
  streamed?.catch(() => {});
  const all = values.short ? SHORT_TROUBLES : TROUBLES;
  const several =
    halves.remote && missing === undefined
      ? remoteInThread(
          [...(values.scenario ? troubles : all), ...(values.mutants ? REMOTE_MUTANTS : [])],
          REMOTE_AT_ONCE[values.short ? 'short' : 'whole']
        )
      : undefined;
  several?.catch(() => {});
  if (halves.quick) {
    const many = values.scenario ? [] : values.short ? MANY.slice(0, 1) : MANY;
    // Faults of streams are in real time.
    const still = scenarios.filter(({ steps }) => !steps.some(disturbsStream));
    await quick(table, still, plan, many, values.mutants ? MUTANTS : []);
  }
  if (shipped !== undefined) {
    tell(table, watch.seconds, await shipped);
  }
  if (streamed !== undefined) {
    tellChaos(table, await streamed);
  }
  if (several !== undefined) {
    tellRemote(table, await several);
  } else if (missing !== undefined) {
    table.skip('two Grafanas with the engine remote', missing);
  }
  table.end();
  if (values.report !== undefined) {
    const { passed, failed, skipped, failures } = table;
    writeFileSync(values.report, JSON.stringify({ passed, failed, skipped, failures }));
  }
  process.exitCode = table.failed > 0 ? 1 : 0;
}

async function quick(
  table: Table,
  scenarios: Scenario[],
  plan: Partial<Plan>,
  many: typeof MANY,
  mutants: Mutant[]
): Promise<void> {
  table.begin('Collector, history in memory and queries, with a clock of their own: a poll every 15 s');
  const lines = [
    ...scenarios.map((scenario) => async () => {
      const verdict = await playQuick(scenario, plan);
      return () => table.tell(scenario.name, verdict);
    }),
    ...many.map(({ scenario, plan: own }) => async () => {
      const verdict = await playQuick(scenarioOf(scenario), { ...plan, ...own });
      return () => table.tell(`${scenario}, ${own.agents} agents`, verdict);
    }),
    // What a mutant must be noticed by is right without it: those with plans of their own have no scenario above.
    ...controlsOf(mutants).map(({ scenario, plan: own }) => async () => {
      const verdict = await playQuick(scenarioOf(scenario), { ...plan, ...own });
      return () => table.tell(`no mutant: ${scenario}`, verdict);
    }),
    ...mutants.map(({ name, scenario, plan: own, must }) => async () => {
      const verdict = await playQuick(scenarioOf(scenario), { ...plan, ...own }, name);
      return () => table.tellMutant(`mutant: ${name}`, verdict, must);
    }),
  ];
  await inOrder(lines);
}

/** The scenarios of mutants that have plans of their own, each once. */
function controlsOf(mutants: Mutant[]): Mutant[] {
  const own = mutants.filter(({ plan }) => plan !== undefined);
  return [...new Map(own.map((mutant) => [JSON.stringify([mutant.scenario, mutant.plan]), mutant])).values()];
}

function tellChaos(table: Table, found: Chaos): void {
  table.begin(
    'The executable while the event stream has faults, clusters of 520 agents, all at once: a poll every 10 s'
  );
  found.forEach(({ name, verdict }) => table.tell(name, verdict));
}

function tellRemote(table: Table, found: Remote): void {
  table.begin('Two Grafanas on one data source, a real Prometheus and a real ZooKeeper: a poll every 10 s');
  for (const { trouble, verdict } of found) {
    if (trouble.must === undefined) {
      table.tell(trouble.name, verdict);
    } else {
      table.tellMutant(`mutant: ${trouble.name}`, verdict, trouble.must);
    }
  }
}

function tell(table: Table, seconds: number, { verdicts, told }: Shipped): void {
  table.begin(`The executable, ${seconds} s of real time, all scenarios at once, history on disk: a poll every 10 s`);
  verdicts.forEach(({ name, verdict }) => table.tell(name, verdict));
  console.log(told);
}

/** Runs a few at once, and prints the results in order. */
async function inOrder(works: Array<() => Promise<() => void>>): Promise<void> {
  const results = works.map(() => Promise.withResolvers<() => void>());
  results.forEach(({ promise }) => promise.catch(() => {})); // handled below, in order
  let next = 0;
  const worker = async () => {
    while (next < works.length) {
      const mine = next++;
      await works[mine]().then(results[mine].resolve, results[mine].reject);
    }
  };
  const workers = Array.from({ length: AT_ONCE }, worker);
  for (const { promise } of results) {
    (await promise)();
  }
  await Promise.all(workers);
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1); // although scenarios may be running
});
