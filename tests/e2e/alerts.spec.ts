// Every shipped alert rule in Grafana's own scheduler, on simulated clusters in real time: inactive, pending, firing, inactive. Their
// durations are shorter here (at most two minutes instead of days, `for` 20 s), their queries otherwise as shipped. A test is a phase of
// faults with the rules that they fire, on a cluster of its own, and takes up to a quarter of an hour.
import type { Page } from '@playwright/test';

import type { Alert } from '../../dashboards/alerts/alert.ts';
import { ALERTS } from '../../dashboards/alerts/index.ts';
import { secondsOf } from '../../dashboards/alerts/capacity.ts';
import { ruleFile, uidOf } from '../../dashboards/rules.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import type { Action } from '../../tools/simulator/live/steps.ts';
import { eventually, type GrafanaApi, type Instance, type Rule } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

const source = { uid: 'mesos-e2e-alerts', name: 'Mesos (e2e, alerts)' };
const folder = { uid: 'mesos-e2e-alerts', title: 'Mesos (e2e, alerts)' };

/** Seconds between two evaluations, and between two polls: the shortest of both. */
const INTERVAL = 10;

/** A window must hold some polls. The longest is for how long the cluster is calm at first. */
const LONGEST = 120;
const shorter = (written: string) => `${Math.min(LONGEST, Math.max(60, Math.round(secondsOf(written) / 60)))}s`;

interface Provisioned {
  uid: string;
  for: string;
}

/** What is done to a cluster, which rules then fire, and what ends it. */
interface Phase {
  name: string;
  /** Tasks of its cluster of six agents. */
  tasks: number;
  /** What is so from the beginning, while all rules are inactive. */
  first?: Action[];
  /** What comes before the faults. */
  before?: (stage: Stage) => Promise<void>;
  faults: Action[];
  /** Done again every ten seconds until all have fired, as what ends meanwhile would leave room. */
  again?: Action[];
  fires: string[];
  /** More to be seen while they fire. */
  seen?: (stage: Stage) => Promise<void>;
  ends: Action[];
}

/** A cluster with the rules of a phase on it. */
interface Stage {
  api: GrafanaApi;
  live: Live;
  watch: Watch;
  page: Page;
  picture: (name: string, page: Page) => Promise<void>;
  /** Stores other settings of the data source, which the plugin takes from the next query on. */
  set: (jsonData: object) => Promise<void>;
}

const BUSY = ['web.shop', 'mailer'];
const CRASHING = ['search', 'mailer', 'feed'];
const REPORTED = {
  'registrar/state_store_ms': 8000,
  'master/event_queue_messages': 5000,
  'allocator/mesos/allocation_run_ms': 4000,
};
const MARATHON = { framework: 'marathon' };

const FULL = (['cpus', 'mem', 'disk'] as const).map((resource): Action => ({
  do: 'agents shrink',
  resource,
  share: 0.995,
}));

const PHASES: Phase[] = [
  {
    name: 'agents, frameworks, tasks and a slow leader',
    tasks: 120,
    // Tasks leak until they are near their limit, and so many run on an agent that its loss is seen.
    first: [
      { do: 'service leaks', ...MARATHON, service: 'cart.shop', rate: 0.001 },
      { do: 'service wants', framework: 'hadoop', service: 'map', times: 3 },
    ],
    faults: [
      ...Object.entries(REPORTED).map(([key, value]): Action => ({ do: 'leader reports', key, value })),
      { do: 'framework disconnects', framework: 'chronos' },
      { do: 'master dies', master: 3 },
      { do: 'agent drains', agent: 2, grace: 3600 },
      { do: 'framework gets no offers', framework: 'kafka' },
      { do: 'service is throttled', ...MARATHON, service: 'web.shop' },
      ...CRASHING.map((service): Action => ({ do: 'service crashes', ...MARATHON, service })),
      { do: 'agent dies', agent: 3 },
      { do: 'agent dies', agent: 6 },
    ],
    fires: [
      ...['mesos-registrar-slow', 'mesos-event-queue-growing', 'mesos-allocation-slow', 'mesos-framework-disconnected'],
      ...['mesos-follower-missing', 'mesos-agent-draining-long', 'mesos-offers-starved', 'mesos-cpu-throttled'],
      ...['mesos-framework-failures', 'mesos-agent-failures', 'mesos-crash-loop'],
      ...['mesos-agents-unreachable', 'mesos-agents-lost', 'mesos-agents-fewer', 'mesos-framework-losses'],
      ...['mesos-agent-losses', 'mesos-near-out-of-memory'],
    ],
    seen: async ({ api, page, picture }) => {
      await expectTexts(api);
      await page.goto(`/alerting/list?search=${encodeURIComponent('state:firing')}`);
      await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
      await picture('alerts-firing', page);
    },
    ends: [
      ...Object.keys(REPORTED).map((key): Action => ({ do: 'leader reports', key, value: null })),
      { do: 'framework comes back', framework: 'chronos' },
      { do: 'master starts', master: 3 },
      { do: 'agent is reactivated', agent: 2 },
      { do: 'framework gets offers', framework: 'kafka' },
      ...['web.shop', 'cart.shop', ...CRASHING].map((service): Action => ({
        do: 'service recovers',
        ...MARATHON,
        service,
      })),
      { do: 'service wants', framework: 'hadoop', service: 'map', times: 1 },
      { do: 'agent returns', agent: 3 },
      { do: 'agent returns', agent: 6 },
    ],
  },
  {
    name: 'a cluster that fills up, and its collection',
    tasks: 90,
    before: grows,
    faults: [...FULL, { do: 'disturb', on: 'masters', fault: { kind: 'answer', status: 500, path: '/roles' } }],
    again: FULL,
    fires: [
      ...['mesos-cpu-utilization', 'mesos-memory-utilization', 'mesos-disk-utilization', 'mesos-agent-full'],
      ...['mesos-no-room', 'mesos-capacity-forecast', 'mesos-collection-failing', 'mesos-series-dropped'],
      'mesos-role-quota',
    ],
    ends: [
      ...(['cpus', 'mem', 'disk'] as const).map((resource): Action => ({ do: 'agents grow', resource })),
      { do: 'disturb', on: 'masters', fault: null },
      ...BUSY.map((service): Action => ({ do: 'service wants', ...MARATHON, service, times: 1 })),
      { do: 'service wants', framework: 'batch-queue', service: 'job', times: 1 },
    ],
  },
  {
    name: 'leaders',
    tasks: 90,
    before: electsThrice,
    faults: [{ do: 'zookeeper fails' }],
    fires: ['mesos-leader-changes', 'mesos-leader-missing', 'mesos-master-not-answering'],
    ends: [{ do: 'masters start' }, { do: 'zookeeper returns' }],
  },
];

