// `npm run package`: the plugin for every platform Grafana runs on, as the zip
// that `grafana cli plugins install` and the catalogue take: one folder named
// like the plugin's id, executables with their execute bit.
import { execFileSync, spawnSync } from 'node:child_process';
import { createWriteStream, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import yazl from 'yazl';

import { root } from './build.ts';

/** Go's names of the platforms, and the mage target that builds each (grafana-plugin-sdk-go, build/common.go). */
const platforms = [
  { os: 'linux', arch: 'amd64', target: 'build:linux' },
  { os: 'linux', arch: 'arm64', target: 'build:linuxARM64' },
  { os: 'linux', arch: 'arm', target: 'build:linuxARM' },
  { os: 'darwin', arch: 'amd64', target: 'build:darwin' },
  { os: 'darwin', arch: 'arm64', target: 'build:darwinARM64' },
  { os: 'windows', arch: 'amd64', target: 'build:windows' },
];

const dist = path.join(root, 'dist');

function run(command: string, ...args: string[]): void {
  if (spawnSync(command, args, { cwd: root, stdio: 'inherit' }).status !== 0) {
    throw new Error(`${command} ${args.join(' ')} failed`);
  }
}

/** Throws unless the file is an executable for that platform which needs no C library. */
function checkExecutable(file: string, os: string, arch: string): void {
  const info = execFileSync('go', ['version', '-m', file], { encoding: 'utf8' });
  for (const setting of [`GOOS=${os}`, `GOARCH=${arch}`, 'CGO_ENABLED=0']) {
    if (!info.includes(`\t${setting}\n`)) {
      throw new Error(`${path.basename(file)} was not built with ${setting}`);
    }
  }
}

async function zip(target: string, folder: string): Promise<void> {
  const archive = new yazl.ZipFile();
  for (const entry of readdirSync(dist, { recursive: true, encoding: 'utf8' }).sort()) {
    const file = path.join(dist, entry);
    if (statSync(file).isFile()) {
      const mode = path.basename(file).startsWith('gpx_') ? 0o100755 : 0o100644;
      archive.addFile(file, path.posix.join(folder, ...entry.split(path.sep)), { mode });
    }
  }
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(target));
}

const size = (file: string) => `${(statSync(file).size / 2 ** 20).toFixed(1)} MiB`;

rmSync(dist, { recursive: true, force: true });
run('npm', 'run', 'build:frontend');
// One after the other: side by side they need six times the memory and no less time on two cores.
platforms.forEach(({ target }) => run('go', 'tool', 'mage', target));
run('go', 'tool', 'mage', 'build:generateManifestFile');
for (const { os, arch } of platforms) {
  const file = path.join(dist, `gpx_mesos_${os}_${arch}${os === 'windows' ? '.exe' : ''}`);
  checkExecutable(file, os, arch);
  console.log(`${path.basename(file)}: ${size(file)}, without cgo`);
}

const { id, info } = JSON.parse(readFileSync(path.join(dist, 'plugin.json'), 'utf8')) as {
  id: string;
  info: { version: string };
};
const target = path.join(root, `${id}-${info.version}.zip`);
rmSync(target, { force: true });
await zip(target, id);
console.log(`${path.basename(target)}: ${size(target)}`);
