// Other processes: the generated cluster, the Go part of the benchmark, and the plugin's process as the kernel reports it.
import { spawn } from 'node:child_process';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

import { type Artifact, root } from '../scripts/build.ts';

/** A running generated cluster. */
export interface Generated {
  master: string;
  control: string;
  /** Unix seconds at which its clock began. */
  start: number;
  stop(): Promise<void>;
}

/** Starts tools/simulator/generate in a process of its own, whose work is not the plugin's. */
export async function startGenerator(size: string, flags: string[]): Promise<Generated> {
  const script = path.join(root, 'tools', 'simulator', 'generate', 'cli.ts');
  const child = spawn(
    process.execPath,
    [script, '--size', size, '--port', '0', '--control', '0', '--speed', '0', '--tied', ...flags],
    { stdio: ['pipe', 'pipe', 'inherit'] }
  );
  const ended = new Promise<void>((resolve) => child.on('close', () => resolve()));
  const first = await new Promise<string>((resolve, reject) => {
    child.on('error', reject);
    createInterface({ input: child.stdout }).once('line', resolve);
    void ended.then(() => reject(new Error('the generated cluster ended before it was ready')));
  });
  return {
    ...(JSON.parse(first) as { master: string; control: string; start: number }),
    async stop() {
      child.stdin.end();
      await ended;
    },
  };
}

/** The Go part of the benchmark, from the repository's root. */
const benchExecutable = 'tools/dist/bench';

export const benchArtifact: Artifact = {
  name: 'bench (go)',
  inputs: ['tools/bench', 'pkg', 'catalogue', 'go.mod', 'go.sum'],
  outputs: [benchExecutable],
  command: ['go', 'build', '-o', benchExecutable, './tools/bench'],
};

/** Runs one measurement of tools/bench in a fresh process, and reads what it found. */
export async function bench<T>(
  measurement: string,
  flags: Record<string, string | number>,
  environment: Record<string, string> = {}
): Promise<T> {
  const args = Object.entries(flags).map(([name, value]) => `-${name}=${value}`);
  const child = spawn(path.join(root, benchExecutable), [measurement, ...args], {
    stdio: ['ignore', 'pipe', 'inherit'],
    env: { ...process.env, ...environment },
  });
  let found = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (found += text));
  const code = await new Promise((resolve, reject) => child.on('error', reject).on('close', resolve));
  if (code !== 0) {
    throw new Error(`tools/bench ${measurement} failed: see its message above`);
  }
  return JSON.parse(found) as T;
}

/** A process as the kernel sees it (proc(5)). Linux only. */
export class Watched {
  readonly pid: number;

  constructor(pid: number) {
    this.pid = pid;
  }

  /** The one descendant of a process with that name, cut to 15 characters as the kernel does. */
  static named(name: string, ancestor = process.pid): Watched {
    const found = descendants(ancestor).filter((pid) => statOf(pid)?.name === name.slice(0, 15));
    if (found.length !== 1) {
      throw new Error(`${found.length} processes named ${name} were started here; expected one`);
    }
    return new Watched(found[0]);
  }

  /** Seconds of CPU time so far, user and kernel. */
  cpu(): number {
    const fields = statOf(this.pid)?.fields;
    if (!fields) {
      throw new Error(`process ${this.pid} has ended`);
    }
    // utime and stime, 14 and 15 of stat(5), in hundredths (USER_HZ).
    return (Number(fields[11]) + Number(fields[12])) / 100;
  }

  /** Seconds of CPU time of a process and all below it so far, also of those that have ended and were waited for. */
  static familyCpu(ancestor = process.pid): number {
    return [ancestor, ...descendants(ancestor)].reduce((sum, pid) => {
      // utime, stime, cutime and cstime, 14 to 17 of stat(5), in hundredths (USER_HZ).
      const times = statOf(pid)?.fields.slice(11, 15) ?? [];
      return sum + times.reduce((all, time) => all + Number(time) / 100, 0);
    }, 0);
  }

  /** Seconds that each of its threads has run and has waited for a processor so far, by its ID (schedstat of proc(5)). */
  threads(): Map<string, { ran: number; waited: number }> {
    const folder = `/proc/${this.pid}/task`;
    return new Map(
      readdirSync(folder).flatMap((thread) => {
        try {
          const [ran, waited] = readFileSync(`${folder}/${thread}/schedstat`, 'utf8').split(' ');
          return [[thread, { ran: Number(ran) / 1e9, waited: Number(waited) / 1e9 }]];
        } catch {
          return []; // It has ended.
        }
      })
    );
  }

  /** Current and peak memory in bytes. */
  memory(): { now: number; peak: number } {
    const status = readFileSync(`/proc/${this.pid}/status`, 'utf8');
    const value = (name: string) => 1024 * Number(new RegExp(`^${name}:\\s+(\\d+) kB$`, 'm').exec(status)?.[1]);
    return { now: value('VmRSS'), peak: value('VmHWM') };
  }

  /** Resets the peak to the current memory. */
  forgetPeak(): void {
    writeFileSync(`/proc/${this.pid}/clear_refs`, '5');
  }
}

function statOf(pid: number): { name: string; parent: number; fields: string[] } | undefined {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    // The name may hold anything, brackets too: it ends at the last one.
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return { name: stat.slice(stat.indexOf('(') + 1, stat.lastIndexOf(')')), parent: Number(fields[1]), fields };
  } catch {
    return undefined; // It has ended.
  }
}

function descendants(ancestor: number): number[] {
  const all = readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number);
  const parents = new Map(all.map((pid) => [pid, statOf(pid)?.parent ?? 0]));
  const below = (pid: number): boolean => {
    const parent = parents.get(pid) ?? 0;
    return parent === ancestor || (parent > 1 && below(parent));
  };
  return all.filter(below);
}
