// Which of the alternatives are on this machine: those on the PATH, or named by the environment.
import { execFileSync } from 'node:child_process';
import { accessSync, constants, existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { onPath } from '../../scripts/daemon.ts';
import { type Line, skipped, told } from '../lines.ts';

export type Name = 'prometheus' | 'exporter' | 'infinity';

/** A peer's executable. */
export interface Found {
  file: string;
  /** As it tells itself. */
  version: string;
}

export type Peers = Partial<Record<Name, Found>>;

interface Kind {
  title: string;
  variable: string;
  /** On the PATH; absent: it is never there. */
  command?: string;
  where: string;
  version(file: string): string;
}

const KINDS: Record<Name, Kind> = {
  prometheus: {
    title: 'Prometheus',
    variable: 'BENCH_PROMETHEUS',
    command: 'prometheus',
    where: 'https://prometheus.io/download, or the package prometheus of Debian',
    version: (file) => said(file, '--version', /version (\S+)/),
  },
  exporter: {
    title: 'mesos_exporter',
    variable: 'BENCH_MESOS_EXPORTER',
    command: 'mesos_exporter',
    where: 'https://github.com/mesos/mesos_exporter',
    version: (file) => said(file, '-version', /version (\d\S*)/),
  },
  infinity: {
    title: "Infinity's backend",
    variable: 'BENCH_INFINITY',
    where: "gpx_infinity_* in the plugin's folder, https://grafana.com/grafana/plugins/yesoreyeram-infinity-datasource",
    version: besides,
  },
};

const UNTOLD = 'version not told';

/** What an executable says of its version. */
function said(file: string, flag: string, version: RegExp): string {
  try {
    const text = execFileSync(file, [flag], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
    return version.exec(text)?.[1] ?? UNTOLD;
  } catch {
    return UNTOLD;
  }
}

/** The version in the plugin.json beside a backend's executable. */
function besides(file: string): string {
  const manifest = path.join(path.dirname(file), 'plugin.json');
  if (!existsSync(manifest)) {
    return UNTOLD;
  }
  const { info } = JSON.parse(readFileSync(manifest, 'utf8')) as { info?: { version?: string } };
  return info?.version ?? UNTOLD;
}

/**
 * Finds the peers, and returns a line for each: its version, or how to name it. Throws where the environment names what is no
 * program: that is a mistake, and not a peer that is missing.
 */
export function findPeers(environment: NodeJS.ProcessEnv = process.env): { peers: Peers; lines: Line[] } {
  const peers: Peers = {};
  const lines = Object.entries(KINDS).map(([name, kind]): Line => {
    const file = environment[kind.variable] || (kind.command && onPath(kind.command, environment.PATH));
    if (!file) {
      const first = kind.command ? `no ${kind.command} on the PATH` : `${kind.variable} is not set`;
      return skipped(kind.title, `${first}: name it by ${kind.variable}=FILE (${kind.where})`);
    }
    if (!runs(file)) {
      throw new Error(`${kind.variable}=${file}: it is no program that can be run; name the executable itself`);
    }
    const found = { file: path.resolve(file), version: kind.version(file) };
    peers[name as Name] = found;
    return told(kind.title, found.version);
  });
  return { peers, lines };
}

function runs(file: string): boolean {
  try {
    accessSync(file, constants.X_OK);
    return statSync(file).isFile();
  } catch {
    return false;
  }
}
