import assert from 'node:assert/strict';
import { test } from 'node:test';

import { seconds } from '../lines.ts';
import { cellText, median, type Row, rowsTable, rowText } from './rows.ts';

const row: Row = {
  what: 'CPU of a poll',
  cells: { ours: 0.5, exporter: 1.6, infinity: 'none | polls nothing' },
  show: seconds,
  note: '3 polls',
};

test('a peer has its number and how many times it is the plugin', () => {
  assert.equal(
    rowText(row),
    'CPU of a poll: this plugin 0.5 s; mesos_exporter and Prometheus 1.6 s, 3.2×; Infinity none | polls nothing (3 polls)'
  );
  assert.equal(cellText({ ...row, cells: { ours: 0.5, infinity: 0.25 } }, 'infinity'), '0.25 s, 0.5×');
});

test('without a number there is no ratio, and none is made up', () => {
  assert.equal(cellText({ ...row, cells: { ours: 0.5 } }, 'exporter'), 'skipped');
  assert.equal(cellText({ ...row, cells: { exporter: 2 } }, 'exporter'), '2 s');
  assert.equal(cellText({ ...row, cells: { exporter: 2, ours: 'not measured' } }, 'exporter'), '2 s');
  // Nothing is how many times zero?
  assert.equal(cellText({ ...row, cells: { exporter: 2, ours: 0 } }, 'exporter'), '2 s');
});

test('a table has a line for each row', () => {
  assert.deepEqual(rowsTable([row]), [
    '|  | this plugin | mesos_exporter and Prometheus | Infinity |',
    '| --- | --- | --- | --- |',
    '| CPU of a poll (3 polls) | 0.5 s | 1.6 s, 3.2× | none \\| polls nothing |',
  ]);
});

test('a median is of what was measured', () => {
  assert.equal(median([3, 1, 2]), 2);
  assert.equal(median([4, 1, 2, 3]), 3);
  assert.throws(() => median([]), /nothing/);
});