/** Reads the states of all rules again and again, and keeps what each went through. */
class Watch {
  readonly seen = new Map<string, string[]>();
  private readonly api: GrafanaApi;
  private readonly titles = new Map(ALERTS.map(({ title, uid }) => [title, uid]));

  constructor(api: GrafanaApi) {
    this.api = api;
  }

  async read(): Promise<Map<string, Rule>> {
    const found = new Map<string, Rule>();
    for (const rule of await this.api.rules(folder.uid)) {
      const uid = this.titles.get(rule.name) ?? rule.name;
      found.set(uid, rule);
      const states = this.seen.get(uid) ?? [];
      if (states.at(-1) !== rule.state) {
        this.seen.set(uid, [...states, rule.state]);
      }
    }
    return found;
  }

  /**
   * Waits until each of the named rules was in a state: firing since the beginning, which some containers only are for a minute; else
   * from now on. Calls `meanwhile` each time.
   */
  async until(state: string, uids: string[], seconds: number, meanwhile?: () => Promise<void>): Promise<void> {
    const left = new Set(uids);
    await eventually(
      `all rules ${state}`,
      async () => {
        const rules = await this.read();
        await meanwhile?.();
        uids
          .filter(
            (uid) => rules.get(uid)?.state === state || (state === 'firing' && this.seen.get(uid)?.includes(state))
          )
          .forEach((uid) => left.delete(uid));
        return [...left].map(
          (uid) => `${uid}: ${rules.get(uid)?.state} ${rules.get(uid)?.health} ${rules.get(uid)?.lastError ?? ''}`
        );
      },
      () => left.size === 0,
      seconds,
      2
    );
  }
}

/** Waits until so many seconds have passed in the cluster, and reads the rules meanwhile. */
async function passed(seconds: number, { live, watch }: Stage): Promise<void> {
  const until = live.now() + seconds;
  await eventually(
    `${seconds} s`,
    async () => (await watch.read(), live.now()),
    (now) => now > until,
    2 * seconds + 60,
    2
  );
}

/** Frameworks grow for a minute, so that there is a trend. A role reaches its quota before /roles fails. */
async function grows(stage: Stage): Promise<void> {
  const { live, watch, set } = stage;
  await live.do({ do: 'service wants', framework: 'batch-queue', service: 'job', times: 6 });
  for (const service of BUSY) {
    await live.do({ do: 'service wants', ...MARATHON, service, times: 6 });
  }
  await passed(60, stage);
  await watch.until('firing', ['mesos-role-quota'], 180);
  await set({ maxSeries: 1000 });
}

/** Three leaders die, one after the other. */
async function electsThrice(stage: Stage): Promise<void> {
  const { live, watch } = stage;
  for (let change = 0; change < 3; change++) {
    const before = live.leaderships().length;
    await live.do({ do: 'leader dies' });
    await eventually(
      'a new leader',
      async () => (await watch.read(), live.leaderships()),
      (all) => all.length > before && all.at(-1)?.ready !== undefined,
      60,
      1
    );
    await live.do({ do: 'masters start' });
    await passed(INTERVAL, stage); // two polls see the leader
  }
}

test('each shipped rule is in a phase', () => {
  expect(PHASES.flatMap(({ fires }) => fires).sort()).toEqual(ALERTS.map(({ uid }) => uid).sort());
});

