// Builds the parts of a running plugin, each only when its inputs have changed:
// the second start of the demo takes seconds.
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** The repository's root. */
export const root = path.join(import.meta.dirname, '..', '..');

const stamps = path.join(root, 'node_modules', '.cache', 'mesos-datasource');

/** A result of a command that depends on files. */
export interface Artifact {
  name: string;
  /** Files and folders the artifact depends on, from the root. */
  inputs: string[];
  /** The files that the command writes, from the root. */
  outputs: string[];
  command: string[];
}

/** The file name of the backend that Grafana starts: gpx_mesos_<os>_<arch>, with Go's names. */
export function executableName(): string {
  const systems: Record<string, string> = { win32: 'windows' };
  const machines: Record<string, string> = { x64: 'amd64', ia32: '386' };
  const suffix = process.platform === 'win32' ? '.exe' : '';
  return `gpx_mesos_${systems[process.platform] ?? process.platform}_${machines[process.arch] ?? process.arch}${suffix}`;
}

/** The plugin as Grafana installs it: dist/. */
export const plugin: Artifact[] = [
  {
    name: 'frontend (webpack)',
    inputs: ['src', '.config', 'webpack.config.ts', 'package-lock.json', 'LICENSE', 'CHANGELOG.md'],
    outputs: ['dist/module.js', 'dist/plugin.json'],
    command: ['npx', 'webpack', '-c', './webpack.config.ts', '--env', 'production', '--stats', 'errors-warnings'],
  },
  {
    name: 'backend (go)',
    inputs: ['pkg', 'catalogue', 'go.mod', 'go.sum', 'src/plugin.json'],
    outputs: [`dist/${executableName()}`],
    command: ['go', 'tool', 'mage', 'build:backend'],
  },
];

/** Builds each artifact whose inputs changed since it was built here last. */
export function ensureBuilt(artifacts: Artifact[]): void {
  mkdirSync(stamps, { recursive: true });
  const lock = path.join(stamps, 'building');
  waitFor(lock);
  try {
    build(artifacts);
  } finally {
    rmSync(lock);
  }
}

/** Waits until no other process builds, as another worker of the same tests, and writes the file that says that this one does. */
function waitFor(lock: string): void {
  for (;;) {
    try {
      writeFileSync(lock, String(process.pid), { flag: 'wx' });
      return;
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'EEXIST') {
        throw error;
      }
    }
    if (hasEnded(lock)) {
      rmSync(lock, { force: true });
    } else {
      Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 200);
    }
  }
}

/** Reports whether the process that a file names was killed while it built. */
function hasEnded(lock: string): boolean {
  try {
    const pid = Number(readFileSync(lock, 'utf8'));
    if (pid) {
      process.kill(pid, 0); // no signal: whether there is one
    }
    return false;
  } catch (error) {
    return (error as NodeJS.ErrnoException).code === 'ESRCH';
  }
}

function build(artifacts: Artifact[]): void {
  for (const artifact of artifacts) {
    const stamp = path.join(stamps, artifact.name.replace(/\W+/g, '-'));
    const wanted = fingerprint(artifact);
    const complete = artifact.outputs.every((output) => existsSync(path.join(root, output)));
    if (complete && existsSync(stamp) && readFileSync(stamp, 'utf8') === wanted) {
      continue;
    }
    console.log(`Building ${artifact.name} ...`);
    const [command, ...args] = artifact.command;
    const result = spawnSync(command, args, { cwd: root, stdio: 'inherit' });
    if (result.status !== 0) {
      throw new Error(`building ${artifact.name} failed: ${artifact.command.join(' ')}`);
    }
    const missing = artifact.outputs.filter((output) => !existsSync(path.join(root, output)));
    if (missing.length > 0) {
      throw new Error(`building ${artifact.name} made no ${missing.join(', ')}`);
    }
    writeFileSync(stamp, wanted);
  }
}

/** Changes when an input's path, size or time of change does, or the command. */
function fingerprint(artifact: Artifact): string {
  const hash = createHash('sha256').update(JSON.stringify(artifact.command));
  const visit = (file: string) => {
    const stat = statSync(file, { throwIfNoEntry: false });
    if (!stat) {
      return;
    }
    if (stat.isDirectory()) {
      for (const entry of readdirSync(file).sort()) {
        visit(path.join(file, entry));
      }
      return;
    }
    hash.update(`${file}\0${stat.size}\0${stat.mtimeMs}\0`);
  };
  artifact.inputs.forEach((input) => visit(path.join(root, input)));
  return hash.digest('hex');
}
