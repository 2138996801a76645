// The backend through Grafana's API: health, queries, resources.
import { cpusByFrameworkOf } from '../../tools/simulator/expected.ts';
import { cpusByFramework, expect, test } from './fixtures.ts';

test('Save & test shows what was found', async ({ api, mesos }) => {
  const { status, message, details } = await api.call<{
    status: string;
    message: string;
    details: { verboseMessage: string };
  }>('GET', `/api/datasources/uid/${mesos.uid}/health`);
  expect(status).toBe('OK');
  expect(message).toMatch(/agents/);
  expect(details.verboseMessage).toMatch(/leader/i);
});

test('a metrics query returns the numbers of the replayed master', async ({ api, mesos, replay }) => {
  // The cluster changes every few seconds: ask until no sample was taken between the two.
  await expect(async () => {
    const state = async () => cpusByFrameworkOf(await (await fetch(`${replay.masters[0]}/state`)).json());
    const before = await state();
    const { status, results } = await api.query(mesos.uid, [{ ...cpusByFramework, instant: true }]);
    expect(status).toBe(200);
    expect(results.A.frames).toHaveLength(1);
    const [frame] = results.A.frames ?? [];
    expect(frame.schema.meta?.type).toBe('numeric-wide');
    const got = Object.fromEntries(
      frame.schema.fields.map((field, i) => [field.labels?.framework, frame.data.values[i][0]])
    );
    const expected = Object.fromEntries(Object.entries(before).map(([name, cpus]) => [name, expect.closeTo(cpus, 6)]));
    expect(got).toEqual(expected);
  }).toPass({ timeout: 90_000, intervals: [1000] });
});

test('the same as a PromQL query returns the same numbers', async ({ api, mesos }) => {
  const { results } = await api.query(mesos.uid, [
    { ...cpusByFramework, instant: true },
    { queryType: 'promql', expr: 'sum by (framework) (mesos_framework_cpus_allocated)', instant: true },
  ]);
  const values = ['A', 'B'].map((refId) => {
    const [frame] = results[refId].frames ?? [];
    return frame.schema.fields.map((field, i) => [field.labels?.framework, frame.data.values[i][0]]).sort();
  });
  expect(values[0].length).toBeGreaterThan(3);
  expect(values[1]).toEqual(values[0]);
});

test('a wrong query is an error that says what would be right', async ({ api, mesos }) => {
  const { status, results } = await api.query(mesos.uid, [
    { ...cpusByFramework, entity: 'node' },
    { queryType: 'promql', expr: 'sum by (framework' },
    cpusByFramework,
  ]);
  expect(status).toBe(400);
  expect(results.A.error).toMatch(/entity.*"node".*agent.*framework/s);
  expect(results.B.error).toMatch(/PromQL/);
  expect(results.A.errorSource).toBe('downstream');
  expect(results.C.error).toBeUndefined();
  expect(results.C.frames?.length).toBeGreaterThan(3);
});

test('the resource label-values returns label values', async ({ api, mesos }) => {
  const { data } = await api.call<{ data: string[] }>(
    'GET',
    `/api/datasources/uid/${mesos.uid}/resources/label-values?label=framework`
  );
  expect(data.length).toBeGreaterThan(3);
});
