import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import test from 'node:test';

import { parse } from 'yaml';

import { alertText } from '../alert-file.ts';
import { files } from '../files.ts';
import { ALERTS } from './index.ts';
import { anchorOf, BEGIN, END, pageWith } from './page.ts';

interface Rule {
  uid: string;
  title: string;
  condition: string;
  for: string;
  noDataState: string;
  execErrState: string;
  labels: Record<string, string>;
  annotations: Record<string, string>;
  data: Array<{
    refId: string;
    queryType?: string;
    datasourceUid: string;
    relativeTimeRange: { from: number };
    model: Record<string, unknown>;
  }>;
}

interface Group {
  name: string;
  folder: string;
  interval: string;
  rules: Rule[];
}

const root = path.dirname(path.dirname(import.meta.dirname));
const made = await files();
const groupsOf = (text: string) => (parse(text) as { groups: Group[] }).groups;
const groups = groupsOf(made.get('provisioning/alerting/mesos.yaml')!);
const rules = groups.flatMap((group) => group.rules);

/** The UIDs of the rules that ship. */
const WATCHED = [
  ...['mesos-leader-missing', 'mesos-master-not-answering', 'mesos-leader-changes', 'mesos-agents-lost'],
  ...['mesos-agents-unreachable', 'mesos-agents-fewer', 'mesos-agent-draining-long', 'mesos-framework-disconnected'],
  ...['mesos-framework-failures', 'mesos-framework-losses', 'mesos-agent-failures', 'mesos-agent-losses'],
  ...['mesos-crash-loop', 'mesos-cpu-utilization', 'mesos-memory-utilization', 'mesos-disk-utilization'],
  ...['mesos-role-quota', 'mesos-agent-full', 'mesos-capacity-forecast', 'mesos-no-room', 'mesos-offers-starved'],
  ...['mesos-registrar-slow', 'mesos-event-queue-growing', 'mesos-allocation-slow', 'mesos-cpu-throttled'],
  ...['mesos-near-out-of-memory', 'mesos-collection-failing', 'mesos-series-dropped', 'mesos-follower-missing'],
];

test('there is a rule for each thing that is watched', () => {
  assert.deepEqual(rules.map(({ uid }) => uid).sort(), [...WATCHED].sort());
  assert.deepEqual([...new Set(groups.map(({ interval, folder }) => `${interval} ${folder}`))], ['1m Mesos']);
});

for (const rule of rules) {
  test(`${rule.uid} compares a current value, and says what is wrong, with the value and where it is shown`, () => {
    const [ask, condition, ...more] = rule.data;
    assert.equal(more.length, 0);
    assert.equal(ask.datasourceUid, 'mesos');
    assert.equal(ask.model.instant, true);
    assert.equal(ask.model.refId, ask.refId);
    assert.equal(ask.queryType, ask.model.queryType);
    assert.deepEqual(
      [condition.datasourceUid, condition.model.type, condition.model.expression, condition.refId],
      ['__expr__', 'threshold', ask.refId, rule.condition]
    );
    // Keys that the alert editor reads as those of an expression.
    assert.deepEqual(
      Object.keys(ask.model).filter((key) => key === 'type' || key === 'timeRange'),
      []
    );
    assert.match(rule.labels.severity, /^(critical|warning|info)$/);
    assert.ok(['OK', 'KeepLast', 'Alerting'].includes(rule.noDataState));
    assert.ok(['KeepLast', 'Alerting'].includes(rule.execErrState));
    const { summary, description, dashboard } = rule.annotations;
    assert.ok(summary.includes('$labels.cluster') && description.length > 20);
    // A label of what it is about, or a value.
    assert.match(summary.replaceAll('$labels.cluster', ''), /\$labels\.|\$value|answer|leads|room/);
    assert.match(dashboard, /^\{\{ externalURL \}\}d\/mesos-[a-z]+\?var-datasource=mesos/);
  });
}

