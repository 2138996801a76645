// The half with its own clock: collector, history in memory and queries (tools/truth) run over hours of a simulated cluster
// in seconds, and the cluster's time follows that clock.
import { spawn } from 'node:child_process';
import path from 'node:path';

import { startControl } from '../simulator/control.ts';
import { startLive, type Live } from '../simulator/live/live.ts';
import type { Plan } from '../simulator/live/plan.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Artifact, root } from '../scripts/build.ts';
import type { Answer } from './compare.ts';
import type { LoggedEnd } from './ends.ts';
import { judge, type Question, questions, type Verdict } from './judge.ts';
import type { Happened } from './watched.ts';

/** Seconds between two polls. */
const INTERVAL = 15;

/** Agents are asked from a tenth of the interval until after its half. */
const SHIFT = 13;

/** Seconds of regular load after each scenario, which are compared as well. */
const AFTERWARDS = 300;

/** Any moment that is a multiple of the interval, so that queries ask at the moments of polls. */
const START = Date.UTC(2026, 10, 21, 12) / 1000;

export const truthExecutable = `tools/dist/truth${process.platform === 'win32' ? '.exe' : ''}`;

export const quickArtifact: Artifact = {
  name: 'truth (go)',
  inputs: ['tools/truth', 'pkg', 'catalogue', 'go.mod', 'go.sum'],
  outputs: [truthExecutable],
  command: ['go', 'build', '-o', truthExecutable, './tools/truth'],
};

/** From so many agents on, the plugin asks for /state ten times less often while events keep its model. */
const MANY = 500;

/** Runs a scenario and compares. `mutant`: a falsifying client, by its name in tools/truth/mutant.go. */
export async function playQuick(scenario: Scenario, plan: Partial<Plan>, mutant = ''): Promise<Verdict> {
  const live = await startLive({ scenario, speed: 0, plan: { start: START, ...plan } });
  const control = await startControl(live, 0);
  // Without the delays of the scenario, which are in real time: with twelve agents one after another they would take hours.
  const many = live.plan.agents >= MANY;
  const measured = !many && !scenario.steps.some((step) => step.do === 'disturb' && step.on === 'agents');
  const length = scenario.length + AFTERWARDS;
  try {
    const asked = questions({ measured, shift: SHIFT, interval: INTERVAL }, many);
    const { answers, ends, others } = await backend(live, control.url, length, measured, mutant, asked);
    const watched = {
      ...{ scenario, live, measured, interval: INTERVAL, shift: SHIFT, from: START, to: START + length },
      answers: new Map(answers.map((answer) => [answer.expr, answer])),
      ends,
      others,
      oneClock: true,
      speed: 1,
      toCluster: (at: number) => at,
    };
    return judge(watched, many);
  } finally {
    await control.stop();
    await live.stop();
  }
}

/** What the Go part found. */
interface Found {
  answers: Answer[];
  ends: LoggedEnd[];
  others: Happened[];
}

/** Runs the Go part, which moves the cluster's time. */
async function backend(
  live: Live,
  control: string,
  seconds: number,
  measured: boolean,
  mutant: string,
  asked: Question[]
): Promise<Found> {
  const flags: Record<string, string | number | boolean> = {
    masters: live.entry.masters.join(','),
    agent: live.entry.agentAddress,
    token: live.entry.token ?? '',
    control,
    start: START,
    // The poll of the agents at the last moment must be over.
    length: `${seconds + INTERVAL}s`,
    interval: `${INTERVAL}s`,
    agents: measured,
    mutant,
    user: userOf(live.plan)?.join(':') ?? '',
  };
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(path.join(root, truthExecutable), args, { stdio: ['pipe', 'pipe', 'inherit'] });
  let found = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (found += text));
  child.stdin.end(JSON.stringify(asked));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) {
    throw new Error(`${live.scene}: ${truthExecutable} ended with status ${String(code)}`);
  }
  return JSON.parse(found) as Found;
}

/** A principal that may see everything, with its password, where masters require one. */
export function userOf({ principals = {} }: Plan): [name: string, password: string] | undefined {
  const [found] = Object.entries(principals).filter(([, { restricted }]) => !restricted);
  return found && [found[0], found[1].password];
}
