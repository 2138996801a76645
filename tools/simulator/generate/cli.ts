/**
 * `node tools/simulator/generate/cli.ts --size small`: a generated cluster on a real port, until Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { DEFAULTS, SIZES, type Size } from './cluster.ts';
import { startControl } from './control.ts';
import { startGenerated } from './master.ts';

const HELP = `Serves a cluster that is made up, in the shape of a recorded one, as a master on a loopback port.

  --size NAME    ${Object.entries(SIZES)
    .map(([name, { agents, tasks }]) => `${name} (${agents} agents, ${tasks} tasks)`)
    .join(', ')}
  --agents N, --tasks N, --frameworks N   instead of those of the size
  --start N      Unix seconds at which the cluster's clock begins (default: ${DEFAULTS.start})
  --seed N       another cluster of that size (default: ${DEFAULTS.seed})
  --churn X      share of the tasks that is replaced in an hour (default: ${DEFAULTS.churn})
  --rhythm X     share of the batch tasks that is missing at midnight (default: ${DEFAULTS.rhythm})
  --events N     task events a second, besides; also serves them as SUBSCRIBE (default: ${DEFAULTS.events}: no SUBSCRIBE)
  --roles N      a tree of so many roles in three levels (default: the few roles of the kinds of frameworks)
  --assets N     an attribute of agents with so many values (default: none)
  --speed X      how many times as fast as the machine's the cluster's clock runs (default: 1); 0: it does not move
  --step X       seconds that pass with each /state that is answered, besides (default: 0)
  --port N       of the master (default: 5050; 0: any free one)
  --control N    port of the control server, see control.ts (default: none; 0: any free one)
  --tied         end when standard input closes
`;

const number = { type: 'string' } as const;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: 'small' },
      agents: number,
      tasks: number,
      frameworks: number,
      start: number,
      seed: number,
      churn: number,
      rhythm: number,
      events: number,
      roles: number,
      assets: number,
      speed: { type: 'string', default: '1' },
      step: { type: 'string', default: '0' },
      port: { type: 'string', default: '5050' },
      control: number,
      tied: { type: 'boolean' },
      help: { type: 'boolean', short: 'h' },
    },
  });
  if (values.help) {
    process.stdout.write(HELP);
    return;
  }
  if (!(values.size in SIZES)) {
    throw new Error(`--size ${values.size}: expected one of ${Object.keys(SIZES).join(', ')}`);
  }
  const given = (
    name: 'agents' | 'tasks' | 'frameworks' | 'start' | 'seed' | 'churn' | 'rhythm' | 'events' | 'roles' | 'assets'
  ) => (values[name] === undefined ? {} : { [name]: numberOption(`--${name}`, values[name]) });
  const speed = numberOption('--speed', values.speed);
  const plan = {
    ...DEFAULTS,
    ...SIZES[values.size as Size],
    ...given('agents'),
    ...given('tasks'),
    ...given('frameworks'),
    ...given('start'),
    ...given('seed'),
    ...given('churn'),
    ...given('rhythm'),
    ...given('events'),
    ...given('roles'),
    ...given('assets'),
  };
  const master = await startGenerated(plan, {
    port: numberOption('--port', values.port),
    step: numberOption('--step', values.step),
  });
  const control =
    values.control === undefined ? undefined : await startControl(master, numberOption('--control', values.control));
  console.log(JSON.stringify({ master: master.url, control: control?.url, start: plan.start }));

  const began = performance.now();
  const running =
    speed > 0 &&
    setInterval(
      () => master.advance(plan.start + ((performance.now() - began) / 1000) * speed),
      // Events are told as they come.
      plan.events > 0 ? 50 : 1000 / Math.max(1, speed / 15)
    );
  const end = () => {
    clearInterval(running || undefined);
    void Promise.all([master.stop(), control?.stop()]).then(() => process.exit(0));
  };
  process.on('SIGINT', end);
  process.on('SIGTERM', end);
  if (values.tied) {
    process.stdin.resume().on('end', end);
  }
}

function numberOption(name: string, value: string): number {
  const n = Number(value);
  if (value.trim() === '' || !(n >= 0)) {
    throw new Error(`${name} ${value}: expected a number, 0 or more`);
  }
  return n;
}

await main().catch((error: Error) => {
  console.error(error.message);
  process.exit(1);
});
