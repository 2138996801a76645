/**
 * `npm run cluster -- --replay DIR --scene NAME --port N`: a recorded Mesos cluster on real ports, until Ctrl-C.
 */
import { parseArgs } from 'node:util';
import { join } from 'node:path';
import { startControl } from './control.ts';
import { readRecording } from './manifest.ts';
import { startReplay, type Replay } from './replay.ts';
import { sceneNames } from './scenes.ts';

const HELP = `Serves recorded answers of a Mesos cluster as masters and agents on loopback ports.

  npm run cluster -- [options]

  --replay DIR     folder of recorded scenes with a manifest.jsonl (default: testdata/captures)
  --scene NAME     scene to serve (default: the series, which moves in time and starts again at its end)
  --stage NAME     which of several recorded situations of the scene
  --list           list the scenes and end
  --port N         port of the first master (default: 5050; 0: any free ports); other hosts keep their
                   recorded distance to it
  --speed X        play a scene that moves X times as fast
  --no-borrow      answer 404 to what the scene itself does not have; otherwise the answer recorded nearest
                   in time on the same host in another scene is given
  --record FILE    append every request received to FILE, a line of JSON each (credentials as digests)
  --control N      port of the control door: GET /, GET /requests, POST /stage, /kill, /revive, /fault
`;

const DEFAULT_PORT = 5050;
const DEFAULT_DIR = join(import.meta.dirname, '..', 'testdata', 'captures');

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

  const replay = await startReplay({
    dir: values.replay,
    scene: values.scene,
    stage: values.stage,
    port: portOption('--port', values.port),
    speed: speedOption(values.speed),
    borrow: values.borrow,
    record: values.record,
  });
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

function introduce(replay: Replay, control: string | undefined): void {
  console.log(`Serving scene ${replay.scene}${replay.stage() === '' ? '' : `, stage ${replay.stage()}`}`);
  replay.masters.forEach((url) => console.log(`  master  ${url}`));
  replay.agents.forEach((url) => console.log(`  agent   ${url}`));
  if (control !== undefined) {
    console.log(`  control ${control}`);
  }
  if (replay.stages.length > 0) {
    console.log(`Stages (--stage): ${replay.stages.join(', ')}`);
  }
  console.log('Ctrl-C ends it.');
}

/** Prints what was done to the cluster as the recording comes to it. */
function tellEvents(replay: Replay): () => void {
  let told = '';
  return () => {
    const position = replay.position();
    const event = position?.event && `${position.loop}:${position.event.t}`;
    if (position?.event && event !== undefined && event !== told) {
      told = event;
      console.log(`at ${position.event.t} s: ${position.event.text}`);
    }
  };
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
