// Events in Grafana: annotations over a panel and their editor, the query editor in
// Explore, a state timeline. The cluster is simulated: an agent drains, another dies.
import type { Page } from '@playwright/test';

import { type Live, startLive } from '../../tools/simulator/live/live.ts';
import { eventually } from './api.ts';
import { exploreAddress } from './explore.ts';
import { expect, settings, test } from './fixtures.ts';

/** A source of its own at each start: the plugin keeps the events of a deleted one, and those of its other cluster. */
const source = { uid: `mesos-e2e-events-${process.pid}`, name: 'Mesos events (e2e)' };
const datasource = { type: 'community-mesos-datasource', uid: source.uid };

const drains = 'agent2.example.com';
const dies = 'agent3.example.com';

const dashboard = {
  uid: 'e2e-events',
  title: 'Events (e2e)',
  time: { from: 'now-5m', to: 'now' },
  panels: [
    {
      ...{ id: 1, type: 'timeseries', title: 'CPU', datasource, gridPos: { x: 0, y: 0, w: 24, h: 9 } },
      targets: [{ refId: 'A', queryType: 'promql', expr: 'mesos_cluster_cpus_allocated' }],
    },
    {
      ...{ id: 2, type: 'state-timeline', title: 'Agents', datasource, gridPos: { x: 0, y: 9, w: 24, h: 9 } },
      targets: [{ refId: 'A', queryType: 'events', kinds: ['agent'], format: 'timeline' }],
    },
  ],
  annotations: {
    list: [
      // As it is made by a click: without a query.
      { name: 'Agents', enable: true, iconColor: 'orange', datasource },
      {
        ...{ name: 'Agents active', enable: true, iconColor: 'red', datasource },
        ...{ titleFormat: 'Agents {{state}}', tagKeys: 'state' },
        target: { refId: 'Anno', expr: 'mesos_cluster_agents{state="active"}', interval: '10s' },
      },
    ],
  },
};

const explore = (query: object) => exploreAddress(source.uid, query);

/** Opens an annotation in the dashboard's settings. Grafana's own comes first. */
const annotation = (page: Page, number: number) =>
  page.goto(`/d/${dashboard.uid}?editview=annotations&editIndex=${number}`);

test.describe('events', () => {
  let live: Live;

  test.beforeAll(async ({ api }) => {
    test.setTimeout(240_000);
    live = await startLive({ plan: { agents: 6, tasks: 40, masters: 1 } });
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await api.call('POST', '/api/datasources', settings(live.masters, source));
    const eventsOf = async (kind: string) => {
      const { results } = await api.query(source.uid, [{ queryType: 'events', kinds: [kind], format: 'table' }]);
      const [frame] = results.A?.frames ?? [];
      return (frame?.data.values[frame.schema.fields.findIndex(({ name }) => name === 'event')] ?? []).map(String);
    };
    const polled = async () =>
      (await api.query(source.uid, [{ queryType: 'promql', expr: 'mesos_cluster_agents', instant: true }])).results.A;
    await eventually('the first poll', polled, (answer) => (answer?.frames?.[0]?.schema.fields.length ?? 0) > 0, 60);
    await live.do({ do: 'agent drains', agent: 2, grace: 5 });
    await eventually(
      'the drain',
      () => eventsOf('agent'),
      (seen) => seen.includes('drained'),
      90
    );
    await live.do({ do: 'agent dies', agent: 3 });
    await eventually(
      'the death',
      () => eventsOf('agent'),
      (seen) => seen.includes('disconnected'),
      60
    );
    await api.call('POST', '/api/dashboards/db', { dashboard, overwrite: true });
  });

  test.afterAll(async ({ api }) => {
    await api.forget(`/api/dashboards/uid/${dashboard.uid}`);
    await api.forget(`/api/datasources/uid/${source.uid}`);
    await live?.stop();
  });

  test('are drawn over a panel, as the series of a PromQL annotation are', async ({ page, picture }) => {
    const markers = page.getByTestId('data-testid Panel header CPU').getByTestId('data-testid annotation-marker');
    // Its title, in the tooltip of a marker.
    const shows = async (title: string) => {
      await page.goto(`/d/${dashboard.uid}`);
      await expect(markers.first()).toBeVisible({ timeout: 10_000 });
      for (const marker of await markers.all()) {
        await page.mouse.move(0, 0);
        await marker.hover({ force: true, position: { x: 1, y: 1 } });
        if (await page.getByText(title).first().isVisible()) {
          return;
        }
      }
      throw new Error(`no marker says ${title}`);
    };
    await expect(() => shows('Agents active')).toPass({ timeout: 60_000 });
    await expect(() => shows(`Agent ${dies} disconnected`)).toPass({ timeout: 60_000 });
    await picture('annotations', page);
  });

  test('are chosen in the editor of annotations, which stores what it shows', async ({ page, picture }) => {
    await annotation(page, 1);
    await expect(page.getByText(/[1-9]\d* events/).first()).toBeVisible();
    await expect(page.getByRole('radio', { name: 'Events' })).toBeChecked();
    await picture('annotation-editor', page);
    await page.getByRole('combobox', { name: 'Severity' }).click();
    await page.getByRole('option', { name: 'Errors', exact: true }).click();
    await expect(page.getByRole('combobox', { name: 'Severity' })).toHaveValue('Errors');

    await annotation(page, 2);
    await expect(page.getByText(/[1-9]\d* events/).first()).toBeVisible();
    await expect(page.getByRole('radio', { name: 'PromQL' })).toBeChecked();
    await expect(page.getByRole('textbox', { name: 'Title' })).toHaveValue('Agents {{state}}');
  });

  test('are a table in Explore, with filters by the values of the event log', async ({ page, picture }) => {
    await page.goto(explore({ queryType: 'metrics', entity: 'agent', resource: 'cpus', measure: 'allocated' }));
    await page.getByRole('radio', { name: 'Events' }).check({ force: true });
    await page.getByRole('button', { name: 'Add filter' }).click();
    await page.getByTestId('filter-label').getByRole('combobox').click();
    await page.getByRole('option', { name: 'agent', exact: true }).click();
    await page.getByTestId('filter-values').getByRole('combobox').click();
    await page.getByRole('option', { name: drains, exact: true }).click();
    await page.keyboard.press('Escape');
    await page.getByTestId('data-testid RefreshPicker run button').click();
    await expect(page.getByRole('gridcell', { name: 'draining', exact: true })).toBeVisible();
    await expect(page.getByRole('gridcell', { name: dies })).toHaveCount(0);
    await picture('explore-events', page);
  });

  test('are states over time in the panel State timeline', async ({ page, picture }) => {
    await page.goto(`/d/${dashboard.uid}`);
    const panel = page.getByTestId('data-testid Panel header Agents');
    await expect(panel.locator('canvas').first()).toBeVisible();
    await expect(panel.getByText(/No data|does not have|Unable to/)).toHaveCount(0);
    await expect(panel.getByTestId('data-testid Panel status error')).toHaveCount(0);
    await picture('state-timeline', page);
  });
});
