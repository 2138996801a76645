// The tutorial in docs/ has the steps of its test, in their order, and a small
// picture of each.
import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';

import { root } from './build.ts';

const docs = path.join(root, 'docs');
const page = readFileSync(path.join(docs, 'tutorial.md'), 'utf8');
const steps = [...page.matchAll(/^## (\d+\. .+)$/gm)].map(([, title]) => title);

test('docs/tutorial.md has the steps that tests/e2e/tutorial.spec.ts clicks', () => {
  const spec = readFileSync(path.join(root, 'tests', 'e2e', 'tutorial.spec.ts'), 'utf8');
  const clicked = [...spec.matchAll(/await step\('(.+)', async/g)].map(([, title], at) => `${at + 1}. ${title}`);
  assert.ok(clicked.length > 5);
  assert.deepEqual(steps, clicked);
});

test('docs/tutorial.md shows a picture of each step, and docs/img/tutorial has no other', () => {
  const shown = [...page.matchAll(/^!\[.+\]\((.+)\)$/gm)].map(([, file]) => file);
  assert.deepEqual(
    shown,
    steps.map((_step, at) => `img/tutorial/${at + 1}.png`)
  );
  const folder = path.join(docs, 'img', 'tutorial');
  assert.deepEqual(readdirSync(folder).sort(), shown.map((file) => path.basename(file)).sort());
  for (const file of shown) {
    const png = readFileSync(path.join(docs, file));
    assert.equal(png.toString('latin1', 1, 4), 'PNG', file);
    assert.ok(png.readUInt32BE(16) <= 1280, `${file} is wider than 1,280 pixels`);
    assert.ok(png.length < 80_000, `${file} has ${png.length} bytes`);
  }
});
