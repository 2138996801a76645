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

test('provisioned dashboards open on the data source that the provisioned rules evaluate', async () => {
  const { datasources } = parse(
    await readFile(new URL('../provisioning/datasources/mesos.yaml', import.meta.url), 'utf8')
  );
  const [{ name, uid }] = datasources;
  for (const file of ['cluster-overview', 'measured-use']) {
    const { templating } = JSON.parse(made.get(`provisioning/dashboards/${file}.json`)!);
    assert.deepEqual(templating.list[0].current, { text: name, value: uid });
  }
  for (const { rules } of groups) {
    for (const { data } of rules) {
      assert.equal(data[0].datasourceUid, uid);
    }
  }
});
