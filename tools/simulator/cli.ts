/**
 * `npm run cluster`: a Mesos cluster on real ports until Ctrl-C, recorded (`--replay DIR --scene NAME`) or simulated
 * (`--scenario NAME`).
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { startControl } from './control.ts';
import { startLive, type Live } from './live/live.ts';
import type { Plan } from './live/plan.ts';
import { versionOf } from './live/versions/shapes.ts';
import { readRecording } from './manifest.ts';
import { startReplay, type Replay } from './replay.ts';
import { SCENARIOS, scenarioOf } from './scenarios/index.ts';
import { sceneNames } from './scenes.ts';

const HELP = `Serves a Mesos cluster as masters and agents on loopback ports: recorded responses, or a simulated cluster.

  npm run cluster -- [options]

  --port N         port of the first master (default: 5050; 0: any free ports); other recorded hosts keep their
                   distance to it, simulated ones follow
  --speed X        time passes X times as fast
  --record FILE    append every request received to FILE, a line of JSON each (credentials as digests)
  --control N      port of the control server: see control.ts

Recorded:
  --replay DIR     folder of recorded scenes with a manifest.jsonl (default: testdata/captures)
  --scene NAME     scene to serve (default: the series, which moves in time and starts again at its end)
  --stage NAME     which of several recorded situations of the scene
  --list           list the scenes and end
  --no-borrow      answer 404 to what the scene itself does not have; otherwise the answer recorded nearest
                   in time on the same host in another scene is given

Simulated:
  --scenario NAME  a cluster and what happens to it
  --list-scenarios list the scenarios and end
  --agents N       how many agents (default: 12, or as the scenario says)
  --tasks N        how many tasks at its busiest (default: ten for each agent, or as the scenario says)
  --masters N      how many masters
  --seed N         another cluster, as deterministic as the first (default: 1)
  --start N        Unix seconds at which its time begins (default: now)
  --mesos VERSION  0.19, 0.22, 0.28, 1.4 or 1.12 (default: 1.12, or as the scenario says)
  --agent-ports N  how many agents have a port of their own (default: 500); all answer through the router
  --speed 0        its time moves through the control server only
`;

const DEFAULT_PORT = 5050;
const DEFAULT_DIR = join(import.meta.dirname, '..', '..', 'testdata', 'captures');

async function main(): Promise<void> {
  const { values } = parseArgs({
    allowNegative: true,
    options: {
      replay: { type: 'string', default: DEFAULT_DIR },
      scene: { type: 'string' },
      stage: { type: 'string' },
      list: { type: 'boolean' },
      port: { type: 'string', default: String(DEFAULT_PORT) },
      speed: { type: 'string', default: '1' },
      borrow: { type: 'boolean', default: true },
      record: { type: 'string' },
      scenario: { type: 'string' },
      'list-scenarios': { type: 'boolean' },
      agents: { type: 'string' },
      tasks: { type: 'string' },
      masters: { type: 'string' },
      seed: { type: 'string' },
      start: { type: 'string' },
      'agent-ports': { type: 'string' },
      mesos: { type: 'string' },
      control: { type: 'string' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (values.list) {
    console.log(sceneNames(readRecording(values.replay)).join('\n'));
    return;
  }

  if (values['list-scenarios']) {
    SCENARIOS.forEach(({ name, about }) => console.log(`${name.padEnd(22)}${about}`));
    return;
  }

  const port = portOption('--port', values.port);
  const replay = await (values.scenario === undefined
    ? startReplay({
        dir: values.replay,
        scene: values.scene,
        stage: values.stage,
        port,
        speed: speedOption(values.speed),
        borrow: values.borrow,
        record: values.record,
      })
    : startLive({
        scenario: scenarioOf(values.scenario),
        plan: planOf(values, scenarioOf(values.scenario).plan),
        port,
        speed: values.speed === '0' ? 0 : speedOption(values.speed),
        agentPorts:
          values['agent-ports'] === undefined ? undefined : wholeOption('--agent-ports', values['agent-ports']),
        record: values.record,
      }));
  const control =
    values.control === undefined
      ? undefined
      : await startControl(replay, portOption('--control', values.control)).catch(async (error: unknown) => {
          await replay.stop();
          throw error;
        });
  introduce(replay, control?.url);
  const telling = setInterval(tellEvents(replay), 1000);

  let ending = false;
  const end = () => {
    if (!ending) {
      ending = true;
      clearInterval(telling);
      void Promise.all([replay.stop(), control?.stop()]).then(() => process.exit(0));
    }
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
}

const SHOWN_AGENTS = 12;

function introduce(replay: Replay | Live, control: string | undefined): void {
  const what = 'plan' in replay ? 'scenario' : 'scene';
  console.log(`Serving ${what} ${replay.scene}${replay.stage() === '' ? '' : `, stage ${replay.stage()}`}`);
  replay.masters.forEach((url) => console.log(`  master  ${url}`));
  replay.agents.slice(0, SHOWN_AGENTS).forEach((url) => console.log(`  agent   ${url}`));
  if (replay.agents.length > SHOWN_AGENTS) {
    console.log(`  and ${replay.agents.length - SHOWN_AGENTS} more agents`);
  }
  if ('router' in replay) {
    if (replay.plan.front === undefined) {
      console.log(`  router  ${replay.router}/agent/<id>/`); // else what a data source names is in front
    }
    introduceFront(replay);
  }
  if (control !== undefined) {
    console.log(`  control ${control}`);
  }
  if (replay.stages.length > 0) {
    console.log(`Stages (--stage): ${replay.stages.join(', ')}`);
  }
  console.log('Press Ctrl-C to stop it.');
}

/** What a data source names, where that is not the masters. */
function introduceFront({ plan, entry }: Live): void {
  if (plan.front !== undefined) {
    console.log(
      `  The masters refuse connections. Name ${entry.masters.join(', ')}; agentAddress: ${entry.agentAddress}`
    );
  }
  if (entry.token !== undefined) {
    console.log(`  header  Authorization: ${entry.token}`);
  }
}