test('queries on many things return those that are wrong, and a 0 for the cluster while it is known', () => {
  const many = ALERTS.filter(({ query }) => {
    const spec = query((written) => written);
    return 'expr' in spec && /by \(cluster, (agent|framework|role)/.test(spec.expr ?? '');
  });
  assert.ok(many.length >= 10);
  for (const { uid, query } of many) {
    const spec = query((written) => written);
    assert.match(
      ('expr' in spec && spec.expr) || '',
      / or 0 \* max by \(cluster\) \(mesos_up\{poll="\w+"\} == 1\)$/,
      uid
    );
  }
});

test('an outage keeps the state of all alerts but one, which it fires', () => {
  const others = rules.filter(({ uid }) => uid !== 'mesos-master-not-answering' && uid !== 'mesos-crash-loop');
  for (const { uid, noDataState, execErrState } of others) {
    assert.deepEqual([noDataState, execErrState], ['KeepLast', 'KeepLast'], uid);
  }
  const { noDataState, execErrState } = rules.find(({ uid }) => uid === 'mesos-master-not-answering')!;
  assert.deepEqual([noDataState, execErrState], ['Alerting', 'Alerting']);
});

test('Grafana’s own links of alerts lead to panels that exist', () => {
  const provisioned = JSON.parse(made.get('provisioning/dashboards/cluster-overview.json')!);
  const linked = rules.filter(({ annotations }) => annotations.__dashboardUid__ !== undefined);
  assert.ok(linked.length >= 2);
  for (const { annotations } of linked) {
    assert.equal(annotations.__dashboardUid__, provisioned.uid);
    const ids: number[] = provisioned.panels.map(({ id }: { id: number }) => id);
    assert.ok(ids.includes(Number(annotations.__panelId__)));
  }
});

test('rules of several data sources have UIDs, folders, queries and links of their own', () => {
  const long = 'a'.repeat(40);
  const sources = ['mesos', 'mesos-berlin', long];
  const several = groupsOf(alertText({ sources, runbook: 'https://wiki.example.com/alerts' }));
  const all = several.flatMap((group) => group.rules.map((rule) => ({ ...rule, folder: group.folder })));
  assert.equal(all.length, 3 * rules.length);
  assert.equal(new Set(all.map(({ uid }) => uid)).size, all.length);
  assert.equal(new Set(all.map(({ folder, title }) => `${folder} ${title}`)).size, all.length);
  assert.ok(all.every(({ uid }) => uid.length <= 40));
  const bySource = Map.groupBy(all, ({ data }) => data[0].datasourceUid);
  assert.deepEqual([...bySource.keys()], sources);
  for (const [source, own] of bySource) {
    for (const { uid, title, data, annotations, folder } of own) {
      assert.deepEqual(data[0].model.datasource, { type: 'community-mesos-datasource', uid: source }, uid);
      assert.ok(annotations.dashboard.includes(`?var-datasource=${source}{{`), uid);
      assert.equal(annotations.runbook_url, `https://wiki.example.com/alerts#${anchorOf({ title })}`);
      assert.equal(folder, source === 'mesos' ? 'Mesos' : `Mesos ${source}`);
      // Grafana's own link cannot name a data source.
      assert.ok(source === 'mesos' || annotations.__dashboardUid__ === undefined, uid);
    }
  }
  // What is known of one data source stays when another is added.
  const alone = groupsOf(alertText({ sources: ['mesos-berlin'] })).flatMap((group) => group.rules);
  assert.deepEqual(
    alone.map(({ uid }) => uid),
    bySource.get('mesos-berlin')!.map(({ uid }) => uid)
  );
});

test('npm run alerts writes a file for one’s own data sources, and names a wrong UID', () => {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-alerts-'));
  try {
    const script = path.join(root, 'dashboards', 'alerts.ts');
    const file = path.join(folder, 'alerts.yaml');
    const run = (...args: string[]) => spawnSync(process.execPath, [script, ...args], { encoding: 'utf8' });
    const written = run('--datasources', 'mesos-berlin,mesos-paris', '--output', file);
    assert.equal(written.status, 0, written.stderr);
    const found = groupsOf(readFileSync(file, 'utf8')).flatMap((group) => group.rules);
    assert.equal(found.length, 2 * rules.length);
    assert.equal(run('--datasources', 'mesos').stdout, alertText({ sources: ['mesos'] }));
    for (const [args, text] of [
      [['--datasources', 'a b'], /"a b" is not a UID/],
      [[], /"" is not a UID/],
      [['--datasources', 'a', '--runbook', 'wiki'], /"wiki" is not an address/],
    ] as Array<[string[], RegExp]>) {
      const failed = run(...args);
      assert.equal(failed.status, 1);
      assert.match(failed.stderr, text);
    }
  } finally {
    rmSync(folder, { recursive: true });
  }
});

test('docs/alerts.md has a section on each rule, with its facts and what to do', async () => {
  const page = await readFileSync(path.join(root, 'docs', 'alerts.md'), 'utf8');
  const sections = new Map(page.split(/^### /m).map((text) => [text.split('\n')[0], text]));
  for (const alert of ALERTS) {
    const section = sections.get(alert.title) ?? '';
    assert.ok(section.includes(`\`${alert.uid}\`, ${alert.severity}`), alert.uid);
    // As Prettier breaks lines elsewhere, words are compared.
    const words = (text: string) => text.replaceAll(/\(#[\w-]+\)|[\s*_|-]/g, '');
    assert.ok(words(section).includes(words(alert.todo.split('\n')[0])), alert.uid);
    assert.ok(alert.todo.length > 150, `${alert.uid}: too short to help`);
  }
  const anchors = new Set([...page.matchAll(/^#+ (.*)$/gm)].map(([, title]) => anchorOf({ title })));
  const links = [...page.matchAll(/\]\(#([\w-]+)\)/g)].map(([, to]) => to);
  assert.ok(links.length > ALERTS.length);
  assert.deepEqual(
    links.filter((to) => !anchors.has(to)),
    []
  );
});

test('a page without the marks of the generated part, and a link to a rule that is not there, are errors', () => {
  assert.throws(() => pageWith('# Alerts\n'), /lacks the line <!-- Generated/);
  assert.throws(() => pageWith(`${BEGIN}\n`), /lacks the line <!-- The end/);
  assert.match(pageWith(`a\n${BEGIN}\nold\n${END}\nb\n`), /^a\n[^]*\nb\n$/);
});

test('the recording rules of docs/alerts.md are YAML whose queries have one name each', () => {
  const page = readFileSync(path.join(root, 'docs', 'alerts.md'), 'utf8');
  const [, text] = /```yaml\n([^]*?)```/.exec(page)!;
  const recorded = (parse(text) as { groups: Array<{ rules: Array<Rule & { record: Record<string, string> }> }> })
    .groups;
  const all = recorded.flatMap((group) => group.rules);
  assert.ok(all.length >= 3);
  for (const { uid, record, data } of all) {
    assert.match(record.metric, /^[a-z_:][\w:]*$/, uid);
    assert.equal(record.from, data[0].refId);
    assert.equal(data[0].model.instant, true);
  }
});
