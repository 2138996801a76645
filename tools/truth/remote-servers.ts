// The servers of the part with several Grafanas: a real Prometheus, a real ZooKeeper, and what is between Prometheus and the
// plugin, which may be slow.
import { existsSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer, request, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { Daemon, onPath, started } from '../scripts/daemon.ts';

/** Where ZooKeeper's classes are: those of Debian's package, or of a distribution whose bin is on the PATH. */
function classPath(): string | undefined {
  const script = onPath('zkServer.sh');
  if (script !== undefined) {
    return path.join(path.dirname(script), '..', 'lib', '*');
  }
  const debian = '/usr/share/java/zookeeper.jar'; // names all it needs in its manifest
  return existsSync(debian) ? debian : undefined;
}

/** What is missing to run this part, as a sentence; undefined where nothing is. */
export function missingServers(): string | undefined {
  if (process.platform !== 'linux') {
    return 'processes are suspended and found by /proc, which only Linux has';
  }
  if (onPath('prometheus') === undefined) {
    return 'no prometheus on the PATH';
  }
  return onPath('java') === undefined || classPath() === undefined
    ? "no ZooKeeper: install java and Debian's package zookeeper, or put a distribution's bin on the PATH"
    : undefined;
}

/** A Prometheus that takes remote write, also of samples that come an hour late. */
export async function prometheusIn(folder: string): Promise<Daemon> {
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, 'prometheus.yml');
  writeFileSync(config, 'storage:\n  tsdb:\n    out_of_order_time_window: 1h\n');
  return started((port) => {
    const command = [
      ...[
        onPath('prometheus') as string,
        `--config.file=${config}`,
        `--storage.tsdb.path=${path.join(folder, 'data')}`,
      ],
      ...['--web.enable-remote-write-receiver', `--web.listen-address=127.0.0.1:${port}`, '--log.level=warn'],
    ];
    return new Daemon(port, command, path.join(folder, 'log'), () => answersQueries(port));
  });
}

async function answersQueries(port: number): Promise<boolean> {
  try {
    return (await fetch(`http://127.0.0.1:${port}/api/v1/query?query=1`)).ok;
  } catch {
    return false;
  }
}

/** A ZooKeeper with the times that it has by default: sessions of 10 s are granted. */
export async function zooKeeperIn(folder: string): Promise<Daemon> {
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, 'zoo.cfg');
  return started((port) => {
    const settings = [
      ...['tickTime=2000', `dataDir=${path.join(folder, 'data')}`, `clientPort=${port}`, 'clientPortAddress=127.0.0.1'],
      'admin.enableServer=false',
    ];
    writeFileSync(config, settings.map((line) => `${line}\n`).join(''));
    const command = [
      ...[onPath('java') as string, '-Xmx128m', '-cp', classPath() as string],
      ...['org.apache.zookeeper.server.ZooKeeperServerMain', config],
    ];
    return new Daemon(port, command, path.join(folder, 'log'), () => saysWhatItIs(port));
  });
}

export type { Daemon };

/** Whether a ZooKeeper answers the command srvr, which is allowed by default. */
function saysWhatItIs(port: number): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1', () => socket.write('srvr'));
    let said = '';
    socket.setTimeout(1000, () => socket.destroy());
    socket.on('data', (part) => (said += String(part)));
    socket.on('error', () => {});
    socket.on('close', () => resolve(said.includes('Mode: ')));
  });
}

/** What is between an engine and the plugin: it passes everything on, late where it shall. */
export class Front {
  /** Seconds by which each request is passed on later. */
  delay = 0;
  /** How many requests of remote write were taken by the engine, and how many were answered as if they were. */
  taken = 0;
  dropped = 0;
  private readonly engine: number;
  private readonly drops: number;
  private readonly server: Server;

  /** `drops`: one request of remote write in so many is answered with 204 and not passed on; 0: none. */
  constructor(engine: number, drops = 0) {
    [this.engine, this.drops] = [engine, drops];
    this.server = createServer((asked, answer) => void this.pass(asked, answer));
  }

  get url(): string {
    return `http://127.0.0.1:${(this.server.address() as AddressInfo).port}`;
  }

  async start(): Promise<void> {
    await new Promise<void>((resolve) => this.server.listen(0, '127.0.0.1', resolve));
  }

  async stop(): Promise<void> {
    this.server.closeAllConnections();
    await new Promise((resolve) => this.server.close(resolve));
  }

  private async pass(asked: IncomingMessage, answer: ServerResponse): Promise<void> {
    const parts: Buffer[] = [];
    try {
      for await (const part of asked) {
        parts.push(part as Buffer);
      }
    } catch {
      return; // Who asked is gone.
    }
    if (this.delay > 0) {
      await sleep(1000 * this.delay);
    }
    // Version 2.0 is tried first, which this Prometheus may not know.
    const writes = asked.headers['x-prometheus-remote-write-version'] === '0.1.0';
    if (writes && this.drops > 0 && (this.taken + this.dropped + 1) % this.drops === 0) {
      this.dropped++;
      answer.writeHead(204).end();
      return;
    }
    const { method, url, headers } = asked;
    const passed = request({ host: '127.0.0.1', port: this.engine, method, path: url, headers }, (said) => {
      this.taken += writes && said.statusCode === 204 ? 1 : 0;
      answer.writeHead(said.statusCode ?? 502, said.headers);
      said.on('error', () => answer.destroy());
      said.pipe(answer);
    });
    passed.on('error', () => answer.destroy());
    answer.on('error', () => {});
    passed.end(Buffer.concat(parts));
  }
}
