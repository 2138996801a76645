// Whether the Grafana of docker-compose.yaml shows six hours of the simulated cluster: `node tools/compose/smoke.ts URL`.
export {}; // a module

const [url = 'http://localhost:3000'] = process.argv.slice(2);

/** Points of a sum over the last six hours; 0 where Grafana has no answer yet. */
async function points(): Promise<number> {
  const query = {
    ...{ refId: 'A', datasource: { uid: 'mesos' }, queryType: 'promql', expr: 'sum(mesos_framework_cpus_allocated)' },
    ...{ range: true, intervalMs: 60_000, maxDataPoints: 1000 },
  };
  const answer = await fetch(`${url}/api/ds/query`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ from: 'now-6h', to: 'now', queries: [query] }),
  });
  const { results } = (await answer.json()) as {
    results?: { A?: { error?: string; frames?: Array<{ data: { values: number[][] } }> } };
  };
  if (results?.A?.error) {
    console.log(results.A.error);
  }
  return results?.A?.frames?.[0]?.data.values[0]?.length ?? 0;
}

/** Minutes of six hours, less the gap in which a leader is elected and Grafana starts. */
const ENOUGH = 330;
for (const end = Date.now() + 180_000; ; await new Promise((resolve) => setTimeout(resolve, 2000))) {
  const found = await points().catch((error: Error) => (console.log(error.message), 0));
  if (found >= ENOUGH) {
    console.log(`${found} minutes of the last six hours`);
    break;
  }
  if (Date.now() > end) {
    console.error(`${found} minutes of the last six hours instead of ${ENOUGH} or more`);
    process.exit(1);
  }
}
