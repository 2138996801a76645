// What the workflows say agrees with the rest of the repository: one Node, one Go, actions pinned by commit, commands that
// exist, and Renovate finds what it is to update.
import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { parse } from 'yaml';

import { root } from '../scripts/build.ts';

const read = (...parts: string[]) => readFileSync(path.join(root, ...parts), 'utf8');
const json = (...parts: string[]) => JSON.parse(read(...parts)) as Record<string, never>;

interface Step {
  uses?: string;
  run?: string;
  if?: string;
  with?: Record<string, string | number | boolean>;
  env?: Record<string, string>;
}
interface Job {
  'timeout-minutes'?: number;
  permissions?: Record<string, string>;
  strategy?: { matrix: { grafana: string[] } };
  steps: Step[];
}
interface Workflow {
  permissions?: Record<string, string>;
  jobs: Record<string, Job>;
}

const folder = path.join('.github', 'workflows');
const names = readdirSync(path.join(root, folder));
const workflows = new Map(names.map((name) => [name, parse(read(folder, name)) as Workflow]));
const jobs = [...workflows].flatMap(([name, { jobs }]) =>
  Object.entries(jobs).map(([job, content]) => ({ ...content, name: `${name}: ${job}` }))
);
const steps = jobs.flatMap((job) => job.steps);

