import assert from 'node:assert/strict';
import { test, type TestContext } from 'node:test';

import { ensureBuilt } from '../../scripts/build.ts';
import { benchArtifact } from '../processes.ts';
import { costs } from './costs.ts';
import { findPeers } from './find.ts';
import { load } from './load.ts';
import { panels } from './panels.ts';
import { cellText, type Row, type Tool, TOOLS } from './rows.ts';

const { peers, lines } = findPeers();
const here: Record<Tool, boolean> = {
  ours: true,
  exporter: peers.exporter !== undefined && peers.prometheus !== undefined,
  infinity: peers.infinity !== undefined,
};

function onLinux(t: TestContext): boolean {
  lines.filter(({ verdict }) => verdict === 'skipped').forEach(({ name, note }) => t.diagnostic(`${name}: ${note}`));
  if (process.platform !== 'linux') {
    t.skip('CPU and memory are read from /proc, which only Linux has');
    return false;
  }
  ensureBuilt([benchArtifact]);
  return true;
}

/** Each tool that is here has a number or a reason, and the others have none. */
function checkRows(rows: Row[], numbers: Tool[]): void {
  for (const row of rows) {
    for (const tool of Object.keys(TOOLS) as Tool[]) {
      const cell = row.cells[tool];
      if (!here[tool] && typeof cell !== 'string') {
        assert.equal(cellText(row, tool), 'skipped', `${row.what}, ${tool}`);
      } else if (numbers.includes(tool) && typeof cell !== 'string') {
        assert.ok(typeof cell === 'number' && cell >= 0, `${row.what}, ${tool}: ${cell}`);
      }
    }
  }
}

test('what a poll costs is measured of all tools that are here', async (t) => {
  if (!onLinux(t)) {
    return;
  }
  const rows = await costs('small', peers, 2);
  checkRows(rows, ['ours', 'exporter', 'infinity']);
  assert.match(rows[0].note ?? '', /^this plugin: [\d,]+ series/);
  const [, memory, bytes] = rows;
  assert.ok((memory.cells.ours as number) > 20e6, 'memory is that of the process');
  assert.ok((bytes.cells.ours as number) > 50e3, 'the master counts what it sends');
});

test('panels over a day are asked of histories that are filled with the same cluster', async (t) => {
  if (!onLinux(t)) {
    return;
  }
  const rows = await panels(peers, { days: 1, step: 1200 });
  checkRows(rows, ['ours', 'exporter']);
  const byAgent = rows.find(({ what }) => what.includes('CPUs in use by agent')) as Row;
  assert.match(byAgent.what, /over 24 h, .*, 100 series/);
  assert.equal(byAgent.cells.infinity, 'has no history');
  if (here.exporter) {
    assert.match(byAgent.note ?? '', / 100 % of \d+ points agree/);
  }
});

test('the load on a master is counted by the master', async (t) => {
  if (!onLinux(t)) {
    return;
  }
  const rows = await load({ infinity: peers.infinity }, { viewers: [1], lasts: 2 });
  checkRows(rows, ['ours']);
  assert.equal(rows.length, 3);
  assert.equal(cellText(rows[0], 'exporter'), 'skipped');
});
