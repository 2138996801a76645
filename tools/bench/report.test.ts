import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import path from 'node:path';
import { test } from 'node:test';

import { root } from '../scripts/build.ts';
import { BUDGET_PARTS } from './budgets.ts';
import { told } from './lines.ts';
import { PARTS as PEER_PARTS } from './peers.ts';
import { BUDGETS, type Page, PEERS, replaced, SCALE, tableOf } from './report.ts';
import { SCALE_PARTS } from './scale.ts';

test('a page has its own table, which the command replaces', () => {
  const page: Page = { page: 'x.md', options: '--x ' };
  const text =
    'before\n\n<!-- written by npm run bench -- --x --part y -->\n\nold\n\n<!-- end of what npm run bench -- --x --part y writes -->\n\nafter\n';
  const lines = ['machine', '', ...tableOf([told('a|b', '1', 'note')])];
  const written = replaced(text, page, 'y', lines);
  assert.equal(
    written,
    'before\n\n<!-- written by npm run bench -- --x --part y -->\n\nmachine\n\n| what | measured | budget | |\n| --- | --- | --- | --- |\n' +
      '| a\\|b (note) | 1 |  |  |\n\n<!-- end of what npm run bench -- --x --part y writes -->\n\nafter\n'
  );
  assert.equal(replaced(written, page, 'y', lines), written);
  assert.throws(() => replaced('no place', page, 'y', []), /docs\/x\.md lacks the lines/);
});

test('every part has the place of its table', () => {
  for (const [page, parts] of [
    [BUDGETS, BUDGET_PARTS],
    [SCALE, SCALE_PARTS],
    [PEERS, PEER_PARTS],
  ] as const) {
    const text = readFileSync(path.join(root, 'docs', page.page), 'utf8');
    for (const part of Object.keys(parts)) {
      assert.match(replaced(text, page, part, ['the table']), /\nthe table\n/);
    }
  }
});
