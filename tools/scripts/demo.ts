// `npm run demo`: a cluster on local ports, and the plugin in the workbench or in a Grafana. The cluster is simulated and
// has six hours of history (tools/prefill/prefilled.ts); with --replay it is a recorded one. With --check the workbench is
// opened in headless Chromium, and its graph is compared with the recorded responses.
import { rmSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { type Replay, startReplay } from '../simulator/replay.ts';
import { VERSIONS, type Version, versionOf } from '../simulator/live/versions/shapes.ts';
import { scenarioOf } from '../simulator/scenarios/index.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import sixHours from '../simulator/scenarios/six-hours.ts';
import { startWorkbench } from '../workbench/start.ts';
import { workbenchArtifacts } from '../workbench/build.ts';
import { ensureBuilt, plugin, root } from './build.ts';
import { startCompose } from './docker.ts';
import { checkHome, freePort, startGrafana } from './grafana.ts';
import { type Prefilled, prefillArtifact, startPrefilled } from '../prefill/prefilled.ts';
import { provisioningFor, type SourceSettings } from './provision.ts';

const usage = `npm run demo -- [--scenario NAME | --replay | --scene NAME | --check] [--grafana] [--port N] [--cluster-port N]

  --scenario NAME the simulated cluster and what happened to it (${sixHours.name}; npm run cluster -- --list-scenarios)
  --hours N       how many hours of history it has (6)
  --mesos VERSION of the simulated masters and agents: ${VERSIONS.join(', ')} (1.12, or as the scenario says)
  --replay        a recorded cluster instead, which has no history
  --scene NAME    the recorded scene to replay (04-series, which moves in time); implies --replay
  --check         replay, compare the graph of CPU allocated per framework with the recorded responses, then stop
  --grafana       a Grafana instead of the workbench: with GRAFANA_HOME=DIR the one unpacked there, on its own data
                  directory (GRAFANA_HOME alone means the same); else by Docker Compose
  --port N        the workbench's or Grafana's port (3000; with --check any free one)
  --cluster-port  the first master's port (5050; with --check any free one)

Docker Compose simulates what docker-compose.yaml says, inside its own network.`;

interface Options {
  check: boolean;
  grafana: boolean;
  /** What is replayed, or what is simulated. */
  scene?: string;
  scenario: Scenario;
  hours: number;
  mesos?: Version;
  port: number;
  clusterPort: number;
}

function options(): Options {
  try {
    const { values } = parseArgs({
      options: {
        check: { type: 'boolean', default: false },
        grafana: { type: 'boolean', default: false },
        replay: { type: 'boolean', default: false },
        scene: { type: 'string' },
        scenario: { type: 'string' },
        hours: { type: 'string' },
        mesos: { type: 'string' },
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
      throw new Error('--check reads the workbench: omit --grafana, or use npm run e2e');
    }
    const replays = values.replay || values.check || values.scene !== undefined;
    const simulates = (values.scenario ?? values.hours ?? values.mesos) !== undefined;
    if (replays && simulates) {
      throw new Error('A recorded cluster has no --scenario, --hours or --mesos: omit --replay, --scene and --check');
    }
    if (values.grafana && !process.env.GRAFANA_HOME && (simulates || replays)) {
      throw new Error(
        'Docker Compose has one cluster, six hours of it: name an unpacked Grafana by GRAFANA_HOME, or omit --grafana'
      );
    }
    return {
      check: values.check,
      grafana: values.grafana || (!values.check && !!process.env.GRAFANA_HOME),
      scene: replays ? (values.scene ?? '04-series') : undefined,
      scenario:
        values.scenario === undefined || values.scenario === sixHours.name ? sixHours : scenarioOf(values.scenario),
      hours: hours(values.hours ?? '6'),
      mesos: values.mesos === undefined ? undefined : versionOf(values.mesos),
      port: port(values.port, values.check ? 0 : 3000),
      clusterPort: port(values['cluster-port'], values.check ? 0 : 5050),
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${usage}`);
    process.exit(2);
  }
}

/** As long as the plugin keeps history by default. */
const MOST_HOURS = 15 * 24;

function hours(text: string): number {
  const number = Number(text);
  if (!(number > 0 && number <= MOST_HOURS)) {
    throw new Error(`--hours is a number above 0, up to ${MOST_HOURS}, not ${text}`);
  }
  return number;
}

function port(text: string | undefined, otherwise: number): number {
  const number = text === undefined ? otherwise : Number(text);
  if (!Number.isInteger(number) || number < 0 || number > 65535) {
    throw new Error(`A port is a number from 0 to 65535, not ${text}`);
  }
  return number;
}

const { check, grafana, scene, scenario, mesos, hours: span, port: pagePort, clusterPort } = options();
const started: Array<() => Promise<void> | void> = [];
let stopping: Promise<void> | undefined;

/** Stops what was started, in reverse order; only once, however often it is called. */
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

/** Waits for something to start, and registers it to be stopped, even when stopping begins before it has started. */
function owned<T extends { stop(): Promise<void> }>(starting: Promise<T>): Promise<T> {
  started.push(async () => {
    await (await starting.catch(() => undefined))?.stop();
  });
  return starting;
}

/** The cluster that is shown. */
interface Cluster {
  masters: string[];
  /** What the data source is called, and needs besides the masters. */
  name: string;
  settings?: SourceSettings;
  /** A line about it. */
  about: string;
  /** The time range to open on, as parameters of an address; empty: what the page has. */
  range: string;
  /** Its history, where it has one. */
  prefilled?: Prefilled;
}

async function recorded(name: string): Promise<{ replay: Replay; cluster: Cluster }> {
  const captures = path.join(root, 'testdata', 'captures');
  const replay = await owned(startReplay({ dir: captures, scene: name, port: clusterPort }));
  const about = `Replaying ${replay.scene}: masters ${replay.masters.join(', ')}`;
  return { replay, cluster: { masters: replay.masters.slice(0, 1), name: 'Mesos (replayed)', about, range: '' } };
}

async function simulated(): Promise<Cluster> {
  const began = Date.now();
  const words = `${span} hour${span === 1 ? '' : 's'} of history`;
  const tell = (text: string) => (process.stdout.isTTY ? process.stdout.write(`\r${text}`) : undefined);
  tell(`${words} ...`);
  const ending = new AbortController();
  const progress = (share: number) => tell(`${words} ... ${Math.floor(100 * share)} %`);
  const starting = owned(
    startPrefilled({
      ...{ scenario, hours: span, port: clusterPort, progress, signal: ending.signal },
      plan: mesos && { mesos },
    })
  );
  started.push(() => ending.abort());
  const prefilled = await starting;
  tell('');
  console.log(`${words} in ${((Date.now() - began) / 1000).toFixed(0)} s`);
  const { live } = prefilled;
  // Logs of tasks can be read, which an administrator decides elsewhere.
  const settings = { ...prefilled.settings, jsonData: { ...prefilled.settings.jsonData, sandboxLogs: 'viewer' } };
  const about = `Simulating ${live.scene}: ${scenario.about}\nmasters ${live.entry.masters.join(', ')}`;
  const range = `from=now-${Number.isInteger(span) ? `${span}h` : `${Math.ceil(span * 60)}m`}&to=now`;
  return { masters: live.entry.masters, name: 'Mesos (simulated)', settings, about, range, prefilled };
}

function provisioned({ masters, name, settings }: Cluster): string {
  const folder = provisioningFor(masters, name, settings);
  started.push(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

/** Prints a line for each address to open. */
function introduce(...lines: string[]): void {
  console.log(`\n${lines.join('\n')}\n\nPress Ctrl-C to stop everything.`);
}

/** An address with parameters, those that are not empty. */
function address(url: string, ...parameters: string[]): string {
  const search = parameters.filter(Boolean).join('&');
  return `  ${url}${search && '?'}${search}`;
}

/** Sends the first query, which starts the polling. The history is closed before, so that the plugin can open it. */
async function begin(url: string, { prefilled }: Cluster): Promise<void> {
  await prefilled?.handOver();
  await fetch(url).catch(() => undefined);
}

async function inWorkbench(): Promise<void> {
  const source = scene === undefined ? { cluster: await simulated() } : await recorded(scene);
  const { cluster } = source;
  const workbench = await owned(
    startWorkbench({ provisioning: provisioned(cluster), port: pagePort, history: cluster.prefilled?.historyPath })
  );
  if (check && 'replay' in source) {
    const { checkGraph } = await import('./check.ts');
    process.exitCode = (await checkGraph(workbench.url, source.replay)) ? 0 : 1;
    await stop();
    return;
  }
  await begin(`${workbench.url}/api/datasources/uid/mesos/health`, cluster);
  const { url } = workbench;
  introduce(cluster.about, '', address(`${url}/`, 'tab=dashboard', cluster.range), address(`${url}/`, cluster.range));
}

async function inGrafana(home: string): Promise<void> {
  const cluster = scene === undefined ? await simulated() : (await recorded(scene)).cluster;
  const provisioning = provisioned(cluster);
  const history = cluster.prefilled?.historyPath;
  const server = await owned(startGrafana({ home, port: pagePort, provisioning, history, anonymous: true }));
  await begin(`${server.url}/api/datasources/uid/mesos/health`, cluster);
  const account = `Grafana ${server.version}; ${server.user} / ${server.password} to log in`;
  introduce(cluster.about, '', ...grafanaAddresses(server.url, cluster.range), '', account);
}

function grafanaAddresses(url: string, range: string): string[] {
  return [address(`${url}/d/mesos-overview`, range), address(`${url}/explore`)];
}

async function inDocker(): Promise<void> {
  const { url } = await owned(startCompose(pagePort));
  await fetch(`${url}/api/datasources/uid/mesos/health`).catch(() => undefined);
  introduce(...grafanaAddresses(url, 'from=now-6h&to=now'), '', 'admin / admin to log in');
}

try {
  const { GRAFANA_HOME } = process.env;
  const inCompose = grafana && !GRAFANA_HOME;
  const prefilled = scene === undefined && !inCompose;
  // Wrong options are reported before anything slow starts.
  if (grafana && GRAFANA_HOME) {
    checkHome(GRAFANA_HOME);
  }
  ensureBuilt([...plugin, ...(grafana ? [] : workbenchArtifacts), ...(prefilled ? [prefillArtifact] : [])]);
  if (pagePort !== 0) {
    await freePort(pagePort);
  }
  if (!grafana) {
    await inWorkbench();
  } else if (GRAFANA_HOME) {
    await inGrafana(GRAFANA_HOME);
  } else {
    await inDocker();
  }
} catch (error) {
  if (stopping === undefined) {
    console.error((error as Error).message);
    process.exitCode = 1;
  }
  await stop();
}
