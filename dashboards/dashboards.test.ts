import assert from 'node:assert/strict';
import test from 'node:test';

import type { Panel, RowPanel } from '@grafana/grafana-foundation-sdk/dashboard';

import { frame } from './frame.ts';
import { dashboardNames, dashboards } from './list.ts';

/** All keys anywhere in a query. */
function keysOf(value: unknown): string[] {
  if (typeof value !== 'object' || value === null) {
    return [];
  }
  return Object.entries(value).flatMap(([key, inner]) => (Array.isArray(value) ? [] : [key]).concat(keysOf(inner)));
}

/** Tables of what no other dashboard chooses by: the tasks are in the table above. */
const WITHOUT_LINKS = ['Failures by reason', 'Failures by source'];

const site = { uid: (name: string) => `uid-of-${name}`, shown: { name: 'Some source', uid: 'some-source' } };

for (const name of dashboardNames) {
  const { definition } = dashboards[name];
  const dashboard = frame(name, definition, site);
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

  test(`${dashboard.title}: titles fit beside two icons at 1,280 pixels with the menu open`, () => {
    // As measured in Grafana 12.4: a column is 40 pixels there, icons and padding are 100, and a letter is 7.6.
    const cut = panels.filter(({ title, gridPos }) => title!.length * 7.6 > gridPos!.w * 40 - 100);
    assert.deepEqual(
      cut.map(({ title }) => title),
      []
    );
  });

  test(`${dashboard.title}: every link leads to a dashboard that exists, with the data source that is shown`, () => {
    const urls = JSON.stringify(panels).match(/\/d\/[^"]*/g) ?? [];
    const known = dashboardNames.map((other) => `/d/uid-of-${other}`);
    for (const url of urls) {
      assert.ok(known.includes(url.split('?')[0]), url);
      assert.match(url, /[?&]var-datasource=\$\{datasource\}(&|$)/);
    }
    assert.deepEqual(
      dashboard.links?.map(({ type, tags, includeVars, keepTime }) => ({ type, tags, includeVars, keepTime })),
      [{ type: 'dashboards', tags: ['mesos'], includeVars: true, keepTime: true }]
    );
  });

  test(`${dashboard.title}: every number, line and table leads somewhere`, () => {
    const leads = ({ fieldConfig }: Panel) => JSON.stringify(fieldConfig).includes('"links"');
    assert.deepEqual(
      panels
        .filter((panel) => ['stat', 'table', 'timeseries'].includes(panel.type) && !leads(panel))
        .map(({ title }) => title)
        .filter((title) => !WITHOUT_LINKS.includes(title!)),
      []
    );
  });

  test(`${dashboard.title}: every variable is used, and every selector is of the chosen cluster`, () => {
    const text = JSON.stringify([panels, dashboard.annotations]);
    for (const { name: variable } of dashboard.templating?.list ?? []) {
      assert.match(text, new RegExp(`\\$\\{?${variable}\\b`));
    }
    if (!definition.fleet) {
      for (const { targets = [], title } of panels) {
        for (const { expr = '' } of targets as unknown as Array<{ expr?: string }>) {
          for (const [selector] of expr.matchAll(/\{[^}]*\}/g)) {
            assert.ok(selector.includes('cluster=~"$cluster"'), `${title}: ${selector}`);
          }
          assert.ok(!/mesos_\w+(?![\w{.+)(|])/.test(expr.replace(/"[^"]*"/g, '')), `${title}: ${expr}`);
        }
      }
    }
  });

  test(`${dashboard.title}: a line that is named by a label has the label's value as its name, or a color of its own`, () => {
    // The color is by the whole name: with more in it, the role has another color there, which may be that of another role.
    for (const { title, type, targets = [], fieldConfig } of panels) {
      for (const { refId, legendFormat = '' } of targets as unknown as Array<{
        refId: string;
        legendFormat?: string;
      }>) {
        if (type === 'timeseries' && /\{\{/.test(legendFormat) && !/^\{\{\w+\}\}$/.test(legendFormat)) {
          const of = fieldConfig?.overrides.find(({ matcher }) => matcher.options === refId);
          const color = of?.properties.find(({ id }) => id === 'color');
          assert.deepEqual(color?.value, { mode: 'fixed', fixedColor: 'text' }, `${title}: ${legendFormat}`);
        }
      }
    }
  });

  test(`${dashboard.title}: panels are of known kinds`, () => {
    const kinds = ['stat', 'table', 'timeseries', 'heatmap', 'state-timeline', 'logs'];
    assert.deepEqual(
      panels.filter(({ type }) => !kinds.includes(type)),
      []
    );
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
    assert.equal(dashboard.templating?.list?.[0].name, 'datasource');
  });

  test(`${dashboard.title}: annotations are events of the data source that the variable names`, () => {
    const { list = [] } = dashboard.annotations ?? {};
    assert.deepEqual(
      list.map(({ name: title, enable }) => ({ title, enable })),
      definition.fleet
        ? []
        : [
            { title: 'New leader', enable: true },
            { title: 'Agents lost or draining', enable: true },
            { title: 'Frameworks disconnected', enable: true },
            { title: 'Maintenance', enable: true },
            { title: 'Not watched', enable: true },
            { title: 'Failed tasks (newest 1,000)', enable: name === 'tasks' },
          ]
    );
    for (const { datasource, target } of list) {
      assert.deepEqual(datasource, { type: 'community-mesos-datasource', uid: '${datasource}' });
      assert.equal((target as unknown as { queryType: string }).queryType, 'events');
      assert.ok(!keysOf(target).includes('type'));
    }
  });

  test(`${dashboard.title}: failed tasks are not marked over rows of states, which are of something else or of one task`, () => {
    const ids = panels.filter(({ type }) => type === 'state-timeline').map(({ id }) => id);
    for (const { name: title, filter, target } of dashboard.annotations?.list ?? []) {
      const failed = title.startsWith('Failed tasks');
      assert.deepEqual(filter, failed && ids.length > 0 ? { exclude: true, ids } : undefined, title);
      const { limit } = target as unknown as { limit?: number };
      assert.equal(failed ? `Failed tasks (newest ${limit?.toLocaleString('en-US')})` : title, title);
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

test('what is shown of one task is beside both tables in which it is chosen', () => {
  const { panels = [] } = frame('tasks', dashboards.tasks.definition, site);
  const linesOf = (matches: (one: Panel) => boolean) => {
    const found = (panels as Panel[]).filter(matches).map(({ gridPos }) => [gridPos!.y, gridPos!.y + gridPos!.h]);
    return [Math.min(...found.map(([top]) => top)), Math.max(...found.map(([, bottom]) => bottom))];
  };
  const [top, bottom] = linesOf(({ targets }) => JSON.stringify(targets ?? []).includes('"$task"'));
  const [failed, now] = ['Tasks that failed or were lost', 'Tasks now'].map((name) =>
    linesOf(({ title }) => title === name)
  );
  // A row's title is one line.
  assert.deepEqual([failed[1], now[0]], [top - 1, bottom + 1]);
});
