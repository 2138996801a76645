import assert from 'node:assert/strict';
import { test } from 'node:test';

import { atMost, megabytes, rounded, skipped, told, written } from './lines.ts';

test('a line says name, value, budget and whether it is kept', () => {
  assert.equal(written(atMost('memory', 99.94e6, 100e6, megabytes)), 'memory: 99.9 MB, < 100 MB, ok');
  assert.equal(written(atMost('memory', 100e6, 100e6, megabytes, 'peak')), 'memory: 100 MB, < 100 MB, over (peak)');
  assert.equal(written(told('series', '9261')), 'series: 9261');
  assert.equal(written(skipped('prometheus', 'not installed')), 'prometheus: skipped (not installed)');
});

test('numbers have three digits, or all before the point', () => {
  assert.deepEqual([0.012345, 1.2345, 99.96, 123.4, 1234567, 0].map(rounded), [
    '0.0123',
    '1.23',
    '100',
    '123',
    '1234567',
    '0',
  ]);
});
