// `npm run demo`: a recorded cluster on local ports, and in front of it the
// plugin in the workbench or in a Grafana. `npm run demo -- --check` opens the
// workbench in headless Chromium, compares the graph with the recorded answers
// and stops.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Replay, startReplay } from '../simulator/replay.ts';
import { startWorkbench } from '../workbench/start.ts';
import { ensureBuilt, plugin, root } from './build.ts';
import { startCompose } from './docker.ts';
import { startGrafana } from './grafana.ts';
import { provisioningFor } from './provision.ts';

const usage = `npm run demo -- [--check | --grafana] [--scene NAME] [--port N] [--cluster-port N]

  --check         compare the graph of CPU allocated per framework with the recorded answers, then stop
  --grafana       a Grafana instead of the workbench: by Docker Compose, or with GRAFANA_HOME=DIR the one
                  unpacked there, on its own data directory (GRAFANA_HOME alone means the same)
  --scene NAME    the recorded scene to replay (04-series, which moves in time)
  --port N        the workbench's or Grafana's port (3000; with --check any free one)
  --cluster-port  the first master's port (5050; with --check any free one)

Docker Compose replays what docker-compose.yaml says, inside its own network.`;

interface Options {
  check: boolean;
  grafana: boolean;
  scene: string;
  port: number;
  clusterPort: number;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        grafana: { type: 'boolean', default: false },
        scene: { type: 'string', default: '04-series' },
        port: { type: 'string' },
        'cluster-port': { type: 'string' },
        help: { type: 'boolean', default: false },
      },
    });
    if (values.help) {
      console.log(usage);
      process.exit(0);
    }
    if (values.check && values.grafana) {
      throw new Error('--check reads the workbench: leave --grafana away, or use npm run e2e');
    }
    return {
      check: values.check,
      grafana: values.grafana || (!values.check && !!process.env.GRAFANA_HOME),
      scene: values.scene,
      port: port(values.port, values.check ? 0 : 3000),
      clusterPort: port(values['cluster-port'], values.check ? 0 : 5050),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

function port(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535) {
    throw new Error(`A port is a number from 0 to 65535, not ${text}`);
  }
  return number;
}

const { check, grafana, scene, port: pagePort, clusterPort } = options();
const started: Array<() => Promise<void> | void> = [];
let stopping: Promise<void> | undefined;

/** Ends what was started, the last first; once, however often it is called. */
function stop(): Promise<void> {
  stopping ??= (async () => {
    for (const end of started.reverse()) {
      await end();
    }
  })();
  return stopping;
}

for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => {
    void stop().then(() => process.exit(0));
  });
}

/** Waits for what is starting. It is ended with the rest, also when that begins before it has started. */
function owned<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  started.push(async () => {
    await (await starting.catch(() => undefined))?.stop();
  });
  return starting;
}

function replayed(): Promise<Replay> {
  return owned(startReplay({ dir: path.join(root, 'testdata', 'captures'), scene, port: clusterPort }));
}

function provisioned(replay: Replay): string {
  const folder = provisioningFor(replay.masters.slice(0, 1), 'Mesos (replayed)');
  started.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** What is printed when all runs: a line of its own for each address to open. */
function introduce(...lines: string[]): void {
  console.log(`\n${lines.join('\n')}\n\nCtrl-C ends all of it.`);
}

const about = (replay: Replay) => `Replaying ${replay.scene}: masters ${replay.masters.join(', ')}\n`;

async function inWorkbench(): Promise<void> {
  const replay = await replayed();
  const workbench = await owned(startWorkbench({ provisioning: provisioned(replay), port: pagePort }));
  if (check) {
    const { checkGraph } = await import('./check.ts');
    process.exitCode = (await checkGraph(workbench.url, replay)) ? 0 : 1;
    await stop();
  } else {
    introduce(about(replay), `  ${workbench.url}`, `  ${workbench.url}/?tab=dashboard`);
  }
}

/** The addresses to open in a Grafana. Its plugin begins to collect with the first question: this one. */
async function grafanaAddresses(url: string): Promise<string> {
  await fetch(`${url}/api/datasources/uid/mesos/health`).catch(() => undefined);
  return `  ${url}/d/mesos-overview\n  ${url}/explore`;
}

async function inGrafana(home: string): Promise<void> {
  const replay = await replayed();
  const provisioning = provisioned(replay);
  const server = await owned(startGrafana({ home, port: pagePort, provisioning, anonymous: true }));
  const account = `Grafana ${server.version}; ${server.user} / ${server.password} to log in`;
  introduce(about(replay), await grafanaAddresses(server.url), `\n${account}`);
}

async function inDocker(): Promise<void> {
  const { url } = await owned(startCompose(pagePort));
  introduce(await grafanaAddresses(url), '\nadmin / admin to log in');
}

try {
  ensureBuilt(plugin);
  const { GRAFANA_HOME } = process.env;
  if (!grafana) {
    await inWorkbench();
  } else if (GRAFANA_HOME) {
    await inGrafana(GRAFANA_HOME);
  } else {
    await inDocker();
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
  await stop();
}
