// The tutorial in docs/ has the steps of its test, in their order.
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';
import assert from 'node:assert/strict';

import { root } from './build.ts';

test('docs/tutorial.md has the steps that tests/e2e/tutorial.spec.ts clicks', () => {
  const spec = readFileSync(path.join(root, 'tests', 'e2e', 'tutorial.spec.ts'), 'utf8');
  const page = readFileSync(path.join(root, 'docs', 'tutorial.md'), 'utf8');
  const clicked = [...spec.matchAll(/await step\('(.+)', async/g)].map(([, title], at) => `${at + 1}. ${title}`);
  const told = [...page.matchAll(/^## (\d+\. .+)$/gm)].map(([, title]) => title);
  assert.ok(clicked.length > 5);
  assert.deepEqual(told, clicked);
});
