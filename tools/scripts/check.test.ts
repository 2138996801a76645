// The demo's check must fail when the graph is wrong, or there is none.
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { cpSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { test } from 'node:test';

import { startReplay } from '../simulator/replay.ts';
import { startWorkbench } from '../workbench/start.ts';
import { ensureBuilt, executableName, plugin, root } from './build.ts';
import { checkGraph, report } from './check.ts';
import { findChromium } from './chromium.ts';

const at = Date.UTC(2026, 0, 1);
const curve = (name: string, value: number) => ({ name, value, time: at });

test('equal numbers pass, whatever their order', () => {
  assert.equal(report([curve('b', 2), curve('a', 0.1 + 0.2)], { a: 0.3, b: 2 }, at), true);
});

test('another number, a missing or an additional framework, and nothing at all fail', () => {
  assert.equal(report([curve('a', 1.001)], { a: 1 }, at), false);
  assert.equal(report([curve('a', 1)], { a: 1, b: 0 }, at), false);
  assert.equal(report([curve('a', 1), curve('b', 0)], { a: 1 }, at), false);
  assert.equal(report([], {}, at), false);
});

test(
  'a backend that answers empty frames fails the check',
  { skip: findChromium() ? false : 'no Chromium' },
  async () => {
    ensureBuilt(plugin);
    const dir = mkdtempSync(path.join(os.tmpdir(), 'mesos-empty-backend-'));
    const replay = await startReplay({ dir: path.join(root, 'testdata', 'captures'), scene: '03-workload' });
    try {
      const dist = path.join(dir, 'dist');
      cpSync(path.join(root, 'dist'), dist, { recursive: true });
      const built = spawnSync(
        'go',
        ['build', '-o', path.join(dist, executableName()), './tools/scripts/empty-backend'],
        {
          cwd: root,
        }
      );
      assert.equal(built.status, 0, String(built.stderr));
      writeFileSync(
        path.join(dir, 'mesos.yaml'),
        `apiVersion: 1
datasources:
  - { name: Mesos, uid: mesos, type: community-mesos-datasource, jsonData: { masters: ["${replay.masters[0]}"] } }
`
      );
      const workbench = await startWorkbench({ provisioning: dir, port: 0, plugin: dist, log: () => undefined });
      try {
        await assert.rejects(checkGraph(workbench.url, replay, 8000), /showed no curve/);
      } finally {
        await workbench.stop();
      }
    } finally {
      await replay.stop();
      rmSync(dir, { recursive: true });
    }
  }
);