/** Prints the events of the cluster when they happen. */
function tellEvents(replay: Replay | Live): () => void {
  if ('events' in replay) {
    let told = 0;
    return () => {
      replay.now();
      const events = replay.events();
      events.slice(told).forEach(({ at, text }) => tell(at - replay.plan.start, text));
      told = events.length;
    };
  }
  let told = '';
  return () => {
    const position = replay.position();
    const event = position?.event && `${position.loop}:${position.event.t}`;
    if (position?.event && event !== undefined && event !== told) {
      told = event;
      tell(position.event.t, position.event.text);
    }
  };
}

function tell(seconds: number, text: string): void {
  console.log(`at ${Math.round(seconds * 10) / 10} s: ${text}`);
}

/** The options of the simulated cluster. */
function planOf(values: Record<string, unknown>, scenario: Partial<Plan> = {}): Partial<Plan> {
  const plan: Partial<Plan> = {};
  for (const name of ['agents', 'tasks', 'masters', 'seed', 'start'] as const) {
    const value = values[name];
    if (typeof value === 'string') {
      plan[name] = wholeOption(`--${name}`, value);
    }
  }
  if (typeof values.mesos === 'string') {
    plan.mesos = versionOf(values.mesos);
  }
  if (plan.agents !== undefined && plan.tasks === undefined && scenario.tasks === undefined) {
    plan.tasks = plan.agents * 10;
  }
  return plan;
}

function wholeOption(name: string, value: string): number {
  if (!/^[1-9]\d*$/.test(value)) {
    throw new Error(`${name} ${value}: expected a whole number, 1 or more`);
  }
  return Number(value);
}

function portOption(name: string, value: string): number {
  const port = Number(value);
  if (!/^\d+$/.test(value) || port > 65535) {
    throw new Error(`${name} ${value}: expected a port, 0 to 65535`);
  }
  return port;
}

function speedOption(value: string): number {
  const speed = Number(value);
  if (!(speed > 0 && Number.isFinite(speed))) {
    throw new Error(`--speed ${value}: expected a number above 0`);
  }
  return speed;
}

main().catch((error: unknown) => {
  console.error((error as Error).message);
  process.exitCode = 1;
});
