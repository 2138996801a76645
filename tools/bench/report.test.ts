import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../scripts/build.ts';
import { told } from './lines.ts';
import { BUDGETS, type Page, replaced, SCALE, tableOf } from './report.ts';

test('a page has its own table, which the command replaces', () => {
  const page: Page = { page: 'x.md', command: 'npm run x' };
  const text = 'before\n\n<!-- written by npm run x -->\n\nold\n\n<!-- end of what npm run x writes -->\n\nafter\n';
  const lines = ['machine', '', ...tableOf([told('a|b', '1', 'note')])];
  const written = replaced(text, page, lines);
  assert.equal(
    written,
    'before\n\n<!-- written by npm run x -->\n\nmachine\n\n| what | measured | budget | |\n| --- | --- | --- | --- |\n' +
      '| a\\|b (note) | 1 |  |  |\n\n<!-- end of what npm run x writes -->\n\nafter\n'
  );
  assert.equal(replaced(written, page, lines), written);
  assert.throws(() => replaced('no place', page, []), /docs\/x\.md lacks the lines/);
});

test('both pages have the place of their table', () => {
  for (const page of [BUDGETS, SCALE]) {
    const text = readFileSync(path.join(root, 'docs', page.page), 'utf8');
    assert.match(replaced(text, page, ['the table']), /\nthe table\n/);
  }
});
