// Events of a simulated cluster in Grafana: marks and regions over graphs, state timelines, a live panel, and a rule that
// counts failed tasks by agent.
import { readFileSync } from 'node:fs';
import path from 'node:path';

import type { Locator, Page, WebSocketRoute } from '@playwright/test';

import { root } from '../../tools/scripts/build.ts';
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { readAnswers } from './answers.ts';
import { eventually, type Frame, type GrafanaApi, type Query } from './api.ts';
import { expect, settings, test } from './fixtures.ts';
import { asked, threshold, writeRules } from './threshold-rule.ts';

const source = { uid: 'mesos-e2e-happens', name: 'Mesos (e2e, as it happens)' };
const ref = { uid: source.uid, type: 'community-mesos-datasource' };
const folder = { uid: 'mesos-e2e-happens', title: 'Mesos (e2e, as it happens)' };
const dashboard = { uid: 'mesos-e2e-happens', title: 'Events' };

/** Seconds between two polls: the shortest. */
const INTERVAL = 10;

const cpus: Query = { queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' };
const running: Query = { queryType: 'metrics', entity: 'cluster', resource: 'tasks', measure: 'running' };

const panel = (id: number, type: string, title: string, target: Query) => ({
  id,
  type,
  title,
  datasource: ref,
  gridPos: { x: 12 * ((id - 1) % 2), y: 9 * Math.floor((id - 1) / 2), w: 12, h: 9 },
  targets: [{ refId: 'A', datasource: ref, ...target }],
});

const annotation = (name: string, iconColor: string, target: Query) => ({
  name,
  enable: true,
  iconColor,
  datasource: ref,
  target: { refId: 'Anno', queryType: 'events', ...target },
});

const panelOf = (title: string) => `data-testid Panel header ${title}`;

/** The overview as it is shipped. */
const overview = JSON.parse(readFileSync(path.join(root, 'src', 'dashboards', 'cluster-overview.json'), 'utf8')) as {
  uid: string;
};

interface Status {
  polls: Array<{ poll: string; lastSuccess: string; intervalNs: number }>;
  live: { channels: number; computed: number };
}

const statusOf = (api: GrafanaApi, uid: string) =>
  api.call<Status>('GET', `/api/datasources/uid/${uid}/resources/status`);

/** The width of each mark over a graph that says something, by hovering over all: marks have no text of their own. */
async function marksOf(page: Page, graph: Locator, text: string): Promise<number[]> {
  const markers = graph.getByTestId('data-testid annotation-marker');
  await expect(markers.first()).toBeVisible({ timeout: 30_000 });
  const widths: number[] = [];
  for (const marker of await markers.all()) {
    await marker.dispatchEvent('mouseover'); // also where a region that goes on is drawn over it
    const shown = page.getByText(text).first();
    if (
      await shown.waitFor({ timeout: 1000 }).then(
        () => true,
        () => false
      )
    ) {
      widths.push((await marker.boundingBox())?.width ?? 0);
    }
    await marker.dispatchEvent('mouseout');
  }
  return widths;
}

interface Channel {
  /** Messages of Grafana Live with points of the plugin, oldest first. */
  messages: string[];
  sockets: WebSocketRoute[];
}

/** Reads what a page gets over Grafana Live, before it opens. */
async function readChannel(page: Page, uid: string): Promise<Channel> {
  const channel: Channel = { messages: [], sockets: [] };
  await page.routeWebSocket(/\/api\/live\/ws/, (socket) => {
    channel.sockets.push(socket);
    const server = socket.connectToServer();
    socket.onMessage((message) => server.send(message));
    server.onMessage((message) => {
      const text = String(message);
      if (text.includes(`ds/${uid}/live/`) && text.includes('"from"')) {
        channel.messages.push(text);
      }
      socket.send(message);
    });
  });
  return channel;
}

/** The newest points of a message: of each series the last time and value. */
function newest(message: string): Array<[number, number]> {
  return [...message.matchAll(/"values":\[\[([\d,]+)\],\[([-\d.,eE+]+)\]\]/g)].map(([, times, values]) => [
    Number(times.split(',').at(-1)),
    Number(values.split(',').at(-1)),
  ]);
}

test.describe('events', () => {
  test.setTimeout(600_000);
  let live: Live;

  test.beforeAll(async ({ api }) => {
    live = await startLive({ plan: { agents: 8, tasks: 80, masters: 3, pingTimeout: 15 } });
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await api.call('POST', '/api/datasources', settings(live.masters, source));
    await eventually(
      'the first poll, and the event stream',
      () => api.query(source.uid, [{ queryType: 'promql', expr: 'mesos_up{poll="subscribe"}', instant: true }]),
      ({ results }) => results.A?.frames?.[0]?.data.values[0]?.[0] === 1,
      90
    );
    await api.call('POST', '/api/dashboards/db', {
      overwrite: true,
      dashboard: {
        ...dashboard,
        time: { from: 'now-5m', to: 'now' },
        annotations: {
          list: [
            annotation('Leaders', 'purple', { kinds: ['master'] }),
            annotation('Agents', 'orange', { kinds: ['agent'], severity: 'warning' }),
          ],
        },
        panels: [
          panel(1, 'timeseries', 'CPU by framework', cpus),
          panel(2, 'state-timeline', 'Agents', { queryType: 'events', kinds: ['agent'], format: 'timeline' }),
          panel(3, 'timeseries', 'Running, live', { ...running, live: true }),
          {
            ...panel(5, 'state-timeline', 'Tasks', {
              queryType: 'events',
              kinds: ['task'],
              format: 'timeline',
              filters: [{ label: 'event', operator: '=', value: 'failed' }],
            }),
          },
          panel(4, 'table', 'What happened', { queryType: 'events', format: 'table', kinds: ['agent', 'master'] }),
        ],
      },
    });
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/folders/${folder.uid}?forceDeleteRules=true`);
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await live?.stop();
  });

  test('are marks and regions over graphs, timelines and tables', async ({ api, page, picture }) => {
    await live.do({ do: 'agent drains', agent: 2 });
    await live.do({ do: 'agent dies', agent: 5 });
    const table: Query = { queryType: 'events', format: 'table', kinds: ['agent', 'master'] };
    const happened = async () => {
      const { results } = await api.query(source.uid, [table]);
      const frame = results.A.frames?.[0];
      const column = frame?.schema.fields.findIndex(({ name }) => name === 'event') ?? -1;
      return frame?.data.values[column] ?? [];
    };
    const until = (...wanted: string[]) =>
      eventually(wanted.join(' and '), happened, (seen) => wanted.every((event) => seen.includes(event)), 120);
    await until('draining', 'unreachable');
    await live.do({ do: 'leader dies' });
    await until('leader');
    await page.setViewportSize({ width: 1500, height: 900 });
    await page.goto(`/d/${dashboard.uid}`);
    const graph = page.getByTestId(panelOf('CPU by framework')).first();
    await expect(graph.getByTestId('data-testid annotation-marker').first()).toBeVisible({ timeout: 30_000 });
    for (const title of ['CPU by framework', 'Agents', 'Running, live', 'What happened']) {
      const one = page.getByTestId(panelOf(title)).first();
      await expect(one.getByText('No data', { exact: true }), title).toHaveCount(0);
      await expect(one.getByTestId('data-testid Panel status error'), title).toHaveCount(0);
    }
    await expect(page.getByTestId(panelOf('What happened')).first().getByText('draining').first()).toBeVisible();
    await picture('events', page);
  });

  test('are marks over the overview: a new leader, an agent that is lost, and as a region one that drains', async ({
    api,
    atEnd,
    page,
    picture,
  }) => {
    atEnd(() => api.forget(`/api/dashboards/uid/${overview.uid}`));
    await api.call('POST', '/api/dashboards/import', {
      dashboard: overview,
      overwrite: true,
      inputs: [{ name: 'DS_MESOS', type: 'datasource', pluginId: ref.type, value: source.uid }],
    });
    await page.setViewportSize({ width: 1900, height: 1300 });
    await page.goto(`/d/${overview.uid}?var-datasource=${source.uid}&from=now-5m&to=now`);
    const graph = page.getByTestId(panelOf('CPU')).first();
    const shown = async (text: string, atLeast: number) => {
      const widths = await marksOf(page, graph, text);
      expect(Math.max(0, ...widths), text).toBeGreaterThanOrEqual(atLeast);
    };
    // It lasts from the latest answer of the leader before to the first of the new one.
    await expect(() => shown('answered first at', 7)).toPass({ timeout: 60_000 });
    await expect(() => shown('Agent agent5.example.com unreachable', 1)).toPass({ timeout: 60_000 });
    // 300 s are some 380 pixels here: as wide as 5 s is no mark of a moment.
    await expect(() => shown('Agent agent2.example.com draining', 7)).toPass({ timeout: 60_000 });
    await picture('overview-events', page);
  });

  test('a live panel moves without a refresh, is computed once for two viewers, and goes on after its socket broke', async ({
    api,
    page,
    context,
    picture,
  }) => {
    let requests = 0;
    const stop = await readAnswers(page, () => void requests++);
    const first = await readChannel(page, source.uid);
    await page.setViewportSize({ width: 1500, height: 900 });
    const address = `/d/${dashboard.uid}?viewPanel=3`;
    await page.goto(address);
    await expect(page.getByTestId(panelOf('Running, live')).first()).toBeVisible();
    await expect.poll(() => first.messages.length, { timeout: 60_000 }).toBeGreaterThan(0);
    const asked = requests;
    await picture('live-before', page);

    // How often a channel is computed a second, over four messages of a page.
    const rate = async ({ messages }: Channel) => {
      const [before, begun, had] = [await statusOf(api, source.uid), Date.now(), messages.length];
      await expect.poll(() => messages.length - had, { timeout: 120_000 }).toBeGreaterThan(3);
      const after = await statusOf(api, source.uid);
      expect([before.live.channels, after.live.channels]).toEqual([1, 1]);
      return (1000 * (after.live.computed - before.live.computed)) / (Date.now() - begun);
    };
    const alone = await rate(first);
    const other = await context.newPage();
    const second = await readChannel(other, source.uid);
    await other.goto(address);
    await expect.poll(() => second.messages.length, { timeout: 60_000 }).toBeGreaterThan(1);
    const together = await rate(first);
    expect(alone).toBeGreaterThan(0);
    expect(together).toBeLessThan(1.6 * alone); // one computation, whoever watches
    expect(first.messages.slice(-2)).toEqual(expect.arrayContaining(second.messages.slice(-1)));
    expect(requests).toBe(asked); // nothing was asked for again
    const last = first.messages.map((text) => Math.max(...newest(text).map(([time]) => time)));
    expect(last.at(-1)).toBeGreaterThan(last[0]);
    await picture('live-after', page);
    await other.close();

    const until = last.at(-1) ?? 0;
    const broken = first.sockets.length;
    await first.sockets[broken - 1].close({ code: 1011, reason: 'broken by the test' });
    await expect.poll(() => first.sockets.length, { timeout: 60_000 }).toBeGreaterThan(broken);
    await expect
      .poll(() => Math.max(0, ...newest(first.messages.at(-1) ?? '').map(([time]) => time)), { timeout: 90_000 })
      .toBeGreaterThan(until);
    await expect(page.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('live-after-break', page);
    await stop();
    await page.goto('about:blank');
    await eventually(
      'the end of the channel with its last viewer',
      () => statusOf(api, source.uid),
      ({ live: { channels } }) => channels === 0,
      60
    );
  });

  test('a rule fires for the agent on which tasks fail', async ({ api, page, picture }) => {
    await api.call('POST', '/api/folders', folder);
    const failed: Query = {
      queryType: 'metrics',
      entity: 'agent',
      resource: 'tasks',
      measure: 'failed',
      instant: true,
    };
    await writeRules(api, folder.uid, 'failures', [
      {
        uid: 'mesos-e2e-tasks-fail',
        title: 'tasks fail',
        data: [asked(source.uid, 120, failed), threshold('A', 'gt', 3)],
      },
    ]);
    await live.do({ do: 'service crashes', framework: 'marathon', service: 'search' });
    const [rule] = await eventually(
      'the rule on failed tasks',
      () => api.rules(folder.uid),
      ([one]) => one?.state === 'firing',
      180
    );
    expect(rule.health).toBe('ok');
    const firing = (rule.alerts ?? [])
      .filter(({ state }) => state.startsWith('Alerting'))
      .map(({ labels }) => labels.agent);
    expect(firing.length).toBeGreaterThan(0);
    expect(firing.every((agent) => agent?.length > 0)).toBe(true);
    await page.goto('/alerting/grafana/mesos-e2e-tasks-fail/view');
    await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
    await picture('tasks-fail', page);
  });

  test('a rule that counts events fires', async ({ api, page, picture }) => {
    const failures: Query = {
      ...{ queryType: 'events', format: 'count', kinds: ['task'], groupBy: ['framework'], instant: true },
      filters: [{ label: 'event', operator: '=', value: 'failed' }],
    };
    await writeRules(api, folder.uid, 'counts', [
      {
        uid: 'mesos-e2e-counted-failures',
        title: 'events of failures',
        data: [asked(source.uid, 120, failures), threshold('A', 'gt', 3)],
      },
    ]);
    const [rule] = await eventually(
      'the rule on counted events',
      async () => (await api.rules(folder.uid)).filter(({ name }) => name === 'events of failures'),
      ([one]) => one?.state === 'firing',
      180
    );
    expect(rule.health).toBe('ok');
    const firing = (rule.alerts ?? []).filter(({ state }) => state.startsWith('Alerting'));
    expect(firing.map(({ labels }) => labels.framework)).toEqual(['marathon']);
    await page.goto('/alerting/grafana/mesos-e2e-counted-failures/view');
    await expect(page.getByText('Firing', { exact: true }).first()).toBeVisible();
    await picture('events-counted', page);
  });

  test('states of tasks are a timeline', async ({ page, picture }) => {
    const states: string[][] = [];
    const stop = await readAnswers<{ frames?: Frame[] }>(page, ({ queries, results }) => {
      if (queries.some(({ queryType }) => queryType === 'events')) {
        const frames = Object.values(results).flatMap((result) => result.frames ?? []);
        states.push(...frames.map(({ data }) => (data.values[1] ?? []).map(String)));
      }
    });
    await page.setViewportSize({ width: 1500, height: 900 });
    await page.goto(`/d/${dashboard.uid}?viewPanel=5`);
    const panel = page.getByTestId(panelOf('Tasks')).first();
    await expect(panel.locator('canvas').first()).toBeVisible();
    // One frame for each task that failed, with the states before.
    await expect
      .poll(() => states.filter((one) => one.includes('running') && one.includes('failed')).length, { timeout: 30_000 })
      .toBeGreaterThan(3);
    await stop();
    await expect(panel.getByText('No data', { exact: true })).toHaveCount(0);
    await expect(panel.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('task-timeline', page);
  });
});

// From 500 agents on /state is asked every ten minutes where the stream keeps the model: what moves meanwhile is of events.
test.describe('events of a cluster whose /state is seldom asked', () => {
  test.setTimeout(600_000);
  const large = { uid: 'mesos-e2e-happens-large', name: 'Mesos (e2e, many agents)' };
  const moves = { uid: 'mesos-e2e-happens-large', title: 'Moves' };
  let live: Live;

  const stateOf = async (api: GrafanaApi) =>
    (await statusOf(api, large.uid)).polls.find(({ poll }) => poll === 'state') ?? { lastSuccess: '', intervalNs: 0 };

  test.beforeAll(async ({ api }) => {
    live = await startLive({ plan: { agents: 520, tasks: 600, masters: 1, deploys: 0 } });
    await api.forget(`/api/dashboards/uid/${moves.uid}`);
    await api.forget(`/api/datasources/uid/${large.uid}`);
    await api.call('POST', '/api/datasources', settings(live.masters, large));
    const target = { refId: 'A', datasource: { ...ref, uid: large.uid }, live: true };
    await api.call('POST', '/api/dashboards/db', {
      overwrite: true,
      dashboard: {
        ...moves,
        time: { from: 'now-5m', to: 'now' },
        panels: [
          {
            ...panel(1, 'timeseries', 'Of events', {}),
            datasource: target.datasource,
            targets: [
              { ...target, queryType: 'promql', expr: 'mesos_framework_tasks{framework="marathon",state="running"}' },
            ],
          },
        ],
      },
    });
    // What executors of frameworks' own hold the stream does not tell, so that /state is asked more often for them.
    for (const framework of ['kafka', 'cassandra', 'hadoop', 'spark-etl', 'chronos', 'batch-queue', 'trainer']) {
      await live.do({ do: 'framework is removed', framework });
    }
    let [last, since] = ['', Date.now()];
    await eventually(
      'a model that events keep',
      async () => {
        await api.query(large.uid, [{ queryType: 'promql', expr: 'mesos_up', instant: true }]);
        const { intervalNs, lastSuccess } = await stateOf(api);
        [last, since] = lastSuccess === last ? [last, since] : [lastSuccess, Date.now()];
        return { intervalNs, lastSuccess, quiet: Date.now() - since };
      },
      ({ intervalNs, quiet }) => intervalNs >= 100e9 && quiet > 30_000,
      300
    );
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/dashboards/uid/${moves.uid}`);
    await api.forget(`/api/datasources/uid/${large.uid}`);
    await live?.stop();
  });

  test('a live panel moves between two polls of /state', async ({ api, page, picture }) => {
    const channel = await readChannel(page, large.uid);
    await page.setViewportSize({ width: 1500, height: 900 });
    await page.goto(`/d/${moves.uid}?viewPanel=1`);
    await expect.poll(() => channel.messages.length, { timeout: 60_000 }).toBeGreaterThan(0);
    const polled = await stateOf(api);
    const values = () => channel.messages.flatMap((text) => newest(text).map(([, value]) => value));
    const before = values().at(-1) ?? 0;
    await live.do({ do: 'service wants', framework: 'marathon', service: 'search', times: 2 });
    await expect.poll(() => values().at(-1), { timeout: 120_000 }).toBeGreaterThan(before);
    expect((await stateOf(api)).lastSuccess).toBe(polled.lastSuccess);
    await picture('live-of-events', page);
  });
});
