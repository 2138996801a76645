// Alert rules on the data source, evaluated by Grafana's scheduler while the
// replayed cluster loses an agent and gets it back.
import { type Query, type Rule, eventually } from './api.ts';
import { cpusByFramework, expect, source, test } from './fixtures.ts';
import { shippedQuery } from './rules.ts';
import { asked, threshold, writeRules, type WrittenRule } from './threshold-rule.ts';

const folder = { uid: 'mesos-e2e', title: 'Mesos (e2e)' };
const group = 'replayed cluster';

const reduce = (reducer: string) => ({
  refId: 'B',
  datasourceUid: '__expr__',
  model: { refId: 'B', type: 'reduce', expression: 'A', reducer },
});

const ask = (query: Query) => asked(source.uid, 600, query);

const rule = (title: string, pending: string, ...data: object[]): WrittenRule => ({
  ...{ title, uid: `mesos-e2e-${title.replace(/\W+/g, '-')}` },
  ...{ pending, noData: 'NoData', data },
});

/**
 * The shipped rule on CPU utilization, sooner and at a lower threshold: in the recording an agent is gone from second 85
 * to 160 of 385, and 0.51 of the CPUs are allocated then, else 0.37 at most.
 */
const utilization = rule(
  'cpu utilization',
  '20s',
  ask(shippedQuery('mesos-cpu-utilization')),
  threshold('A', 'gt', 0.42)
);
const mean = rule('mean of a young series', '0s', ask(cpusByFramework), reduce('mean'), threshold('B', 'gt', 0));
const missing = rule(
  'series that is not there',
  '0s',
  ask({ queryType: 'promql', expr: 'mesos_framework_cpus_allocated{framework="nobody"}', instant: true }),
  threshold('A', 'gt', 0)
);

const states = (found: Rule[]) =>
  Object.fromEntries(found.map(({ name, state, health }) => [name, `${state} ${health}`]));

test.describe('rules', () => {
  test.beforeAll(async ({ api, mesos }) => {
    expect(mesos.uid).toBe(source.uid);
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.call('POST', '/api/folders', folder);
    await writeRules(api, folder.uid, group, [utilization, mean, missing]);
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
  });

  test('reduce mean and a threshold work on series that began inside the range', async ({ api }) => {
    const rules = await eventually(
      'the rule on the mean',
      () => api.rules(folder.uid),
      (all) => all.find(({ name }) => name === mean.title)?.state === 'firing',
      90
    );
    const { alerts = [], health } = rules.find(({ name }) => name === mean.title) ?? {};
    expect(health).toBe('ok');
    const firing = alerts.filter(({ state }) => state.startsWith('Alerting')).map(({ labels }) => labels.framework);
    expect(firing.length).toBeGreaterThan(3);
    expect(new Set(firing).size).toBe(firing.length);
  });

  test('a rule on a missing series has no data, not a number', async ({ api }) => {
    const rules = await eventually(
      'the rule without data',
      () => api.rules(folder.uid),
      (all) => all.find(({ name }) => name === missing.title)?.health === 'nodata',
      90
    );
    const { alerts = [] } = rules.find(({ name }) => name === missing.title) ?? {};
    expect(alerts.map(({ state }) => state)).toEqual([expect.stringMatching(/NoData/)]);
  });

  test('Normal, Pending, Firing and Normal again as the cluster loses an agent and gets it back', async ({
    api,
    page,
    picture,
  }) => {
    test.setTimeout(900_000);
    const seen: string[] = [];
    const until = (state: string, seconds: number) =>
      eventually(
        `the rule on CPU utilization: ${state}`,
        async () => {
          const all = await api.rules(folder.uid);
          const now = all.find(({ name }) => name === utilization.title)?.state ?? 'unknown';
          if (seen.at(-1) !== now) {
            seen.push(now);
          }
          return states(all);
        },
        (all) => all[utilization.title]?.startsWith(`${state} `),
        seconds
      );
    // Not begun in the middle: the rule must have been normal first.
    await until('inactive', 200);
    await until('pending', 400);
    await until('firing', 60);
    await page.goto(`/alerting/grafana/${utilization.uid}/view`);
    await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
    await picture('firing-rule', page);
    await until('inactive', 200);
    expect(seen.slice(-4)).toEqual(['inactive', 'pending', 'firing', 'inactive']);
  });
});
