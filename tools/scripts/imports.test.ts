// Imports across the repository: no module imports itself by way of others, and each package that is imported is declared in
// the package.json beside or above the file.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import path from 'node:path';
import { test } from 'node:test';

import ts from 'typescript';

import { root } from './build.ts';

const files = spawnSync('git', ['ls-files', '*.ts', '*.tsx', '*.mjs'], { cwd: root, encoding: 'utf8' })
  .stdout.split('\n')
  .filter((file) => file !== '' && existsSync(path.join(root, file)) && !file.startsWith('.config/'));
const known = new Set(files);

/** file -> the modules it imports, as they are spelled there. */
const imports = new Map(
  files.map((file) => {
    const { importedFiles } = ts.preProcessFile(readFileSync(path.join(root, file), 'utf8'), true, true);
    return [file, importedFiles.map(({ fileName }) => fileName)];
  })
);

/** The file of this repository that a relative import means; undefined for others, such as images and JSON. */
function resolve(from: string, module: string): string | undefined {
  const target = path.posix.join(path.posix.dirname(from), module);
  const candidates = [target, `${target}.ts`, `${target}.tsx`, `${target}/index.ts`, `${target}/index.tsx`];
  return candidates.find((candidate) => known.has(candidate));
}

/** Tarjan's strongly connected components with more than one file. */
function circles(): string[][] {
  const found: string[][] = [];
  const order = new Map<string, number>();
  const lowest = new Map<string, number>();
  const stack: string[] = [];
  const visit = (file: string) => {
    order.set(file, order.size);
    lowest.set(file, order.get(file)!);
    stack.push(file);
    for (const module of imports.get(file) ?? []) {
      const next = module.startsWith('.') ? resolve(file, module) : undefined;
      if (next !== undefined && !order.has(next)) {
        visit(next);
      }
      if (next !== undefined && stack.includes(next)) {
        lowest.set(file, Math.min(lowest.get(file)!, lowest.get(next)!));
      }
    }
    if (lowest.get(file) === order.get(file)) {
      const circle = stack.splice(stack.indexOf(file));
      if (circle.length > 1) {
        found.push(circle.sort());
      }
    }
  };
  files.filter((file) => !order.has(file)).forEach(visit);
  return found;
}

test('no import circles', () => assert.deepEqual(circles(), []));

test('every imported package is declared in the package.json of its folder', () => {
  const builtin = new Set(builtinModules);
  const declared = (folder: string) => {
    const manifest = JSON.parse(readFileSync(path.join(root, folder, 'package.json'), 'utf8')) as Record<
      string,
      object
    >;
    return new Set(Object.keys({ ...manifest.dependencies, ...manifest.devDependencies }));
  };
  const packages = { tools: declared('tools'), '': declared('') };
  const missing = new Set<string>();
  for (const [file, modules] of imports) {
    const folder = file.startsWith('tools/') ? 'tools' : '';
    for (const module of modules.filter((name) => !/^(\.|node:)/.test(name) && !builtin.has(name))) {
      const name = module.split('/', module.startsWith('@') ? 2 : 1).join('/');
      if (!packages[folder].has(name)) {
        missing.add(`${name}: imported by ${file}, not declared in ${path.posix.join(folder, 'package.json')}`);
      }
    }
  }
  assert.deepEqual([...missing], []);
});
