// The keys of simulated older versions, against real files of those versions (testdata/public-fixtures/SOURCES.md).
import assert from 'node:assert/strict';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { gunzipSync } from 'node:zlib';

import { scenarioOf } from '../../scenarios/index.ts';
import { ask } from '../../testing.ts';
import { START, withLive, type Json } from '../testing.ts';

const FILES = join(import.meta.dirname, '..', '..', '..', '..', 'testdata', 'public-fixtures');

function read(file: string): Json {
  const content = readFileSync(join(FILES, file));
  return JSON.parse((file.endsWith('.gz') ? gunzipSync(content) : content).toString()) as Json;
}

const frameworks = (state: Json): Json[] => [...state.frameworks, ...state.completed_frameworks];
const tasks = (state: Json): Json[] =>
  frameworks(state).flatMap(({ tasks, completed_tasks, unreachable_tasks = [] }) => [
    ...tasks,
    ...completed_tasks,
    ...unreachable_tasks,
  ]);

const KINDS: Record<string, (state: Json) => Json[]> = {
  head: (state) => [state],
  agent: ({ slaves }) => slaves,
  framework: frameworks,
  task: tasks,
  status: (state) => tasks(state).flatMap(({ statuses }) => statuses),
  resources: ({ slaves }) => slaves.map(({ resources }: Json) => resources),
};

interface Compared {
  version: string;
  page: string;
  /** Real files: of the same version, or of the next ones before and after. */
  files: string[];
  /** Keys that depend on how Mesos was built or is configured, or that no thing in the files has; by kind. */
  may?: Record<string, string[]>;
}

const COMPARED: Compared[] = [
  {
    version: '0.19',
    page: '/state.json',
    files: ['old-masters/mesos-cli_master_state_0.19.0.json'],
    // A flag of theirs is not set
    may: { head: ['cluster'], framework: ['reregistered_time'] },
  },
  {
    version: '0.22',
    page: '/state.json',
    files: ['dcos-ui/state-large.json.gz'],
    // src/common/http.cpp at 0.22.2, model(const Task&)
    may: { task: ['discovery'] },
  },
  {
    version: '0.28',
    page: '/state',
    files: ['old-masters/dcos-net_master_state_0.28.0.json'],
    may: {
      head: ['git_tag'],
      // src/master/http.cpp at 0.28.2: where there are any, and for agents that came back
      agent: ['reregistered_time'],
      framework: ['principal', 'labels', 'reregistered_time'],
      status: ['healthy', 'labels'],
      resources: ['cpus_revocable'],
      task: ['discovery'],
    },
  },
  {
    version: '1.4',
    page: '/state',
    files: ['old-masters/dcos-net_master_state_1.2.0.json', 'old-masters/dcos-net_master_state_1.8.0.json'],
    may: {
      // external_log_file is a flag of theirs
      head: ['git_tag', 'log_dir', 'external_log_file', 'capabilities'],
      agent: ['reregistered_time'],
      // src/master/http.cpp at 1.4.2: `roles` of those that have MULTI_ROLE, `role` of others
      framework: ['roles', 'role', 'labels', 'reregistered_time', 'principal'],
      status: ['healthy', 'labels'],
      resources: ['cpus_revocable'],
      task: ['container', 'discovery', 'labels'],
    },
  },
];

/** The keys that all things have, and that any has. */
function keysOf(things: Json[]): { all: Set<string>; any: Set<string> } {
  const any = new Set(things.flatMap((thing) => Object.keys(thing)));
  return { all: new Set([...any].filter((key) => things.every((thing) => key in thing))), any };
}

for (const { version, page, files, may = {} } of COMPARED) {
  test(`${version}: heads, agents, frameworks and tasks have the keys of real ones`, () =>
    withLive({ scenario: scenarioOf(`mesos-${version}`) }, async (live) => {
      await live.setNow(START + 50);
      const ours = JSON.parse((await ask(live.masters[0], page)).body.toString()) as Json;
      const real = files.map(read);
      for (const [kind, find] of Object.entries(KINDS)) {
        const theirs = real.map(find).filter((things) => things.length > 0);
        assert.ok(theirs.length > 0 && find(ours).length > 0, kind);
        const free = new Set(may[kind]);
        const known = new Set(theirs.flatMap((things) => [...keysOf(things).any]));
        // Between two versions: what both have.
        const must = [...known].filter((key) => theirs.every((things) => keysOf(things).all.has(key)));
        const mine = keysOf(find(ours));
        assert.deepEqual(
          [...mine.any].filter((key) => !known.has(key) && !free.has(key)),
          [],
          `no real ${kind} of ${version} has these`
        );
        assert.deepEqual(
          must.filter((key) => !mine.all.has(key) && !free.has(key)),
          [],
          `every real ${kind} of ${version} has these`
        );
      }
    }));
}

/** Keys that depend on what a cluster runs, or on where a master keeps its registry. */
const OWN = /^frameworks\/|\/source_|^registrar\/|^allocator\//;

test('0.22: the metrics are those of a real master and agent', () =>
  withLive({ scenario: scenarioOf('mesos-0.22') }, async (live) => {
    for (const [base, file] of [
      [live.masters[0], 'old-masters/mackerel_master_metrics_snapshot_0.2x.json'],
      [live.agents[0], 'old-masters/bolcom_agent_metrics_snapshot_0.22.1.json'],
    ]) {
      const ours = Object.keys(JSON.parse((await ask(base, '/metrics/snapshot')).body.toString()) as Json);
      const theirs = new Set(Object.keys(read(file)));
      assert.deepEqual(
        ours.filter((key) => !theirs.has(key) && !OWN.test(key)),
        [],
        file
      );
      assert.deepEqual(
        [...theirs].filter((key) => !ours.includes(key) && !OWN.test(key)),
        [],
        file
      );
    }
  }));

test('0.19: containers of an agent without cgroups have the statistics of a real one', () =>
  withLive({ scenario: scenarioOf('mesos-0.19') }, async (live) => {
    const [, , , agent] = live.agents; // of 12 agents the fourth has no cgroups
    const ours = JSON.parse((await ask(agent, '/monitor/statistics.json')).body.toString()) as Json[];
    const theirs = read('old-masters/mesos-cli_agent_monitor_statistics_0.19.0.json') as Json[];
    const keys = (things: Json[]) => [...new Set(things.flatMap(Object.keys))].sort();
    assert.ok(ours.length > 0);
    assert.deepEqual(keys(ours), keys(theirs));
    assert.deepEqual(keys(ours.map(({ statistics }) => statistics)), keys(theirs.map(({ statistics }) => statistics)));
  }));
