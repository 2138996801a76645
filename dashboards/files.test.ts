import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import test from 'node:test';

import { parse } from 'yaml';

import { files } from './files.ts';
import { pluginId } from './query.ts';

const made = await files();
const { groups } = parse(made.get('provisioning/alerting/mesos.yaml')!);

for (const name of ['cluster-overview', 'measured-use']) {
  test(`bundled and provisioned ${name} differ only in their UID and in the inputs of an import`, () => {
    const bundled = JSON.parse(made.get(`src/dashboards/${name}.json`)!);
    const provisioned = JSON.parse(made.get(`provisioning/dashboards/${name}.json`)!);
    const { __inputs, __requires, uid, templating, ...rest } = bundled;
    const { uid: otherUid, templating: otherTemplating, ...otherRest } = provisioned;
    assert.deepEqual(rest, otherRest);
    assert.notEqual(uid, otherUid);
    assert.deepEqual(
      __inputs.map((input: { type: string; pluginId: string }) => [input.type, input.pluginId]),
      [['datasource', pluginId]]
    );
    const [source, ...others] = templating.list;
    assert.equal(source.current.value, `\${${__inputs[0].name}}`);
    assert.deepEqual(others, otherTemplating.list.slice(1));
  });
}

test('rules compare an instant value, so that a series that ends resolves its alert', () => {
  const [group] = groups;
  assert.equal(group.interval, '1m');
  assert.equal(group.rules.length, 2);
  for (const rule of group.rules) {
    const [ask, condition] = rule.data;
    assert.equal(rule.data.length, 2);
    assert.equal(ask.datasourceUid, 'mesos');
    assert.equal(ask.model.instant, true);
    assert.equal(ask.model.refId, ask.refId);
    assert.equal(ask.queryType, ask.model.queryType);
    assert.deepEqual(
      [condition.datasourceUid, condition.model.type, condition.model.expression, condition.refId],
      ['__expr__', 'threshold', ask.refId, rule.condition]
    );
  }
});

test('queries of rules have no key that the alert editor reads as an expression', () => {
  for (const rule of groups[0].rules) {
    assert.deepEqual(
      Object.keys(rule.data[0].model).filter((key) => key === 'type' || key === 'timeRange'),
      []
    );
  }
});

test('an outage keeps the state of the utilization alert, and fires the other one', () => {
  const states = Object.fromEntries(
    groups[0].rules.map((rule: { uid: string; noDataState: string; execErrState: string }) => [
      rule.uid,
      [rule.noDataState, rule.execErrState],
    ])
  );
  assert.deepEqual(states, {
    'mesos-cpu-utilization': ['KeepLast', 'KeepLast'],
    'mesos-master-not-answering': ['Alerting', 'Alerting'],
  });
});

test('alerts link to panels that exist', () => {
  const provisioned = JSON.parse(made.get('provisioning/dashboards/cluster-overview.json')!);
  for (const { annotations } of groups[0].rules) {
    assert.equal(annotations.__dashboardUid__, provisioned.uid);
    const ids: number[] = provisioned.panels.map(({ id }: { id: number }) => id);
    assert.ok(ids.includes(Number(annotations.__panelId__)));
  }
});

test('provisioned dashboards open on the data source that the provisioned rules evaluate', async () => {
  const { datasources } = parse(
    await readFile(new URL('../provisioning/datasources/mesos.yaml', import.meta.url), 'utf8')
  );
  const [{ name, uid }] = datasources;
  for (const file of ['cluster-overview', 'measured-use']) {
    const { templating } = JSON.parse(made.get(`provisioning/dashboards/${file}.json`)!);
    assert.deepEqual(templating.list[0].current, { text: name, value: uid });
  }
  for (const { data } of groups[0].rules) {
    assert.equal(data[0].datasourceUid, uid);
  }
});
