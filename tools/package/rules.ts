// The rules of Grafana's plugin validator that need no network, written anew: what it would refuse, `npm run package`
// refuses. The names are those of its analyzers. The rules for Go code are in coderules/.
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';

import { filesIn, isExecutable } from './archive.ts';

/** A plugin as Grafana installs it, and the source that it was built from. */
export interface Checked {
  /** The folder with plugin.json. */
  folder: string;
  /** The repository. */
  source: string;
}

interface Metadata {
  type?: string;
  id?: string;
  name?: string;
  backend?: boolean;
  alerting?: boolean;
  executable?: string;
  includes?: Array<{ type: string; path?: string }>;
  languages?: string[];
  info?: {
    description?: string;
    version?: string;
    updated?: string;
    keywords?: string[];
    logos?: { small?: string; large?: string };
    links?: Array<{ name: string; url: string }>;
    screenshots?: Array<{ name: string; path: string }>;
  };
  dependencies?: { grafanaDependency?: string };
}

interface Rule {
  /** The analyzer of the validator. */
  name: string;
  /** Returns what is wrong, a sentence each. */
  check: (plugin: Plugin) => string[];
}

/** What the rules read. */
class Plugin {
  readonly folder: string;
  readonly source: string;
  readonly files: string[];

  constructor({ folder, source }: Checked) {
    this.folder = folder;
    this.source = source;
    this.files = filesIn(folder);
  }

  get metadata(): Metadata {
    const text = this.text('plugin.json');
    try {
      return JSON.parse(text) as Metadata;
    } catch {
      return {};
    }
  }

  get info(): NonNullable<Metadata['info']> {
    return this.metadata.info ?? {};
  }

  bytes(file: string): Buffer {
    const full = path.join(this.folder, file);
    return existsSync(full) && statSync(full).isFile() ? readFileSync(full) : Buffer.alloc(0);
  }

  text(file: string): string {
    return this.bytes(file).toString('utf8');
  }

  /** The text of a file of the source; empty where there is none. */
  sourceText(file: string): string {
    const full = path.join(this.source, file);
    return existsSync(full) ? readFileSync(full, 'utf8') : '';
  }
}

/** A rule that a plugin violates when a condition holds. */
const when = (name: string, sentence: string, wrong: (plugin: Plugin) => boolean): Rule => ({
  name,
  check: (plugin) => (wrong(plugin) ? [sentence] : []),
});

/** A rule of which each item that is found is one violation. */
const each = (name: string, find: (plugin: Plugin) => string[]): Rule => ({ name, check: find });

const images: Record<string, (bytes: Buffer) => boolean> = {
  '.png': (bytes) => bytes.subarray(0, 8).equals(Buffer.from('\x89PNG\r\n\x1a\n', 'latin1')),
  '.jpg': (bytes) => bytes.subarray(0, 3).equals(Buffer.from('\xff\xd8\xff', 'latin1')),
  '.gif': (bytes) => bytes.subarray(0, 4).toString('latin1') === 'GIF8',
  '.svg': (bytes) => bytes.subarray(0, 512).includes('<svg'),
};

const readmeLinks = /\[.+?\]\((\S+?)(?:\s.*?)?\)/g;

/** Elements of SVG that run code or embed other documents. */
const unsafeElement = /<(script|iframe|foreignObject|audio|math|noscript|template|noembed|noframes|xmp|plaintext)\b/i;

