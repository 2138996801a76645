// The shipped rule on a master that does not answer, and what panels show of
// the time, while a simulated cluster's only master is dead.
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { eventually } from './api.ts';
import { expect, settings, test } from './fixtures.ts';
import { PROVISIONED, shippedRule } from './rules.ts';

const source = { uid: 'mesos-e2e-down', name: 'Mesos (e2e, master down)' };
const folder = { uid: 'mesos-e2e-down', title: 'Mesos (e2e, master down)' };

/** Seconds between two polls, and between two evaluations: the shortest of both. */
const INTERVAL = 10;

test.describe('a dead master', () => {
  test.setTimeout(600_000);
  let live: Live;

  test.beforeAll(async ({ api }) => {
    live = await startLive({ plan: { agents: 5, tasks: 40, masters: 1 } });
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await api.call('POST', '/api/datasources', settings(live.masters, source));
    await api.call('POST', '/api/folders', folder);
    const rule = shippedRule('mesos-master-not-answering');
    await api.call('PUT', `/api/v1/provisioning/folder/${folder.uid}/rule-groups/down`, {
      title: 'down',
      folderUid: folder.uid,
      interval: INTERVAL,
      rules: [
        {
          ...rule,
          uid: `${rule.uid}-e2e`,
          folderUID: folder.uid,
          ruleGroup: 'down',
          data: rule.data.map((one) => ({
            ...one,
            datasourceUid: one.datasourceUid === PROVISIONED ? source.uid : one.datasourceUid,
          })),
        },
      ],
    });
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await live?.stop();
  });

  test('fires the shipped rule and leaves a gap; both end when the master is back', async ({ api, page, picture }) => {
    const until = (state: string, seconds: number) =>
      eventually(
        `the shipped rule: ${state}`,
        async () => {
          const [rule] = await api.rules(folder.uid);
          return `${rule?.state} ${rule?.health}`;
        },
        (now) => now === `${state} ok`,
        seconds
      );
    const up = async (poll = 'snapshot') => {
      const expr = `min by (cluster) (mesos_up{poll="${poll}"})`;
      const { results } = await api.query(source.uid, [{ queryType: 'promql', expr, instant: true }]);
      return results.A.frames?.[0]?.data.values.at(-1)?.[0];
    };

    // Some history before, so that the gap has a beginning.
    await until('inactive', 90);
    await new Promise((resolve) => setTimeout(resolve, 4 * INTERVAL * 1000));
    expect(await up()).toBe(1);

    await live.do({ do: 'leader dies' });
    const died = live.now();
    await until('pending', 60);
    expect(await up()).toBe(0);
    await until('firing', 200);
    expect(live.now() - died).toBeGreaterThanOrEqual(120); // its `for`
    await page.goto(`/alerting/grafana/mesos-master-not-answering-e2e/view`);
    await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
    await picture('master-not-answering', page);

    await live.do({ do: 'masters start' });
    const started = live.now();
    await until('inactive', 200);
    expect(await up()).toBe(1);
    // Each poll backs off by itself: /state may be tried later than the snapshot that the rule watches.
    await eventually(
      '/state answers again',
      () => up('state'),
      (now) => now === 1,
      3 * INTERVAL
    );
    const back = live.now();

    const expr = 'mesos_cluster_cpus_allocated';
    const asked = { queryType: 'promql', expr, range: true, intervalMs: INTERVAL * 1000 };
    const { results } = await api.query(source.uid, [asked], 15);
    const [times, values] = results.A.frames?.[0]?.data.values ?? [];
    const seen = times.filter((_, i) => values[i] !== null).map((time) => Number(time) / 1000);
    const inside = seen.filter((at) => at > died + INTERVAL && at < started);
    expect(inside).toEqual([]);
    const last = seen.filter((at) => at <= died + INTERVAL).at(-1) ?? 0;
    const next = seen.find((at) => at >= started) ?? Infinity;
    expect(last).toBeGreaterThan(died - 2 * INTERVAL);
    expect(next).toBeLessThanOrEqual(back + INTERVAL);
  });
});
