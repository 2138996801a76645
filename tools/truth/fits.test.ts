// The brute-force count of tasks that have room, against counts by hand.
import assert from 'node:assert/strict';
import { test } from 'node:test';

import type { AgentTruth, Figures, Truth } from '../simulator/live/truth.ts';
import { FITS_CHECKS, placedOn } from './fits.ts';

const MIB = 2 ** 20;

const figures = (cpus: number, mib: number, diskMib: number, gpus: number): Figures => ({
  ...{ cpus, memoryBytes: mib * MIB, diskBytes: diskMib * MIB, gpus, revocableCpus: 4 },
});

const agent = (name: string, rack: string, state = 'active'): AgentTruth => {
  const known: Partial<AgentTruth> = {
    ...{ agent: name, state, attributes: { rack, zone: 'a' } },
    capacity: figures(8, 8192, 30_000, 2),
    allocated: figures(5.6, 2048, 5000, 1),
    offered: figures(1.9, 1024, 0, 0),
  };
  return known as AgentTruth;
};

test('tasks are placed until one resource is used up', () => {
  const one = agent('a1', 'r1');
  assert.equal(placedOn(one, { cpus: 0.1 }), 5);
  assert.equal(placedOn(one, { cpus: 0.1, memory: 1024.001 }), 4);
  assert.equal(placedOn(one, { memory: 1024 }), 5);
  assert.equal(placedOn(one, { cpus: 0.05, disk: 12_500 }), 2);
  assert.equal(placedOn(one, { cpus: 0.1, gpus: 1 }), 1);
  assert.equal(placedOn(one, { cpus: 0.501 }), 0);
  assert.equal(placedOn({ ...one, offered: figures(3, 0, 0, 0) }, { cpus: 0.1 }), 0); // more is taken than there is
});

test('agents that are not active have no room, and no part in averages', () => {
  const agents = [agent('a1', 'r1'), agent('a2', 'r1', 'draining'), agent('a3', 'r2', 'deactivated')];
  const facts = (way: string) =>
    FITS_CHECKS.find(({ expr }) => expr === `fits: a tenth of a CPU, ${way}`)?.facts({ agents } as Truth);
  assert.deepEqual(facts('in all'), [[{}, 5]]);
  assert.deepEqual(facts('by rack'), [
    [{ attr_rack: 'r1' }, 5],
    [{ attr_rack: 'r2' }, 0],
  ]);
  assert.deepEqual(facts('in all, max'), [[{}, 5]]);
  assert.deepEqual(facts('in all, count'), [[{}, 1]]);
  assert.deepEqual(facts('by zone, avg'), [[{ attr_zone: 'a' }, 5]]);
});
