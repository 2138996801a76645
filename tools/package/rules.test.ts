// Each rule of Grafana's plugin validator finds what is planted for it, and finds nothing in this plugin. `npm run
// package` applies the rules to what it builds, with the executables of all platforms.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { after, before, test } from 'node:test';

import { ensureBuilt, executableName, plugin, root } from '../scripts/build.ts';
import { pluginId } from '../scripts/grafana.ts';
import { rules, violations, zipViolations } from './rules.ts';

const parent = mkdtempSync(path.join(os.tmpdir(), 'mesos-rules-'));
const folder = path.join(parent, pluginId);
/** The part of the repository that the rules read, to be changed. */
const source = path.join(parent, 'source');

before(() => {
  ensureBuilt(plugin);
  cpSync(path.join(root, 'dist'), folder, { recursive: true });
  // That of dist/ is as old as the executable, which does not depend on the Go files of tools/.
  const goFiles = execFileSync('git', ['ls-files', '*.go'], { cwd: root, encoding: 'utf8' }).trim().split('\n');
  const sum = (file: string) =>
    createHash('sha256')
      .update(readFileSync(path.join(root, file)))
      .digest('hex');
  writeFileSync(
    path.join(folder, 'go_plugin_build_manifest'),
    goFiles.map((file) => `${sum(file)}:${file}\n`).join('')
  );
  for (const part of ['src', '.config', 'package.json', 'Magefile.go', 'go.mod']) {
    cpSync(path.join(root, part), path.join(source, part), { recursive: true });
  }
  execFileSync('git', ['init', '--quiet', source]); // which has no Go files
});
after(() => rmSync(parent, { recursive: true, force: true }));

/** Only the executable for this machine is built for tests. */
const isLinux = executableName() === 'gpx_mesos_linux_amd64';
const expected = isLinux ? [] : ['backendbinary: there is no executable for linux/amd64'];

test('the rules find nothing in this plugin', () => {
  assert.deepEqual(violations({ folder, source: root }), expected);
});

/** What is planted: for a file of the plugin, or of the source (src/...), the text that it has then; undefined: it goes. */
type Planted = Record<string, string | Buffer | undefined>;
const metadata = JSON.parse(readFileSync(path.join(root, 'src', 'plugin.json'), 'utf8')) as { info: object };
const withMetadata = (changes: object, info: object = {}): Planted => {
  const filled = { version: '0.1.0', updated: '2026-01-01' };
  return { 'plugin.json': JSON.stringify({ ...metadata, ...changes, info: { ...metadata.info, ...filled, ...info } }) };
};

const planted: Array<[violation: string, planted: Planted]> = [
  ['metadata: plugin.json is missing or is no JSON', { 'plugin.json': '{' }],
  ['nestedmetadata: there is another plugin.json', { 'nested/plugin.json': '{}' }],
  ['archivename: the folder is not named like the plugin', withMetadata({ id: 'other-mesos-datasource' })],
  ['pluginname: the id is not org-name-type, or is the name', withMetadata({ id: 'mesos-datasource' })],
  ['typesuffix: the id does not end with its type', withMetadata({ type: 'panel' })],
  ['discoverability: description or keywords are empty', withMetadata({}, { keywords: [] })],
  ['metadatavalid: version or date of plugin.json are not filled in', withMetadata({}, { updated: '%TODAY%' })],
  ['metadatavalid: plugin.json includes x.json, which is missing', withMetadata({ includes: [{ path: 'x.json' }] })],
  [`metadatavalid: locales/fr-FR/${pluginId}.json is missing`, withMetadata({ languages: ['fr-FR'] })],
  ['logos: a logo is missing', withMetadata({}, { logos: { small: 'img/logo.svg' } })],
  ['screenshots: there is no screenshot', withMetadata({}, { screenshots: [] })],
  [
    'screenshots: img/x.png is no image of the type that its name says',
    { ...withMetadata({}, { screenshots: [{ name: 'x', path: 'img/x.png' }] }), 'img/x.png': 'JFIF' },
  ],
  ['metadatapaths: plugin.json names img/logo.svg, which is missing', { 'img/logo.svg': undefined }],
  ['safelinks: http://x is not https://', withMetadata({}, { links: [{ name: 'x', url: 'http://x' }] })],
  [
    'grafanadependency: grafanaDependency is not >=X.Y.Z',
    withMetadata({ dependencies: { grafanaDependency: '12.3.x' } }),
  ],
  ['backendbinary: the backend has no executable', withMetadata({ executable: 'gpx_other' })],
  ['backendbinary: there is no executable for linux/amd64', { [executableName()]: 'no executable' }],
  ['backenddebug: there is a file of a debugger', { 'standalone.txt': ':1234' }],
  ['readme: README.md is missing or empty', { 'README.md': ' \n' }],
  ['readme: README.md has comments', { 'README.md': '<!-- to do -->' }],
  ['templatereadme: README.md is the template', { 'README.md': '# Grafana Data Source Plugin Template' }],
  ['jargon: README.md has words for developers', { 'README.md': 'yarn install' }],
  [
    'brokenlinks: README.md has the relative link docs/guide.md, which leads nowhere in the catalogue',
    { 'README.md': '[guide](docs/guide.md) [top](#top) [web](https://example.com)' },
  ],
  ['changelog: CHANGELOG.md is missing or empty', { 'CHANGELOG.md': undefined }],
  ['license: LICENSE is not Apache 2.0', { LICENSE: 'All rights reserved' }],
  ['license: LICENSE has words of the template', { LICENSE: 'Apache License\n Version 2.0\nCopyright {yyyy}' }],
  ['modulejs: module.js is missing', { 'module.js': undefined }],
  [
    'trackingscripts: module.js names a host that measures visitors',
    { 'module.js': '"https://google-analytics.com/x"' },
  ],
  ['jsMap: module.js.map is missing', { 'module.js.map': undefined }],
  ['jsMap: module.js was built of another datasource.ts', { 'src/datasource.ts': '// changed' }],
  ['unsafesvg: img/x.svg may run code', { 'img/x.svg': '<svg onload="x()"/>' }],
  ['unsafesvg: img/y.svg may run code', { 'img/y.svg': '<svg><script>x()</script></svg>' }],
  ['manifest: module.js is not as signed', { 'MANIFEST.txt': '-----BEGIN\n{"files": {}}\n-----END' }],
  ['packagejson: package.json has another version', { 'source/package.json': '{"version": "9.9.9"}' }],
  [
    'legacybuilder: package.json uses grafana-toolkit',
    { 'source/package.json': '{"version": "0.1.0", "x": "grafana-toolkit"}' },
  ],
  ['buildtools: the configuration of create-plugin is missing', { 'source/.config/webpack/webpack.config.ts': '' }],
  ['buildtools: Magefile.go does not build with the SDK', { 'source/Magefile.go': 'package main' }],
  ['sdkusage: go.mod does not require the SDK, or replaces it', { 'source/go.mod': 'module x' }],
  ...(
    [
      ['console-logging', 'console.log(1)'],
      ['topnav-toggle', 'config.featureToggles.topnav'],
      ['window-properties', 'window.grafanaBootData'],
      ['access-old-react-internals', '__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED'],
      ['native-browser-dialogs', 'if (confirm("x")) {}'],
      ['window-open-without-noopener', 'window.open(url, "_blank")'],
      ['deprecated-gf-form-css-classes', '<div className="gf-form-inline">'],
      ['direct-window-location-access', 'window.location.href'],
      ['ts-ignore-suppress', '// @ts-ignore'],
      ['no-direct-css-imports', "import './x.css'"],
      ['no-api-ds-query-endpoint', "post('/api/ds/query')"],
      [
        'backend-datasource-should-not-implement-testdatasource',
        'class X extends DataSourceWithBackend<Q, O> implements Y { async testDatasource() {} }',
      ],
    ] as const
  ).map(([rule, text]): [string, Planted] => [`code-rules: src/planted.ts: ${rule}`, { 'src/planted.ts': text }]),
];

