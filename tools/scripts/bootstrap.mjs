// Starts a TypeScript script of this repository on a fresh clone: installs the
// npm packages when they are missing or older than package-lock.json, then
// runs the script with the Node that came with them. Plain JavaScript without
// dependencies, because nothing is installed yet when it runs and Node 20
// cannot read TypeScript.
//
//   node tools/scripts/bootstrap.mjs tools/scripts/demo.ts [arguments]
import { spawn, spawnSync } from 'node:child_process';
import { existsSync, statSync } from 'node:fs';
import path from 'node:path';
import { fileURLToPath } from 'node:url';

const root = path.dirname(path.dirname(path.dirname(fileURLToPath(import.meta.url))));
const [script, ...args] = process.argv.slice(2);

function fail(message) {
  console.error(message);
  process.exit(1);
}

if (Number(process.versions.node.split('.')[0]) < 20) {
  fail(`Node ${process.versions.node} is too old: install Node 20 or newer.`);
}
for (const [tool, flag, why] of [
  ['go', 'version', 'the backend is written in Go: https://go.dev/doc/install'],
  ['git', '--version', 'the build reads the revision from it'],
]) {
  if (spawnSync(tool, [flag], { stdio: 'ignore' }).status !== 0) {
    fail(`${tool} was not found on the PATH; ${why}`);
  }
}

const installed = path.join(root, 'node_modules', '.package-lock.json');
const lock = path.join(root, 'package-lock.json');
if (!existsSync(installed) || statSync(installed).mtimeMs < statSync(lock).mtimeMs) {
  console.log('Installing npm packages (once, a minute or two) ...');
  const npm = process.platform === 'win32' ? 'npm.cmd' : 'npm';
  const result = spawnSync(npm, ['ci', '--no-audit', '--no-fund', '--loglevel=error'], { cwd: root, stdio: 'inherit' });
  if (result.status !== 0) {
    fail('npm ci failed: see its message above.');
  }
}

// TypeScript is read natively from Node 22.18 on. The package `node` brings 24.
const bundled = path.join(root, 'node_modules', 'node', 'bin', process.platform === 'win32' ? 'node.exe' : 'node');
const node = existsSync(bundled) ? bundled : process.execPath;
const binaries = [path.dirname(node), path.join(root, 'node_modules', '.bin')].join(path.delimiter);
const child = spawn(node, ['--disable-warning=ExperimentalWarning', path.join(root, script), ...args], {
  cwd: root,
  stdio: 'inherit',
  env: { ...process.env, PATH: `${binaries}${path.delimiter}${process.env.PATH}` },
});
// Ctrl-C reaches the child by itself (same process group); the parent waits for
// it to end what it started. SIGTERM goes to one process only: pass it on.
process.on('SIGINT', () => {});
process.on('SIGTERM', () => child.kill('SIGTERM'));
child.on('exit', (code, signal) => process.exit(code ?? (signal === 'SIGINT' ? 130 : 1)));
