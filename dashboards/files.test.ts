import assert from 'node:assert/strict';
import { readdir, readFile } from 'node:fs/promises';
import test from 'node:test';

import { parse } from 'yaml';

import { files } from './files.ts';
import { dashboardNames, dashboards } from './list.ts';
import { BEGIN, PICTURES, pageWith } from './page.ts';
import { pluginId } from './query.ts';

const made = await files();
const { groups } = parse(made.get('provisioning/alerting/mesos.yaml')!);

for (const name of dashboardNames.filter((one) => !dashboards[one].definition.fleet)) {
  test(`bundled and provisioned ${name} differ only in their UID and in the inputs of an import`, () => {
    // Links of imported dashboards lead to others that were imported.
    const bundled = JSON.parse(made.get(`src/dashboards/${name}.json`)!.replace(/(\/d\/[a-z-]+)-imported/g, '$1'));
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
  for (const file of dashboardNames.filter((one) => !dashboards[one].definition.fleet)) {
    const { templating } = JSON.parse(made.get(`provisioning/dashboards/${file}.json`)!);
    assert.deepEqual(templating.list[0].current, { text: name, value: uid });
  }
  for (const { rules } of groups) {
    for (const { data } of rules) {
      assert.equal(data[0].datasourceUid, uid);
    }
  }
});

test('the overview to be shared has no variable, no link and no event, on the provisioned data source', () => {
  const text = made.get('provisioning/dashboards/public-overview.json')!;
  const { templating, annotations, links, panels } = JSON.parse(text);
  assert.deepEqual([templating, annotations, links], [undefined, undefined, undefined]);
  assert.ok(panels.length > 10);
  const none = '"id":"links","value":[]'; // in the place of the answers' own
  assert.doesNotMatch(JSON.stringify(panels).replaceAll(none, ''), /\$(?!__)|"links"/);
  for (const { targets = [] } of panels as Array<{ targets?: Array<{ datasource: { uid: string } }> }>) {
    for (const { datasource } of targets) {
      assert.equal(datasource.uid, 'mesos');
    }
  }
});

test('plugin.json lists every dashboard, by its title', async () => {
  const { includes } = JSON.parse(await readFile(new URL('../src/plugin.json', import.meta.url), 'utf8'));
  assert.deepEqual(
    includes.filter(({ type }: { type: string }) => type === 'dashboard'),
    dashboardNames.map((name) => ({
      type: 'dashboard',
      name: dashboards[name].definition.title,
      path: `dashboards/${name}.json`,
    }))
  );
});

test('docs/dashboards.md has a section on each dashboard, and docs/img/dashboards the pictures that it shows', async () => {
  const page = made.get('docs/dashboards.md')!;
  const sections = [...page.matchAll(/^## (.+)$/gm)].map(([, title]) => title);
  assert.deepEqual(
    sections,
    dashboardNames.map((name) => dashboards[name].definition.title)
  );
  const shown = [...page.matchAll(/^!\[[^\]]+\]\(img\/dashboards\/(.+)\)$/gm)].map(([, file]) => file);
  assert.deepEqual(
    shown,
    Object.keys(PICTURES).map((name) => `${name}.png`)
  );
  const folder = new URL('../docs/img/dashboards/', import.meta.url);
  assert.deepEqual((await readdir(folder).catch(() => [])).sort(), shown.toSorted());
  for (const file of shown) {
    const png = await readFile(new URL(file, folder));
    assert.equal(png.toString('latin1', 1, 4), 'PNG', file);
    assert.equal(png.readUInt32BE(16), 1280, file);
    assert.ok(png.length < 200_000, `${file} has ${png.length} bytes`);
  }
});

test('a page of dashboards without the marks of the generated part is an error', () => {
  const frameOf = () => assert.fail('not asked for');
  assert.throws(() => pageWith('# Dashboards\n', frameOf), /lacks the line <!-- Generated/);
  assert.throws(() => pageWith(`${BEGIN}\n`, frameOf), /lacks the line <!-- The end/);
});
