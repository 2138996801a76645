import assert from 'node:assert/strict';
import test from 'node:test';

import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';

import { overview } from './overview.ts';
import { measuredUse } from './measured.ts';

/** All keys anywhere in a query. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => (Array.isArray(value) ? [] : [key]).concat(keysOf(inner)));
}

const identity = { uid: 'some-uid', shown: { name: 'Some source', uid: 'some-source' } };

for (const dashboard of [overview(identity), measuredUse(identity)]) {
  const all = dashboard.panels as Array<Panel | RowPanel>;
  const panels = all.filter((one): one is Panel => one.type !== 'row');

  test(`${dashboard.title}: panels have unique ids, unique titles and a description`, () => {
    assert.equal(new Set(all.map(({ id }) => id)).size, all.length);
    assert.equal(new Set(panels.map(({ title }) => title)).size, panels.length);
    assert.deepEqual(
      panels.filter(({ description }) => !description).map(({ title }) => title),
      []
    );
  });

  test(`${dashboard.title}: panels are of the kinds the workbench draws`, () => {
    assert.deepEqual([...new Set(panels.map(({ type }) => type))].sort(), ['stat', 'table', 'timeseries']);
  });

  test(`${dashboard.title}: panels fill the 24 columns of each line and nowhere overlap`, () => {
    const taken = new Map<string, string>();
    for (const { gridPos, title } of all) {
      const { x, y, w, h } = gridPos!;
      for (let column = x; column < x + w; column++) {
        for (let row = y; row < y + h; row++) {
          const cell = `column ${column}, row ${row}`;
          assert.equal(taken.get(cell), undefined, `${title} covers ${taken.get(cell)} in ${cell}`);
          taken.set(cell, title!);
        }
      }
    }
    const rows = Math.max(...all.map(({ gridPos }) => gridPos!.y + gridPos!.h));
    assert.equal(taken.size, 24 * rows);
  });

  test(`${dashboard.title}: every query goes to the data source that the variable names`, () => {
    for (const { targets = [], title } of panels) {
      assert.ok(targets.length > 0, `${title} asks nothing`);
      for (const target of targets as unknown as Array<{ datasource: unknown }>) {
        assert.deepEqual(target.datasource, { type: 'community-mesos-datasource', uid: '${datasource}' });
      }
    }
    assert.deepEqual(
      dashboard.templating?.list?.map(({ name, type }) => ({ name, type })),
      [
        { name: 'datasource', type: 'datasource' },
        { name: 'framework', type: 'query' },
      ]
    );
  });

  test(`${dashboard.title}: annotations are events of the data source that the variable names`, () => {
    const { list = [] } = dashboard.annotations ?? {};
    assert.deepEqual(
      list.map(({ name, enable }) => ({ name, enable })),
      [
        { name: 'New leader', enable: true },
        { name: 'Agents lost or draining', enable: true },
        { name: 'Maintenance', enable: true },
        { name: 'Not watched', enable: true },
        { name: 'Failed tasks', enable: false },
      ]
    );
    for (const { datasource, target } of list) {
      assert.deepEqual(datasource, { type: 'community-mesos-datasource', uid: '${datasource}' });
      assert.equal((target as unknown as { queryType: string }).queryType, 'events');
      assert.ok(!keysOf(target).includes('type'));
    }
  });

  test(`${dashboard.title}: no query has a key that Grafana reads as its own`, () => {
    for (const { targets = [], title } of panels) {
      for (const { datasource: _, ...query } of targets as unknown as Array<Record<string, unknown>>) {
        const taken = keysOf(query).filter((key) => key === 'type' || key === 'timeRange');
        assert.deepEqual(taken, [], title);
      }
    }
  });
}
