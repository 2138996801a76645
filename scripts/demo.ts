// `npm run demo`: a recorded cluster on local ports, the plugin's backend and
// the workbench in front of it. `npm run demo -- --check` opens the page in
// headless Chromium, compares the graph with the recorded answers and stops.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Replay, startReplay } from '../simulator/replay.ts';
import { startWorkbench, type Workbench } from '../workbench/start.ts';
import { ensureBuilt, plugin, root } from './build.ts';

const usage = `npm run demo -- [--check] [--scene NAME] [--port N] [--cluster-port N]

  --check         compare the graph of CPU allocated per framework with the recorded answers, then stop
  --scene NAME    the recorded scene to replay (04-series, which moves in time)
  --port N        the workbench's port (3000; with --check any free one)
  --cluster-port  the first master's port (5050; with --check any free one)`;

/** Settings of the demo's data source: Grafana's provisioning format, as a user would write it. */
function provisioning(masters: string[]): string {
  return `apiVersion: 1
datasources:
  - name: Mesos (replayed)
    uid: mesos
    type: community-mesos-datasource
    access: proxy
    editable: true
    jsonData:
      masters: ${JSON.stringify(masters)}
      pollInterval: 10s
`;
}

interface Options {
  check: boolean;
  scene: string;
  port: number;
  clusterPort: number;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
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
    return {
      check: values.check,
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

const { check, scene, port: pagePort, clusterPort } = options();
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

try {
  ensureBuilt(plugin);
  const replay: Replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene, port: clusterPort });
  started.push(() => replay.stop());
  const settings = mkdtempSync(path.join(os.tmpdir(), 'mesos-demo-'));
  started.push(() => rmSync(settings, { recursive: true, force: true }));
  writeFileSync(path.join(settings, 'demo.yaml'), provisioning(replay.masters.slice(0, 1)));
  const workbench: Workbench = await startWorkbench({ provisioning: settings, port: pagePort });
  started.push(() => workbench.stop());

  if (check) {
    const { checkGraph } = await import('./check.ts');
    process.exitCode = (await checkGraph(workbench.url, replay)) ? 0 : 1;
    await stop();
  } else {
    console.log(`\nReplaying ${replay.scene}: masters ${replay.masters.join(', ')}`);
    console.log(`\n  ${workbench.url}\n\nCtrl-C ends all of it.`);
  }
} catch (error) {
  console.error((error as Error).message);
  process.exitCode = 1;
  await stop();
}
