// Events of a simulated cluster in Grafana: marks and regions over graphs, state timelines, a live panel, and a rule that
// counts failed tasks by agent.
import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { readAnswers } from './answers.ts';
import { eventually, type Query } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

const source = { uid: 'mesos-e2e-happens', name: 'Mesos (e2e, as it happens)' };
const ref = { uid: source.uid, type: 'community-mesos-datasource' };
const folder = { uid: 'mesos-e2e-happens', title: 'Mesos (e2e, as it happens)' };
const dashboard = { uid: 'mesos-e2e-happens', title: 'Events' };

/** Seconds between two polls, and between two evaluations: the shortest of both. */
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
    await page.waitForTimeout(2000); // the picture has the graphs drawn whole
    await picture('events', page);
  });

  test('a live panel moves between two refreshes, which there are none of', async ({ page, picture }) => {
    let requests = 0;
    const stop = await readAnswers(page, () => void requests++);
    const messages: string[] = [];
    page.on('websocket', (socket) => {
      socket.on('framereceived', ({ payload }) => messages.push(String(payload)));
    });
    await page.setViewportSize({ width: 1500, height: 900 });
    await page.goto(`/d/${dashboard.uid}?viewPanel=3`);
    await expect(page.getByTestId(panelOf('Running, live')).first()).toBeVisible();
    const pushed = () => messages.filter((text) => text.includes(`ds/${source.uid}/live/`) && text.includes('"from"'));
    await expect.poll(() => pushed().length, { timeout: 60_000 }).toBeGreaterThan(0);
    const asked = requests;
    const before = pushed().length;
    await picture('live-before', page);
    await expect.poll(() => pushed().length, { timeout: 4 * INTERVAL * 1000 }).toBeGreaterThan(before + 1);
    await picture('live-after', page);
    expect(requests).toBe(asked); // nothing was asked for again
    const times = (text: string) =>
      [...text.matchAll(/"values":\[\[([\d,]+)\]/g)].map(([, list]) => Number(list.split(',').at(-1)));
    const last = pushed().map((text) => Math.max(...times(text)));
    expect(last.at(-1)).toBeGreaterThan(last[0]);
    await stop();
  });

  test('a rule fires for the agent on which tasks fail', async ({ api, page, picture }) => {
    await api.call('POST', '/api/folders', folder);
    await api.call('PUT', `/api/v1/provisioning/folder/${folder.uid}/rule-groups/failures`, {
      title: 'failures',
      folderUid: folder.uid,
      interval: INTERVAL,
      rules: [
        {
          title: 'tasks fail',
          uid: 'mesos-e2e-tasks-fail',
          folderUID: folder.uid,
          ruleGroup: 'failures',
          condition: 'C',
          for: '0s',
          noDataState: 'OK',
          execErrState: 'Error',
          data: [
            {
              refId: 'A',
              datasourceUid: source.uid,
              relativeTimeRange: { from: 120, to: 0 },
              model: {
                refId: 'A',
                queryType: 'metrics',
                entity: 'agent',
                resource: 'tasks',
                measure: 'failed',
                instant: true,
              },
            },
            {
              refId: 'C',
              datasourceUid: '__expr__',
              model: {
                refId: 'C',
                type: 'threshold',
                expression: 'A',
                conditions: [{ type: 'query', evaluator: { type: 'gt', params: [3] } }],
              },
            },
          ],
        },
      ],
    });
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
});
