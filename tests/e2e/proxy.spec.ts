// Grafana's data source proxy forwards no request to a master.
import { eventually, GrafanaApi } from './api.ts';
import { expect, settings, test } from './fixtures.ts';

const viewer = { login: 'mesos-e2e-viewer', password: 'only-looks-at-panels' };
const up = { queryType: 'promql', expr: 'mesos_up' };

test("a Viewer's requests through the data source proxy never reach the master", async ({ api, mesos, replay }) => {
  const known = await api.request('GET', `/api/users/lookup?loginOrEmail=${viewer.login}`);
  if (known.status === 200) {
    await api.forget(`/api/admin/users/${(known.body as { id: number }).id}`);
  }
  const { id } = await api.call<{ id: number }>('POST', '/api/admin/users', { ...viewer, name: viewer.login });
  const asViewer = new GrafanaApi(api.url, viewer.login, viewer.password);
  const [master] = replay.masters;
  const forbidden = /^\/(api\/v1|master\/teardown|machine)/;
  try {
    // Not even with a url in the settings, which the plugin refuses.
    for (const url of ['', master]) {
      const plain = settings([master]);
      // Without the event stream, which the plugin itself asks for by POST.
      const silent = { ...plain, jsonData: { ...plain.jsonData, subscribe: 'never' } };
      await api.call('PUT', `/api/datasources/uid/${mesos.uid}`, { ...silent, url });
      if (url === '') {
        await eventually(
          'the end of the event stream',
          () => api.query(mesos.uid, [{ queryType: 'promql', expr: 'mesos_up{poll="subscribe"}', instant: true }]),
          ({ results }) => (results.A?.frames?.[0]?.schema.fields.length ?? 0) === 0,
          40
        );
        replay.clearRequests();
      }
      for (const [method, path] of [
        ['POST', 'api/v1'],
        ['POST', 'master/teardown'],
        ['POST', 'machine/down'],
        ['GET', 'api/v1'],
      ]) {
        const { status } = await asViewer.request(
          method,
          `/api/datasources/proxy/uid/${mesos.uid}/${path}`,
          method === 'POST' ? { type: 'MARK_AGENT_GONE' } : undefined
        );
        expect(status, `${method} ${path} with url "${url}"`).toBeGreaterThanOrEqual(400);
      }
    }
    const received = replay.requests().filter(({ method, path }) => method !== 'GET' || forbidden.test(path));
    expect(received).toEqual([]);
    // Polls do reach it.
    await expect.poll(() => replay.requests().length, { timeout: 60_000 }).toBeGreaterThan(0);

    // The Viewer may query, and a source whose url is set says why it does not work.
    // Grafana itself keeps the settings of a data source for some seconds.
    const refused = await eventually(
      'the refusal of the url',
      () => asViewer.query(mesos.uid, [up]),
      ({ results }) => results.A?.error !== undefined,
      20
    );
    expect(refused.results.A.error).toMatch(/url.*must stay empty/s);
  } finally {
    // An empty url is not stored over another; this one stands for it.
    await api.call('PUT', `/api/datasources/uid/${mesos.uid}`, { ...settings([master]), url: 'http://127.0.0.1:9' });
    await api.forget(`/api/admin/users/${id}`);
  }
  await eventually(
    'an answer after the url was cleared',
    () => api.query(mesos.uid, [up]),
    ({ results }) => (results.A?.frames?.length ?? 0) > 0,
    20
  );
});