test('each action is pinned by the commit of a version, which stands behind it, and is the same everywhere', () => {
  const pinned = new Map<string, string>();
  for (const name of names) {
    for (const [, action, rest] of read(folder, name).matchAll(/uses: ([^@\s]+)(.*)/g)) {
      assert.match(rest, /^@[0-9a-f]{40} # v\d+\.\d+\.\d+$/, `${name}: ${action}`);
      assert.equal(pinned.get(action) ?? rest, rest, `${action} in two versions`);
      pinned.set(action, rest);
    }
  }
  assert.ok(pinned.size >= 5);
});

test('each job has a limit of time, no more rights than it needs, and leaves no credentials behind', () => {
  for (const [name, { permissions }] of workflows) {
    assert.deepEqual(permissions, { contents: 'read' }, name);
  }
  const writing = jobs.filter(({ permissions }) => permissions !== undefined).map(({ name }) => name);
  assert.deepEqual(writing, ['release.yml: release']);
  for (const job of jobs) {
    assert.ok(job['timeout-minutes'], job.name);
    const checkout = job.steps.find(({ uses }) => uses?.startsWith('actions/checkout@'));
    assert.equal(checkout?.with?.['persist-credentials'], false, job.name);
  }
});

test('there is one version of Node', () => {
  const version = read('.nvmrc').trim();
  assert.match(version, /^\d+$/);
  for (const job of jobs) {
    const setup = job.steps.find(({ uses }) => uses?.startsWith('actions/setup-node@'));
    assert.equal(setup?.with?.['node-version-file'], '.nvmrc', job.name);
    assert.equal(setup?.with?.['node-version'], undefined, job.name);
  }
  const installed = { ...json('package.json'), ...json('tools', 'package.json') } as unknown as {
    devDependencies: Record<string, string>;
  };
  assert.equal(installed.devDependencies.node, `^${version}.0.0`, 'the package that npm scripts run with');
  for (const file of ['package.json', path.join('tools', 'package.json')]) {
    const { devDependencies } = json(file) as unknown as typeof installed;
    assert.equal(devDependencies['@types/node'], `^${version}.0.0`, file);
  }
  const [, image] = /^FROM node:(\d+)-/m.exec(read('tools', 'compose', 'Dockerfile')) ?? [];
  assert.equal(image, version, 'tools/compose/Dockerfile');
});

test('there is one version of Go', () => {
  const [, version] = /^go (\d+\.\d+)/m.exec(read('go.mod')) ?? [];
  for (const job of jobs) {
    const setup = job.steps.find(({ uses }) => uses?.startsWith('actions/setup-go@'));
    assert.equal(setup?.with?.['go-version-file'], 'go.mod', job.name);
  }
  const [, image] = /^FROM golang:([\d.]+)-/m.exec(read('tools', 'compose', 'Dockerfile')) ?? [];
  assert.equal(image, version, 'tools/compose/Dockerfile');
});

test('what the workflows run is there', () => {
  const { scripts } = json('package.json') as unknown as { scripts: Record<string, string> };
  const commands = steps.flatMap(({ run = '' }) => run.split('\n')).join('\n');
  const run = [...commands.matchAll(/npm run (\S+)/g)].map(([, script]) => script);
  assert.deepEqual(
    run.filter((script) => !(script in scripts)),
    []
  );
  const files = [...commands.matchAll(/(?:node |PWD\/)(\S+?\.(?:ts|yaml))/g), ...commands.matchAll(/^(\.ci\/\S+)$/gm)];
  assert.ok(files.length >= 4);
  for (const [, file] of files) {
    assert.ok(existsSync(path.join(root, file)), file);
  }
  // No text of a pull request becomes part of a command.
  assert.ok(!commands.includes('${{'));
});

test('npm has the scripts that authors of plugins expect', () => {
  const { scripts } = json('package.json') as unknown as { scripts: Record<string, string> };
  for (const script of ['build', 'dev', 'test', 'test:ci', 'typecheck', 'lint', 'lint:fix', 'e2e', 'server', 'sign']) {
    assert.ok(scripts[script], script);
  }
  assert.equal(scripts.server, 'docker compose up --build');
  assert.match(scripts.sign, /@grafana\/sign-plugin@\d+\.\d+\.\d+$/);
});

test('e2e runs in the oldest Grafana that plugin.json allows, in the one the plugin is built with, and in a newer one', () => {
  const versions = jobs.find(({ name }) => name === 'ci.yml: e2e')?.strategy?.matrix.grafana.map(String) ?? [];
  const minor = (version: string) =>
    version
      .replace(/^[^\d]*/, '')
      .split('.')
      .slice(0, 2)
      .join('.');
  const { dependencies } = json('src', 'plugin.json') as unknown as { dependencies: { grafanaDependency: string } };
  const npm = json('package.json') as unknown as { dependencies: Record<string, string> };
  assert.equal(minor(versions[0]), minor(dependencies.grafanaDependency));
  assert.equal(minor(versions[1]), minor(npm.dependencies['@grafana/data']));
  assert.ok(Number(versions[2].split('.')[0]) > Number(versions[1].split('.')[0]));
});

test('a release is signed where the secret is set, attested, and a draft', () => {
  const { steps } = workflows.get('release.yml')!.jobs.release;
  const packaged = steps.find(({ run }) => run === 'npm run package');
  assert.equal(packaged?.env?.GRAFANA_ACCESS_POLICY_TOKEN, '${{ secrets.GRAFANA_ACCESS_POLICY_TOKEN }}');
  assert.equal(packaged?.if, undefined);
  const attested = steps.find(({ uses }) => uses?.startsWith('actions/attest-build-provenance@'));
  assert.equal(attested?.with?.['subject-path'], '*.zip');
  const order = steps.map(({ run = '', uses = '' }) => run + uses);
  const at = (part: string) => order.findIndex((text) => text.includes(part));
  assert.ok(at('release.ts') < at('npm run package'));
  assert.ok(at('npm run package') < at('plugin-validator-cli') && at('plugin-validator-cli') < at('attest-build'));
  assert.ok(at('attest-build') < at('gh release create'));
  assert.match(order.at(-1) ?? '', /--draft .*\*\.zip \.\/\*\.zip\.sha1 \.\/\*\.zip\.sha256/);
});

test('Renovate finds the Grafana of each entry of the matrix', () => {
  const { customManagers } = json('renovate.json') as unknown as {
    customManagers: Array<{ managerFilePatterns: string[]; matchStrings: string[] }>;
  };
  const [{ managerFilePatterns, matchStrings }] = customManagers;
  const file = '.github/workflows/ci.yml';
  assert.ok(managerFilePatterns.some((pattern) => new RegExp(pattern.slice(1, -1)).test(file)));
  const found = [...read(file).matchAll(new RegExp(matchStrings[0], 'g'))].map(({ groups }) => groups?.currentValue);
  assert.deepEqual(found, jobs.find(({ name }) => name === 'ci.yml: e2e')?.strategy?.matrix.grafana);
});
