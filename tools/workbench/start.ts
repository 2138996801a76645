// Starts the workbench from TypeScript: builds what is outdated, runs the host
// (tools/workbench/host), waits until it answers, and ends it.
import { spawn } from 'node:child_process';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { ensureBuilt, plugin as pluginArtifacts, root } from '../scripts/build.ts';
import { hostArtifact, hostExecutable } from './build.ts';
import { type GrafanaVersion, pageArtifacts, pageFolder } from './pages.ts';

export interface WorkbenchOptions {
  /** Folder with Grafana provisioning files: its datasources/*.yaml, or *.yaml right in it. */
  provisioning: string;
  /** Port on the loopback interface (3000); 0: any free one. */
  port?: number;
  /** Folder of a built plugin; absent: this repository's, built when it is outdated. */
  plugin?: string;
  /** Absolute folder for the plugin's history on disk; absent: in memory. */
  history?: string;
  /** Role of the user (Admin). */
  role?: 'Viewer' | 'Editor' | 'Admin';
  /** Requests with the header FromAlert are those of alert rules, which Grafana takes from no client: for tests. */
  rules?: boolean;
  /** The version of Grafana whose packages the page is drawn with (12). */
  grafana?: GrafanaVersion;
  /** The page has React's development build, which writes warnings to the console: for tests. */
  development?: boolean;
  /** Takes each line of the host's and the plugin's log; absent: standard error. */
  log?: (line: string) => void;
}

export interface Workbench {
  /** http://localhost:<port> */
  url: string;
  /** The host's process; the plugin's is below it. */
  pid: number;
  /** Ends host and plugin; resolves when both are gone, within 3 s. */
  stop(): Promise<void>;
  /** Resolves when the host has ended, with its exit code. */
  ended: Promise<number>;
}

/** Starts the workbench. Throws the host's own error when it cannot start, as with a port in use. */
export async function startWorkbench(options: WorkbenchOptions): Promise<Workbench> {
  const version = options.grafana ?? '12';
  ensureBuilt([
    ...(options.plugin ? [] : pluginArtifacts),
    hostArtifact,
    ...pageArtifacts(version, options.development),
  ]);
  const flags: Record<string, string> = {
    plugin: path.resolve(options.plugin ?? path.join(root, 'dist')),
    provisioning: path.resolve(options.provisioning),
    page: path.join(root, pageFolder(version, options.development)),
    port: String(options.port ?? 3000),
    ...(options.history && { history: options.history }),
    ...(options.role && { role: options.role }),
    ...(options.rules && { rules: 'true' }),
  };
  const args = Object.entries(flags).map(([name, value]) => `--${name}=${value}`);
  // The host ends when its standard input closes: it does not outlive this
  // process, however this process ends.
  const host = spawn(path.join(root, hostExecutable), ['--tied', ...args], { stdio: ['pipe', 'pipe', 'pipe'] });
  const ended = new Promise<number>((resolve) => host.on('close', (code) => resolve(code ?? 1)));

  // The host's last line becomes the error, all others go to the log.
  let failure = '';
  createInterface({ input: host.stderr }).on('line', (line) => {
    if (line.startsWith('workbench host: ')) {
      failure = line.replace('workbench host: ', '');
    } else {
      (options.log ?? console.error)(line);
    }
  });
  const url = await new Promise<string>((resolve, reject) => {
    host.on('error', reject);
    createInterface({ input: host.stdout }).on('line', (line) => resolve(line.replace(/^ready /, '')));
    void ended.then((code) => reject(new Error(failure || `the workbench's host ended with ${code}`)));
  });
  const stop = async () => {
    host.stdin.end();
    await ended;
  };
  return { url, pid: host.pid as number, stop, ended };
}
