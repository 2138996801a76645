// `npm run e2e`: the tests that need a real Grafana with this plugin in it.
//
//   GRAFANA_URL=http://localhost:3000 npm run e2e    one that runs on this machine
//   GRAFANA_HOME=DIR npm run e2e                     an unpacked one, started for the tests
//
// GRAFANA_USER and GRAFANA_PASSWORD name an admin (admin, admin). Arguments go
// to Playwright: `npm run e2e -- alerting`. Exit status 1 when a test failed or
// none ran. Without a Grafana it prints that and tests nothing.
import { type GrafanaRun, runE2e } from './e2e-run.ts';

let run: GrafanaRun | undefined;
try {
  run = await runE2e(process.argv.slice(2));
} catch (error) {
  console.error((error as Error).message);
  process.exit(1);
}
if (!run) {
  console.log('skipped: no Grafana. Name a running one by GRAFANA_URL, or an unpacked one by GRAFANA_HOME.');
} else {
  const { version, url, outcome } = run;
  console.log(
    `\nGrafana ${version} at ${url}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped`
  );
  if (outcome.passed + outcome.failed === 0) {
    console.error('No test ran.');
  }
  process.exitCode = outcome.failed > 0 || outcome.passed === 0 ? 1 : 0;
}
