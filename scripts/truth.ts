// `npm run truth`: every scenario of the simulator goes by at speed before collector, history and queries; what queries
// answer at each moment is compared with what the simulator knows to be true of it.
//
// A window is one interval after an event; only there may an answer differ. Exit status 1: a deviation outside of windows,
// more than a tenth of the checks within them, or a mutant that nobody noticed.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startControl } from '../simulator/control.ts';
import { startLive, type Live } from '../simulator/live/live.ts';
import type { Truth } from '../simulator/live/truth.ts';
import { SCENARIOS, scenarioOf } from '../simulator/scenarios/index.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Artifact, ensureBuilt, root } from './build.ts';
import { CHECKS } from './truth/checks.ts';
import { type Answer, compare, type Moment, type Result } from './truth/compare.ts';

const usage = `npm run truth -- [--scenario NAME]... [--short] [--agents N] [--tasks N] [--seed N]

  --scenario NAME  only this one; several are possible
  --short          a few scenarios, as in continuous integration
  --agents N       (12), --tasks N (120), --seed N (1): the cluster`;

/** Seconds between two polls. */
const INTERVAL = 15;

/** Any moment that is a multiple of the interval, so that queries ask at the moments of polls. */
const START = Date.UTC(2026, 10, 21, 12) / 1000;

const SHORT = ['everyday', 'agent-returns', 'leader-fails', 'master-recovers', 'framework-fails-over'];

/** The mutant loses every so-manieth task. */
const MUTANT = 100;

/** Most deviations that are printed of a scenario. */
const SHOWN = 8;

const executable = `tests/dist/truth${process.platform === 'win32' ? '.exe' : ''}`;

const artifact: Artifact = {
  name: 'truth (go)',
  inputs: ['tests/truth', 'pkg', 'catalogue', 'go.mod', 'go.sum'],
  outputs: [executable],
  command: ['go', 'build', '-o', executable, './tests/truth'],
};

interface Plan {
  agents?: number;
  tasks?: number;
  seed?: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      scenario: { type: 'string', multiple: true },
      short: { type: 'boolean', default: false },
      agents: { type: 'string' },
      tasks: { type: 'string' },
      seed: { type: 'string' },
      help: { type: 'boolean', default: false },
    },
  });
  if (values.help) {
    console.log(usage);
    return;
  }
  const plan: Plan = {};
  for (const name of ['agents', 'tasks', 'seed'] as const) {
    const value = values[name];
    if (value !== undefined) {
      if (!/^[1-9]\d*$/.test(value)) {
        throw new Error(`--${name} ${value}: expected a whole number, 1 or more\n\n${usage}`);
      }
      plan[name] = Number(value);
    }
  }
  const named = values.scenario ?? (values.short ? SHORT : SCENARIOS.map(({ name }) => name));
  const scenarios = named.map(scenarioOf);
  ensureBuilt([artifact]);

  console.log(row('scenario', 'checks', 'in windows', 'deviations'));
  const total: Result = { checks: 0, inWindows: 0, deviations: [] };
  for (const scenario of scenarios) {
    const result = await watched(scenario, plan);
    tell(scenario.name, result);
    total.checks += result.checks;
    total.inWindows += result.inWindows;
    total.deviations.push(...result.deviations);
  }
  tell('all', { ...total, deviations: [] }, total.deviations.length);
  const everyday = scenarioOf('everyday');
  const without = (await watched(everyday, plan)).deviations;
  const mutant = await watched(everyday, plan, MUTANT);
  const noticed = mutant.deviations.filter((deviation) => !without.includes(deviation)).length;
  console.log(`${row('mutant', mutant.checks, share(mutant), noticed)} (it loses tasks: must not be 0)`);

  if (total.deviations.length > 0 || total.inWindows > 0.1 * total.checks || noticed === 0) {
    process.exitCode = 1;
  }
}