/** Hosts that measure visitors. */
const trackers =
  /https?:\/\/[^\s"'`]*(google-analytics|googletagmanager|hotjar|mixpanel|segment\.(io|com)|matomo|plausible)/;

const executables = (plugin: Plugin) => {
  const { executable } = plugin.metadata;
  return executable ? plugin.files.filter((file) => file.startsWith(executable)) : [];
};

/** The patterns of the validator's rules for the frontend (code-rules), in what is shipped of src/. */
const frontend: Array<[rule: string, pattern: RegExp]> = [
  [
    'console-logging',
    /\bconsole\.(log|info|table|clear|count|countReset|dir|dirxml|group|groupEnd|time|timeEnd|timeLog|trace)\(/,
  ],
  ['topnav-toggle', /featureToggles\.topnav/],
  ['window-properties', /window\.(grafanaBootData|grafanaRuntime|__grafanaSceneContext)/],
  ['access-old-react-internals', /__SECRET_INTERNALS_DO_NOT_USE_OR_YOU_WILL_BE_FIRED/],
  ['native-browser-dialogs', /(?<![\w.])(window\.)?(alert|confirm|prompt)\(/],
  ['window-open-without-noopener', /window\.open\((?![^)]*noopener)/],
  ['deprecated-gf-form-css-classes', /gf-form/],
  ['direct-window-location-access', /window\.location\.(search|href)/],
  ['ts-ignore-suppress', /@ts-(ignore|expect-error)/],
  ['no-direct-css-imports', /import\s+['"].*\.(css|scss|less)['"]|<Global\b/],
  ['no-api-ds-query-endpoint', /\/api\/ds\/query/],
  [
    'backend-datasource-should-not-implement-testdatasource',
    /extends\s+DataSourceWithBackend[^]*?\btestDatasource\s*\(/,
  ],
];

const isTest = (file: string) => /\.(test|spec)\.tsx?$/.test(file) || file.startsWith('testing/');

/** The sources that a source map holds of src/, by their path below it. */
function mappedSources(plugin: Plugin): Map<string, string> {
  const map = JSON.parse(plugin.text('module.js.map') || '{}') as { sources?: string[]; sourcesContent?: string[] };
  const found = new Map<string, string>();
  for (const [at, name] of (map.sources ?? []).entries()) {
    const [, file] = /^webpack:\/\/[^/]*\/\.\/(.*\.tsx?)$/.exec(name) ?? [];
    if (file !== undefined && !file.includes('node_modules')) {
      found.set(file, map.sourcesContent?.[at] ?? '');
    }
  }
  return found;
}

function manifestOf(plugin: Plugin): Map<string, string> {
  const lines = plugin.text('go_plugin_build_manifest').split('\n').filter(Boolean);
  return new Map(lines.map((line) => [line.slice(line.indexOf(':') + 1), line.slice(0, line.indexOf(':'))]));
}

/** The Go files that git knows. */
function goFiles(source: string): string[] {
  return execFileSync('git', ['ls-files', '*.go'], { cwd: source, encoding: 'utf8' }).split('\n').filter(Boolean);
}

export const rules: Rule[] = [
  when('metadata', 'plugin.json is missing or is no JSON', (plugin) => plugin.metadata.id === undefined),
  when('nestedmetadata', 'there is another plugin.json', ({ files }) =>
    files.some((file) => file.endsWith('/plugin.json'))
  ),
  when(
    'archivename',
    'the folder is not named like the plugin',
    ({ folder, metadata }) => path.basename(folder) !== metadata.id
  ),
  when(
    'pluginname',
    'the id is not org-name-type, or is the name',
    ({ metadata: { id = '', name } }) => id.split('-').length < 3 || id === name
  ),
  when(
    'typesuffix',
    'the id does not end with its type',
    ({ metadata: { id = '', type } }) => !id.endsWith(`-${type}`)
  ),
  when(
    'discoverability',
    'description or keywords are empty',
    ({ info }) => !info.description || !info.keywords?.length
  ),
  when(
    'metadatavalid',
    'version or date of plugin.json are not filled in',
    ({ info: { version = '', updated = '' } }) => !/^\d+\.\d+\.\d+/.test(version) || !/^\d{4}-\d\d-\d\d$/.test(updated)
  ),
  each('metadatavalid', ({ metadata, files }) =>
    (metadata.includes ?? [])
      .filter((include) => include.path !== undefined && !files.includes(include.path))
      .map((include) => `plugin.json includes ${include.path}, which is missing`)
  ),
  each('metadatavalid', ({ metadata, files }) =>
    (metadata.languages ?? [])
      .map((language) => `locales/${language}/${metadata.id}.json`)
      .filter((file) => !files.includes(file))
      .map((file) => `${file} is missing`)
  ),
  when('logos', 'a logo is missing', ({ info }) => !info.logos?.small || !info.logos.large),
  when('screenshots', 'there is no screenshot', ({ info }) => !info.screenshots?.length),
  each('screenshots', (plugin) =>
    (plugin.info.screenshots ?? [])
      .filter(({ path: file }) => !images[path.extname(file)]?.(plugin.bytes(file)))
      .map(({ path: file }) => `${file} is no image of the type that its name says`)
  ),
  each('metadatapaths', ({ info, files }) =>
    [info.logos?.small, info.logos?.large, ...(info.screenshots ?? []).map((shot) => shot.path)]
      .filter((file): file is string => file !== undefined && !files.includes(file))
      .map((file) => `plugin.json names ${file}, which is missing`)
  ),
  each('safelinks', ({ info }) =>
    (info.links ?? []).filter(({ url }) => !url.startsWith('https://')).map(({ url }) => `${url} is not https://`)
  ),
  // The validator takes any range, and warns of one that allows a single minor version only.
  when(
    'grafanadependency',
    'grafanaDependency is not >=X.Y.Z',
    ({ metadata: { dependencies } }) => !/^>=\d+\.\d+\.\d+(-\d+)?$/.test(dependencies?.grafanaDependency ?? '')
  ),
  when('backendbinary', 'the backend has no executable', (plugin) => {
    const { backend, alerting, executable } = plugin.metadata;
    return backend ? !executable || executables(plugin).length === 0 : !!alerting || !!executable;
  }),
  when(
    'backendbinary',
    'there is no executable for linux/amd64',
    (plugin) => !executables(plugin).some((file) => platformOf(path.join(plugin.folder, file)) === 'linux/amd64')
  ),
  when('backenddebug', 'there is a file of a debugger', ({ files }) =>
    files.some((file) => ['standalone.txt', 'pid.txt'].includes(path.posix.basename(file)))
  ),
  when('readme', 'README.md is missing or empty', (plugin) => plugin.text('README.md').trim() === ''),
  when('readme', 'README.md has comments', (plugin) => plugin.text('README.md').includes('<!--')),
  when('templatereadme', 'README.md is the template', (plugin) =>
    /Grafana .* Plugin Template/i.test(plugin.text('README.md'))
  ),
  when('jargon', 'README.md has words for developers', (plugin) => /yarn|nodejs/.test(plugin.text('README.md'))),
  each('brokenlinks', (plugin) =>
    [...plugin.text('README.md').matchAll(readmeLinks)]
      .map(([, link]) => link)
      .filter((link) => !/^(https?:\/\/|#|mailto:)/.test(link))
      .map((link) => `README.md has the relative link ${link}, which leads nowhere in the catalogue`)
  ),
  when('changelog', 'CHANGELOG.md is missing or empty', (plugin) => plugin.text('CHANGELOG.md').trim() === ''),
  when(
    'license',
    'LICENSE is not Apache 2.0',
    (plugin) => !/Apache License\s+Version 2\.0/.test(plugin.text('LICENSE'))
  ),
  when('license', 'LICENSE has words of the template', (plugin) => /\{yyyy\}|\{name of/.test(plugin.text('LICENSE'))),
  when('modulejs', 'module.js is missing', ({ files }) => !files.includes('module.js')),
  when('trackingscripts', 'module.js names a host that measures visitors', (plugin) =>
    plugin.files.some((file) => file.endsWith('.js') && trackers.test(plugin.text(file)))
  ),
  when('jsMap', 'module.js.map is missing', (plugin) => mappedSources(plugin).size === 0),
  each('jsMap', (plugin) =>
    [...mappedSources(plugin)]
      .filter(([file, text]) => plugin.sourceText(path.join('src', file)) !== text)
      .map(([file]) => `module.js was built of another ${file}`)
  ),
  each('unsafesvg', (plugin) =>
    plugin.files
      .filter((file) => file.endsWith('.svg'))
      .filter((file) => unsafeElement.test(plugin.text(file)) || /\son\w+\s*=/i.test(plugin.text(file)))
      .map((file) => `${file} may run code`)
  ),
  when('go-manifest', 'the build manifest is missing', (plugin) => manifestOf(plugin).size === 0),
  each('go-manifest', (plugin) => {
    const [manifest, files] = [manifestOf(plugin), goFiles(plugin.source)];
    const sum = (file: string) => createHash('sha256').update(plugin.sourceText(file)).digest('hex');
    return [
      ...files.filter((file) => manifest.get(file) !== sum(file)).map((file) => `the manifest is of another ${file}`),
      ...[...manifest.keys()].filter((file) => !files.includes(file)).map((file) => `the manifest has ${file}`),
    ];
  }),
  each('manifest', (plugin) => {
    const signed = plugin.text('MANIFEST.txt');
    const { files } = JSON.parse(signed ? signed.slice(signed.indexOf('{'), signed.lastIndexOf('}') + 1) : '{}') as {
      files?: Record<string, string>;
    };
    const sum = (file: string) => createHash('sha256').update(plugin.bytes(file)).digest('hex');
    return signed
      ? plugin.files
          .filter((file) => file !== 'MANIFEST.txt' && files?.[file] !== sum(file))
          .map((file) => `${file} is not as signed`)
      : [];
  }),
  when('packagejson', 'package.json has another version', (plugin) => {
    const { version } = JSON.parse(plugin.sourceText('package.json') || '{}') as { version?: string };
    return version !== plugin.info.version;
  }),
  when('legacybuilder', 'package.json uses grafana-toolkit', (plugin) =>
    plugin.sourceText('package.json').includes('grafana-toolkit')
  ),
  when(
    'buildtools',
    'the configuration of create-plugin is missing',
    (plugin) => !plugin.sourceText('.config/webpack/webpack.config.ts').includes('@grafana/create-plugin')
  ),
  when(
    'buildtools',
    'Magefile.go does not build with the SDK',
    (plugin) => !plugin.sourceText('Magefile.go').includes('grafana-plugin-sdk-go/build')
  ),
  when('sdkusage', 'go.mod does not require the SDK, or replaces it', (plugin) => {
    const [required, ...replaced] = plugin.sourceText('go.mod').match(/^.*grafana-plugin-sdk-go .*$/gm) ?? [];
    return required === undefined || replaced.length > 0;
  }),
  each('code-rules', ({ source }) => {
    const src = path.join(source, 'src');
    return filesIn(src)
      .filter((file) => /\.tsx?$/.test(file) && !isTest(file))
      .flatMap((file) => {
        const text = readFileSync(path.join(src, file), 'utf8');
        return frontend.filter(([, pattern]) => pattern.test(text)).map(([rule]) => `src/${file}: ${rule}`);
      });
  }),
];

/** The platform that an executable is for, such as linux/amd64, as Go wrote it there; undefined for anything else. */
export function platformOf(file: string): string | undefined {
  try {
    const info = execFileSync('go', ['version', '-m', file], { encoding: 'utf8', stdio: ['ignore', 'pipe', 'ignore'] });
    const setting = (name: string) => new RegExp(`\t${name}=(.*)`).exec(info)?.[1];
    return setting('GOOS') && `${setting('GOOS')}/${setting('GOARCH')}`;
  } catch {
    return undefined;
  }
}

/** Returns what the rules find wrong, a line each. */
export function violations(checked: Checked): string[] {
  const plugin = new Plugin(checked);
  return rules.flatMap(({ name, check }) => check(plugin).map((sentence) => `${name}: ${sentence}`));
}

/** Returns what is wrong with the entries of a zip: one folder, executables that can be run, files that can be read. */
export function zipViolations(entries: Array<{ name: string; mode: number }>, id: string): string[] {
  const wrong = (name: string, mode: number) =>
    isExecutable(name) ? (mode & 0o777) !== 0o755 : (mode & 0o444) !== 0o444;
  return [
    ...entries.filter(({ name }) => !name.startsWith(`${id}/`)).map(({ name }) => `archive: ${name} is not in ${id}/`),
    ...entries.filter(({ name, mode }) => wrong(name, mode)).map(({ name }) => `binarypermissions: ${name}`),
  ];
}