/** What the manifest of Go files says is of the whole repository, and is not planted. */
const ofGo = (violation: string) => violation.startsWith('go-manifest');

for (const [violation, changes] of planted) {
  test(violation, () => {
    const before = new Map<string, Buffer | undefined>();
    for (const [file, text] of Object.entries(changes)) {
      const full =
        file.startsWith('src') || file.startsWith('source')
          ? path.join(source, file.replace(/^source\//, ''))
          : path.join(folder, file);
      before.set(full, read(full));
      write(full, text);
    }
    try {
      const found = violations({ folder, source }).filter((line) => !ofGo(line));
      assert.ok(found.includes(violation), found.join('\n') || 'nothing was found');
    } finally {
      before.forEach((text, full) => write(full, text));
    }
  });
}

test('the build manifest names each Go file of the source, and no other', () => {
  const file = path.join(folder, 'go_plugin_build_manifest');
  const right = readFileSync(file, 'utf8');
  const [first] = right.split('\n');
  writeFileSync(file, `${right.replace(`${first}\n`, '')}00:node_modules/x.go\n`);
  try {
    assert.deepEqual(
      violations({ folder, source: root }).filter(ofGo),
      [`the manifest is of another ${first.split(':')[1]}`, 'the manifest has node_modules/x.go'].map(
        (text) => `go-manifest: ${text}`
      )
    );
  } finally {
    writeFileSync(file, right);
  }
});

test('each rule has something planted', () => {
  const names = new Set(planted.map(([violation]) => violation.split(':')[0]));
  assert.deepEqual(
    rules.map(({ name }) => name).filter((name) => !names.has(name) && name !== 'go-manifest'),
    []
  );
});

test('a zip has one folder, and executables that can be run', () => {
  const entry = (name: string, mode: number) => ({ name: `${pluginId}/${name}`, mode });
  assert.deepEqual(zipViolations([entry('gpx_mesos_linux_arm', 0o100755), entry('module.js', 0o100644)], pluginId), []);
  assert.deepEqual(
    zipViolations(
      [entry('gpx_mesos_linux_arm', 0o100644), entry('module.js', 0o100600), { name: 'x', mode: 0o644 }],
      pluginId
    ),
    [
      'archive: x is not in community-mesos-datasource/',
      `binarypermissions: ${pluginId}/gpx_mesos_linux_arm`,
      `binarypermissions: ${pluginId}/module.js`,
    ]
  );
});

function read(file: string): Buffer | undefined {
  try {
    return readFileSync(file);
  } catch {
    return undefined;
  }
}

function write(file: string, text: string | Buffer | undefined): void {
  if (text === undefined) {
    rmSync(file, { force: true });
    return;
  }
  mkdirSync(path.dirname(file), { recursive: true });
  writeFileSync(file, text);
}
