// What Grafana's operator can see of the plugin: its own metrics, at both of Grafana's addresses, and names of other tools
// in a rule's query.
import { pluginId } from '../../tools/scripts/grafana.ts';
import { eventually } from './api.ts';
import { expect, source, test } from './fixtures.ts';

test("Grafana serves the plugin's own metrics", async ({ api, mesos }) => {
  expect(mesos.uid).toBe(source.uid);
  const answer = await eventually(
    'polls of the data source in its metrics',
    async () => (await api.request('GET', `/api/plugins/${pluginId}/metrics`)).body,
    (text) =>
      String(text).includes(`grafana_plugin_mesos_polls_total{outcome="ok",poll="state",source="1-${source.uid}"}`),
    60
  );
  expect(answer).toContain('# TYPE grafana_plugin_mesos_polls_total counter');
  expect(answer).toContain('grafana_plugin_mesos_poll_duration_seconds_bucket');
  expect(answer).toContain(`grafana_plugin_mesos_history_series{engine=`);
  expect(answer).toContain('grafana_plugin_mesos_admission_waiting{asker="rule",lane="small"} 0');
  expect(answer).toContain('process_resident_memory_bytes');
  const scraped = await api.request('GET', `/metrics/plugins/${pluginId}`);
  expect(scraped.status).toBe(200);
  expect(String(scraped.body)).toContain('grafana_plugin_mesos_sources ');
});

test('an expression of the mixin answers in Grafana', async ({ api, mesos }) => {
  const expr =
    'max by(mesos_cluster) (mesos_master_cpus{job=~".+",mesos_cluster=~".*",cluster=~".*",instance=~".+", type="total"})';
  const datasource = { uid: mesos.uid };
  const answer = (await api.request('POST', '/api/ds/query', {
    from: 'now-5m',
    to: 'now',
    queries: [
      { refId: 'A', datasource, queryType: 'promql', expr, instant: true },
      // The recorded cluster loses an agent and gets it back, depending on how long it has been replayed.
      { refId: 'B', datasource, queryType: 'promql', expr: 'mesos_cluster_cpus_capacity', instant: true },
    ],
  })) as { status: number; body: { results: Record<'A' | 'B', { frames: Array<{ data: { values: number[][] } }> }> } };
  expect(answer.status).toBe(200);
  const [mixin, own] = (['A', 'B'] as const).map((id) => answer.body.results[id].frames[0].data.values.at(-1));
  expect(mixin).toHaveLength(1);
  expect(mixin?.[0]).toBeGreaterThan(0);
  expect(mixin).toEqual(own);
});
