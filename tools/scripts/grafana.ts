// Runs an unpacked Grafana (GRAFANA_HOME) with this plugin, with its own data
// directory and port. The unpacked Grafana is not changed.
import { type ChildProcess, execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import {
  cpSync,
  createWriteStream,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { createServer } from 'node:net';
import os from 'node:os';
import path from 'node:path';

import { root } from './build.ts';

export const pluginId = 'community-mesos-datasource';

/** Grafana's initial account. The server listens on loopback only. */
const account = { user: 'admin', password: 'admin' };

export interface GrafanaOptions {
  /** The folder of an unpacked Grafana: the one with bin/, conf/ and public/. */
  home: string;
  /** Port on the loopback interface; 0: any free one. */
  port: number;
  /** Grafana's provisioning folder. */
  provisioning: string;
  /** Where its database, log and plugins go; absent: a temporary folder that stop() removes. */
  data?: string;
  /** Absolute folder for the plugin's history: history_path in grafana.ini; absent: in memory. */
  history?: string;
  /** Whether visitors need no login, as in Grafana's development images. */
  anonymous?: boolean;
  /** The path below which it is served, such as /grafana; absent: none. */
  subPath?: string;
}

export interface Grafana {
  url: string;
  user: string;
  password: string;
  version: string;
  /** Database, grafana.log and plugins. */
  data: string;
  /** Process ids of this Grafana's plugin processes of ours. */
  plugins(): number[];
  /** Ends Grafana (SIGTERM as a service manager does, or SIGKILL as a crash) and starts it again on the same data and port. */
  restart(signal?: 'SIGTERM' | 'SIGKILL'): Promise<void>;
  /** Ends Grafana as a crash does, and its plugin processes of ours with it, until restart(). */
  kill(): Promise<void>;
  stop(): Promise<void>;
}

/** Throws unless a folder holds an unpacked Grafana. */
export function checkHome(folder: string): void {
  const home = path.resolve(folder);
  for (const needed of [executableIn(home), path.join(home, 'conf', 'defaults.ini'), path.join(home, 'public')]) {
    if (!existsSync(needed)) {
      throw new Error(`GRAFANA_HOME=${folder} has no ${path.relative(home, needed)}: name an unpacked Grafana.`);
    }
  }
}

function executableIn(home: string): string {
  return path.join(home, 'bin', process.platform === 'win32' ? 'grafana.exe' : 'grafana');
}

/** Starts Grafana and waits until it answers. Throws when the folder holds none, the port is taken, or it does not start. */
export async function startGrafana(options: GrafanaOptions): Promise<Grafana> {
  const home = path.resolve(options.home);
  const executable = executableIn(home);
  checkHome(options.home);
  const port = await freePort(options.port);
  const data = options.data ?? mkdtempSync(path.join(os.tmpdir(), 'mesos-grafana-'));
  const plugins = path.join(data, 'plugins');
  mkdirSync(plugins, { recursive: true });
  cpSync(path.join(root, 'dist'), path.join(plugins, pluginId), { recursive: true });
  const ini = path.join(data, 'grafana.ini');
  writeFileSync(ini, options.history ? `[plugin.${pluginId}]\nhistory_path = ${options.history}\n` : '');

  const env = {
    PATH: process.env.PATH,
    HOME: data,
    GF_PATHS_DATA: data,
    GF_PATHS_LOGS: data,
    GF_PATHS_PLUGINS: plugins,
    GF_PATHS_PROVISIONING: path.resolve(options.provisioning),
    GF_SERVER_HTTP_ADDR: '127.0.0.1',
    GF_SERVER_HTTP_PORT: String(port),
    GF_PLUGINS_ALLOW_LOADING_UNSIGNED_PLUGINS: pluginId,
    // Nothing is fetched from outside this machine.
    GF_PLUGINS_PREINSTALL_DISABLED: 'true',
    GF_PLUGINS_PLUGIN_ADMIN_ENABLED: 'false',
    GF_ANALYTICS_REPORTING_ENABLED: 'false',
    GF_ANALYTICS_CHECK_FOR_UPDATES: 'false',
    GF_ANALYTICS_CHECK_FOR_PLUGIN_UPDATES: 'false',
    GF_NEWS_NEWS_FEED_ENABLED: 'false',
    GF_LOG_MODE: 'console',
    ...(options.subPath !== undefined && {
      GF_SERVER_ROOT_URL: `http://localhost:${port}${options.subPath}/`,
      GF_SERVER_SERVE_FROM_SUB_PATH: 'true',
    }),
    ...(options.anonymous && { GF_AUTH_ANONYMOUS_ENABLED: 'true', GF_AUTH_ANONYMOUS_ORG_ROLE: 'Admin' }),
  };
  const url = `http://localhost:${port}${options.subPath ?? ''}`;
  let server: ChildProcess | undefined;

  const start = async (): Promise<string> => {
    const log = path.join(data, 'grafana.log');
    const child = spawn(executable, ['server', '--homepath', home, '--config', ini], {
      cwd: data,
      env,
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    const file = createWriteStream(log, { flags: 'a' });
    child.stdout.pipe(file, { end: false });
    child.stderr.pipe(file, { end: false });
    child.once('close', () => file.end());
    server = child;
    let failure: string | undefined;
    child.once('error', (error) => (failure = error.message));
    for (const end = Date.now() + 180_000; ; await new Promise((resolve) => setTimeout(resolve, 250))) {
      const version = await health(url);
      if (version) {
        return version;
      }
      if (failure !== undefined || child.exitCode !== null || Date.now() > end) {
        const words = existsSync(log) ? readFileSync(log, 'utf8').split('\n').slice(-8).join('\n') : '';
        child.kill('SIGKILL');
        throw new Error(`Grafana did not start: ${failure ?? `see the end of its log:\n${words}`}`);
      }
    }
  };
  const end = async (signal: 'SIGTERM' | 'SIGKILL') => {
    const child = server;
    server = undefined;
    if (child && child.exitCode === null && child.signalCode === null) {
      const gone = once(child, 'exit');
      child.kill(signal);
      await gone;
    }
  };
  const stop = async () => {
    await end('SIGTERM');
    if (!options.data) {
      rmSync(data, { recursive: true, force: true, maxRetries: 5, retryDelay: 200 });
    }
  };

  try {
    const version = await start();
    return {
      url,
      ...account,
      version,
      data,
      plugins: () => childrenOf(server?.pid ?? 0, plugins),
      async restart(signal = 'SIGTERM') {
        await end(signal);
        await start();
      },
      async kill() {
        const orphans = childrenOf(server?.pid ?? 0, plugins);
        await end('SIGKILL');
        orphans.forEach((pid) => process.kill(pid, 'SIGKILL'));
      },
      stop,
    };
  } catch (error) {
    await stop();
    throw error;
  }
}

/** The version a Grafana says it has, or undefined while it does not answer with a ready database. */
export async function health(url: string): Promise<string | undefined> {
  try {
    const answer = await fetch(`${url.replace(/\/$/, '')}/api/health`);
    const { database, version } = (await answer.json()) as { database?: string; version?: string };
    return answer.ok && database === 'ok' ? version : undefined;
  } catch {
    return undefined;
  }
}

/** The port itself, or a free one for 0. Throws when somebody listens on it. */
export async function freePort(wanted: number): Promise<number> {
  const probe = createServer();
  probe.listen(wanted, '127.0.0.1');
  await once(probe, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new Error(`port ${wanted} is in use: choose another with --port`) : error;
  });
  const { port } = probe.address() as { port: number };
  probe.close();
  await once(probe, 'close');
  return port;
}

/** Ids of the processes that a process started from a folder. */
function childrenOf(parent: number, folder: string): number[] {
  const table = execFileSync('ps', ['-eo', 'pid=,ppid=,args='], { encoding: 'utf8' });
  return table
    .split('\n')
    .map((line) => /^\s*(\d+)\s+(\d+)\s+(.*)$/.exec(line))
    .filter((row) => row !== null && Number(row[2]) === parent && row[3].startsWith(folder))
    .map((row) => Number(row?.[1]));
}