for (const phase of PHASES) {
  test(`inactive, pending, firing and inactive again: ${phase.name}`, async ({ api, page, picture }) => {
    test.setTimeout(900_000);
    const { tasks, first = [], before, faults, again = [], fires, seen, ends } = phase;
    let live: Live | undefined;
    try {
      live = await startLive({
        plan: { agents: 6, tasks, masters: 3, deploys: 0, pingTimeout: 10, sessionTimeout: 3, reregistration: 2 },
      });
      const cluster = live;
      const stored = settings(live.masters, source);
      const jsonData = { ...stored.jsonData, agentStatistics: true, agentAddress: live.entry.agentAddress };
      const set = (changed: object) =>
        api.call('PUT', `/api/datasources/uid/${source.uid}`, {
          ...stored,
          jsonData: { ...jsonData, ...changed },
        }) as Promise<void>;
      await forget(api);
      await api.call('POST', '/api/datasources', { ...stored, jsonData });
      await create(api, fires);
      const watch = new Watch(api);
      const stage = { api, live, watch, page, picture, set };
      for (const action of first) {
        await live.do(action);
      }
      await watch.until('inactive', fires, 120);
      await passed(LONGEST, stage); // which is how far rules look back
      await before?.(stage);
      for (const action of faults) {
        await live.do(action);
      }
      let repeated = live.now();
      await watch.until('firing', fires, 420, async () => {
        if (cluster.now() > repeated + INTERVAL) {
          repeated = cluster.now();
          await Promise.all(again.map((action) => cluster.do(action)));
        }
      });
      await seen?.(stage);
      for (const action of ends) {
        await live.do(action);
      }
      await set({});
      await watch.until('inactive', fires, 300);
      for (const alert of ALERTS.filter(({ uid }) => fires.includes(uid))) {
        expectCourse(alert, watch.seen.get(alert.uid) ?? []);
      }
    } finally {
      await forget(api);
      await live?.stop();
    }
  });
}

/** Inactive, pending if the condition must hold for some time, firing, inactive: in this order, whatever was in between. */
function expectCourse(alert: Alert, states: string[]): void {
  let at = -1;
  for (const state of ['inactive', ...(alert.for === '0s' ? [] : ['pending']), 'firing', 'inactive']) {
    at = states.indexOf(state, at + 1);
    expect(at, `${alert.uid} is not ${state} then: ${states.join()}`).toBeGreaterThanOrEqual(0);
  }
}

async function forget(api: GrafanaApi): Promise<void> {
  await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
  await api.forget(`/api/datasources/uid/${source.uid}`);
}

/** Makes the rules of these UIDs in the tests' folder. */
async function create(api: GrafanaApi, uids: string[]): Promise<void> {
  await api.call('POST', '/api/folders', folder);
  const wanted = new Set(uids.map((uid) => uidOf({ uid }, source.uid)));
  const file = ruleFile({ sources: [source.uid], duration: shorter });
  for (const { name, rules } of file.groups as Array<{ name: string; rules: Provisioned[] }>) {
    const some = rules.filter(({ uid }) => wanted.has(uid));
    if (some.length > 0) {
      await api.call('PUT', `/api/v1/provisioning/folder/${folder.uid}/rule-groups/${encodeURIComponent(name)}`, {
        ...{ title: name, folderUid: folder.uid, interval: INTERVAL },
        rules: some.map((rule) => ({
          ...rule,
          ...{ folderUID: folder.uid, ruleGroup: name, for: rule.for === '0s' ? '0s' : '20s' },
        })),
      });
    }
  }
}

interface Told extends Instance {
  annotations: Record<string, string>;
}

/** The texts of an alert: values and labels are filled in, and the link leads to its dashboard on its data source. */
async function expectTexts(api: GrafanaApi): Promise<void> {
  const told = async (uid: string) => {
    const title = ALERTS.find((alert) => alert.uid === uid)?.title;
    const found = (await api.rules(folder.uid)).find(({ name }) => name === title);
    return (found?.alerts as Told[]).filter(({ state }) => state.startsWith('Alerting'));
  };
  const disconnected = (await told('mesos-framework-disconnected')).find(
    ({ labels }) => labels.framework === 'chronos'
  );
  expect(disconnected?.annotations.summary).toBe('Mesos cluster simulated: framework chronos is disconnected');
  expect(disconnected?.labels).toMatchObject({ severity: 'warning', cluster: 'simulated' });
  const { pathname, searchParams } = new URL(disconnected?.annotations.dashboard ?? '');
  expect(pathname).toMatch(/\/d\/mesos-frameworks$/);
  expect(Object.fromEntries(searchParams)).toEqual({
    ...{ 'var-datasource': source.uid, 'var-cluster': 'simulated', 'var-framework': 'chronos' },
  });
  const [slow] = await told('mesos-registrar-slow');
  expect(slow.annotations.summary).toBe('Mesos cluster simulated: writing the registry took 8s');
  expect(uidOf(ALERTS[0], source.uid)).not.toBe(ALERTS[0].uid);
}
