// Figures of a host that vary from poll to poll stay possible: the plugin leaves out others and says so on every panel.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import { makeWorld } from './history.ts';
import { DEFAULTS } from './plan.ts';
import { snapshotOf } from './snapshot.ts';
import { START } from './testing.ts';

test('a master’s host never has more memory free than it has', () => {
  const world = makeWorld({ ...DEFAULTS, start: START }, []);
  for (let poll = 0; poll < 100; poll++, world.now++) {
    for (const master of world.masters) {
      const values = snapshotOf(world, master);
      const [free, total] = [values['system/mem_free_bytes'], values['system/mem_total_bytes']];
      assert.ok(free > 0 && free <= total, `${free} of ${total}`);
    }
  }
});