/** Lets a scenario go by and compares. `drop`: with a mutant. */
async function watched(scenario: Scenario, plan: Plan, drop = 0): Promise<Result> {
  const live = await startLive({ scenario, speed: 0, plan: { start: START, ...plan } });
  const control = await startControl(live, 0);
  try {
    const answers = await goBy(live, control.url, scenario, drop);
    const truths = new Map<number, Truth>();
    const truth = (at: number) => truths.get(at) ?? truths.set(at, live.truth(at)).get(at)!;
    // In their order, so that the cluster's past goes by only once.
    pollsIn(answers).forEach(truth);
    const moments = momentsOf(live, scenario, truth);
    const results = CHECKS.map((check, i) =>
      compare(check, answers[2 * i], answers[2 * i + 1], moments, INTERVAL, truth)
    );
    return {
      checks: results.reduce((sum, { checks }) => sum + checks, 0),
      inWindows: results.reduce((sum, { inWindows }) => sum + inWindows, 0),
      deviations: results.flatMap(({ deviations }) => deviations),
    };
  } finally {
    await control.stop();
    await live.stop();
  }
}

/** Runs the backend's half, which moves the cluster's time. */
async function goBy(live: Live, door: string, scenario: Scenario, drop: number): Promise<Answer[]> {
  const flags: Record<string, string | number> = {
    masters: live.masters.join(','),
    door,
    start: START,
    length: `${scenario.length}s`,
    interval: `${INTERVAL}s`,
    drop,
    user: userOf(live),
  };
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(path.join(root, executable), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let found = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (found += text));
  child.stdin.end(JSON.stringify(CHECKS.flatMap(({ expr }) => [expr, `timestamp(${expr})`])));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) {
    throw new Error(`${scenario.name}: ${executable} ended with status ${String(code)}`);
  }
  return JSON.parse(found) as Answer[];
}

/** Somebody who may see all, where masters ask. */
function userOf({ plan }: Live): string {
  const [name, principal] = Object.entries(plan.principals ?? {}).find(([, { restricted }]) => !restricted) ?? [];
  return principal === undefined ? '' : `${name}:${principal.password}`;
}

/** All moments that matter, ascending: those of polls, and those at which is asked. */
function pollsIn(answers: Answer[]): number[] {
  const times = answers
    .filter((_, i) => i % 2 === 1)
    .flatMap(({ series }) => series.flatMap(({ points }) => points ?? []));
  return [...new Set(times.flat())].sort((a, b) => a - b);
}

/** The moments at which is asked. */
function momentsOf(live: Live, scenario: Scenario, truthOf: (at: number) => Truth): Moment[] {
  const events = live.events().map(({ at }) => at);
  const moments: Moment[] = [];
  for (let at = START; at <= START + scenario.length; at += INTERVAL) {
    moments.push({
      at,
      window: events.some((event) => event <= at && at < event + INTERVAL),
      excused: !truthOf(at).recovered || disturbed(scenario, at - START),
    });
  }
  return moments;
}

/** Whether what masters say may not arrive, or not whole. */
function disturbed({ steps }: Scenario, t: number): boolean {
  const last = steps.findLast((step) => step.at <= t && step.do === 'disturb' && step.on === 'masters');
  // A collector that failed has the right to wait for a while.
  const patience = t - (last?.at ?? -Infinity) < 8 * INTERVAL;
  return last !== undefined && last.do === 'disturb' && (last.fault !== null || patience);
}

function tell(name: string, result: Result, deviations = result.deviations.length): void {
  console.log(row(name, result.checks, share(result), deviations));
  result.deviations.slice(0, SHOWN).forEach((deviation) => console.log(`    ${deviation}`));
  if (result.deviations.length > SHOWN) {
    console.log(`    and ${result.deviations.length - SHOWN} more`);
  }
}

function share({ checks, inWindows }: Result): string {
  return `${((100 * inWindows) / Math.max(1, checks)).toFixed(1)} %`;
}

function row(name: string, ...cells: Array<string | number>): string {
  return [name.padEnd(24), ...cells.map((cell) => String(cell).padStart(12))].join('');
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exitCode = 1;
});
