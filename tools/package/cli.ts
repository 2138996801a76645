// `npm run package`: the plugin as zips that Grafana installs, one folder named like its id with the executables of all
// platforms, and their checksums. The same commit makes the same bytes: times are the commit's, paths are left out.
//
//   npm run package                     both builds: the full one, and the one for Grafana's catalogue
//   npm run package -- --build full     one of them
//   npm run package -- --platform linux/amd64   with the executable of one platform only
//
// GRAFANA_ACCESS_POLICY_TOKEN, where it is set, signs both (which adds a time). What Grafana's plugin validator would
// refuse ends with exit status 1.
import { execFileSync } from 'node:child_process';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { root } from '../scripts/build.ts';
import { entriesOf, filesIn, writeSum, writeZip } from './archive.ts';
import { settleMaps } from './maps.ts';
import { platformOf, violations, zipViolations } from './rules.ts';

/** Go's names of the platforms, and the SDK's mage targets that build them (grafana-plugin-sdk-go, build/common.go). */
const platforms = [
  { os: 'linux', arch: 'amd64', target: 'build:linux' },
  { os: 'linux', arch: 'arm64', target: 'build:linuxARM64' },
  { os: 'linux', arch: 'arm', target: 'build:linuxARM' },
  { os: 'darwin', arch: 'amd64', target: 'build:darwin' },
  { os: 'darwin', arch: 'arm64', target: 'build:darwinARM64' },
  { os: 'windows', arch: 'amd64', target: 'build:windows' },
];

type Platform = (typeof platforms)[number];

/** The builds: how mage makes an executable of each, and what the zip is called behind the version. */
const builds = {
  catalogue: { mage: ({ os, arch }: Platform) => ['catalogue:custom', os, arch], suffix: '.catalogue' },
  // Last, so that dist/ is the full one afterwards.
  full: { mage: ({ target }: Platform) => [target], suffix: '' },
};

type Build = keyof typeof builds;

const dist = path.join(root, 'dist');

function git(...args: string[]): string {
  return execFileSync('git', args, { cwd: root, encoding: 'utf8' }).trim();
}

const commit = git('rev-parse', 'HEAD');
const seconds = git('show', '--no-patch', '--format=%ct', 'HEAD');
const time = new Date(Number(seconds) * 1000);

function run(command: string, ...args: string[]): void {
  execFileSync(command, args, { cwd: root, stdio: 'inherit', env: { ...process.env, SOURCE_DATE_EPOCH: seconds } });
}

/** The frontend, with date and commit of the source. Returns id and version of the plugin. */
function buildFrontend(): { id: string; version: string } {
  rmSync(dist, { recursive: true, force: true });
  run('npm', 'run', 'build:frontend');
  settleMaps(dist);
  const file = path.join(dist, 'plugin.json');
  const plugin = JSON.parse(readFileSync(file, 'utf8')) as { id: string; info: { version: string } };
  Object.assign(plugin.info, {
    updated: time.toISOString().slice(0, 10),
    build: { time: time.getTime(), hash: commit },
  });
  writeFileSync(file, `${JSON.stringify(plugin, null, 2)}\n`);
  return { id: plugin.id, version: plugin.info.version };
}

/** The executables in dist/. One after the other: side by side they need six times the memory and no less time. */
function buildBackend(build: Build): void {
  for (const platform of chosen) {
    run('go', 'tool', 'mage', ...builds[build].mage(platform));
    const { os, arch } = platform;
    const file = path.join(dist, `gpx_mesos_${os}_${arch}${os === 'windows' ? '.exe' : ''}`);
    checkExecutable(file, `${os}/${arch}`, build);
    console.log(`${path.basename(file)} (${build}): ${size(file)}`);
  }
  run('go', 'tool', 'mage', 'build:generateManifestFile');
  // It names the Go files of npm packages, too, which are not the plugin's source.
  const manifest = path.join(dist, 'go_plugin_build_manifest');
  const lines = readFileSync(manifest, 'utf8').split('\n');
  writeFileSync(manifest, lines.filter((line) => !line.includes('node_modules/')).join('\n'));
}

/** Throws unless a file is an executable of a build for a platform which needs no C library. */
function checkExecutable(file: string, platform: string, build: Build): void {
  const info = execFileSync('go', ['version', '-m', file], { encoding: 'utf8' });
  const tag = /\t-tags=.*\bcatalogue\b/.test(info) ? 'catalogue' : 'full';
  if (platformOf(file) !== platform || !info.includes('\tCGO_ENABLED=0\n') || tag !== build) {
    throw new Error(`${path.basename(file)} is not the ${build} build for ${platform} without cgo:\n${info}`);
  }
}

/** Signs the plugin of a folder as whoever the token is of. The token is in the environment, and nowhere else. */
function sign(folder: string): void {
  run('npm', 'run', 'sign', '--', '--distDir', folder);
}

const size = (file: string) => `${(statSync(file).size / 1e6).toFixed(1)} MB`;

const { values } = parseArgs({
  options: { build: { type: 'string', multiple: true }, platform: { type: 'string', multiple: true } },
});
const wanted = (values.build ?? Object.keys(builds)) as Build[];
const unknown = wanted.filter((build) => !(build in builds));
if (unknown.length > 0) {
  console.error(`There is no build ${unknown.join(', ')}: there are ${Object.keys(builds).join(' and ')}.`);
  process.exit(2);
}
const chosen = platforms.filter(({ os, arch }) => values.platform?.includes(`${os}/${arch}`) ?? true);
if (chosen.length === 0 || (values.platform && chosen.length < values.platform.length)) {
  console.error(`There are the platforms ${platforms.map(({ os, arch }) => `${os}/${arch}`).join(', ')}.`);
  process.exit(2);
}
if (git('status', '--porcelain', '--untracked-files=no') !== '') {
  console.warn('There are changes that are not committed: the zips are not those of the commit.');
}

const { id, version } = buildFrontend();
for (const file of readdirSync(root)) {
  if (file.startsWith(`${id}-`) && /\.zip(\.sha\d+)?$/.test(file)) {
    rmSync(path.join(root, file));
  }
}
for (const build of wanted) {
  buildBackend(build);
  const folder = path.join(root, 'ci', build, id);
  rmSync(folder, { recursive: true, force: true });
  mkdirSync(folder, { recursive: true });
  filesIn(dist).forEach((file) => cpSync(path.join(dist, file), path.join(folder, file)));
  if (process.env.GRAFANA_ACCESS_POLICY_TOKEN) {
    sign(folder);
  }
  const target = path.join(root, `${id}-${version}${builds[build].suffix}.zip`);
  await writeZip(folder, id, target, time);
  const wrong = [...violations({ folder, source: root }), ...zipViolations(entriesOf(target), id)];
  if (wrong.length > 0) {
    throw new Error(`Grafana's plugin validator would refuse the ${build} build:\n${wrong.join('\n')}`);
  }
  const signed = existsSync(path.join(folder, 'MANIFEST.txt')) ? 'signed' : 'not signed';
  console.log(`${path.basename(target)}: ${size(target)}, ${signed}, sha256 ${writeSum(target, 'sha256')}`);
  writeSum(target, 'sha1'); // what Grafana's form for submissions asks for
}
