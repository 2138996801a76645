// Servers of others that tests and benchmarks start: a process each, with a free port.
import { spawn, type ChildProcess } from 'node:child_process';
import { accessSync, constants, readFileSync } from 'node:fs';
import { createServer, type AddressInfo } from 'node:net';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

/** Seconds within which a server must answer. */
const STARTS_WITHIN = 60;

/** How many ports are tried. */
const TRIES = 3;

/** The file of a program on the PATH. */
export function onPath(name: string, searched = process.env.PATH ?? ''): string | undefined {
  return searched
    .split(path.delimiter)
    .map((folder) => path.join(folder, name))
    .find((file) => {
      try {
        accessSync(file, constants.X_OK);
        return true;
      } catch {
        return false;
      }
    });
}

async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  await new Promise((resolve) => server.close(resolve));
  return port;
}

/** A server in a process of its own, which may be killed and started again on the same directory. */
export class Daemon {
  readonly port: number;
  private readonly command: string[];
  private readonly answers: () => Promise<boolean>;
  private readonly log: string;
  private child?: ChildProcess;

  constructor(port: number, command: string[], log: string, answers: () => Promise<boolean>) {
    [this.port, this.command, this.log, this.answers] = [port, command, log, answers];
  }

  /** Starts it, and waits until it answers. While another program has its port for a moment it ends, and is started again. */
  async start(within = STARTS_WITHIN): Promise<void> {
    // The shell kills it when its standard input closes, so that it does not outlive this process, however this ends.
    const script =
      'exec 3<&0; "$@" >>"$0" 2>&1 3<&- & server=$!; (cat <&3 >/dev/null; kill -9 $server) & wait $server; kill $!';
    for (const end = Date.now() + 1000 * within; Date.now() < end; await sleep(50)) {
      if (this.child === undefined || this.child.exitCode !== null) {
        this.child = spawn('sh', ['-c', script, this.log, ...this.command], { stdio: ['pipe', 'ignore', 'ignore'] });
      }
      if (await this.answers()) {
        return;
      }
    }
    throw new Error(`${this.command[0]} does not answer: ${readFileSync(this.log, 'utf8').slice(-2000)}`);
  }

  /** The shell's process; the server's is below it. */
  get pid(): number {
    return this.child?.pid ?? 0;
  }

  /** Ends it as `kill -9` does. */
  async kill(): Promise<void> {
    const child = this.child;
    this.child = undefined;
    if (child !== undefined && child.exitCode === null) {
      const ended = new Promise((resolve) => child.on('exit', resolve));
      child.stdin?.end();
      await ended;
    }
  }
}

/** Makes a server with a free port and starts it; with another one where a program was faster to take it. */
export async function started(make: (port: number) => Daemon): Promise<Daemon> {
  for (let tries = 1; ; tries++) {
    const daemon = make(await freePort());
    try {
      await daemon.start(STARTS_WITHIN / TRIES);
      return daemon;
    } catch (error) {
      await daemon.kill();
      if (tries === TRIES) {
        throw error;
      }
    }
  }
}
