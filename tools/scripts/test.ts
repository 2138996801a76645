// Runs all suites that this machine can run, and prints as last lines each test that failed, and
// `N passed, N failed, N skipped`. Exits with 1 when a test failed, or when a
// suite that should run ran no test.
//
//   npm test                 all suites
//   npm test -- go jest      those suites only
import { broken, noOutcome, type Outcome } from './outcome.ts';
import { type Suite, suites } from './suites.ts';

function select(names: string[]): Suite[] {
  const unknown = names.filter((name) => !suites.some((suite) => suite.name === name));
  if (unknown.length > 0) {
    console.error(`No suite ${unknown.join(', ')}. There are: ${suites.map((suite) => suite.name).join(', ')}`);
    process.exit(2);
  }
  return names.length > 0 ? suites.filter((suite) => names.includes(suite.name)) : suites;
}

function tell(heading: string, tests: string[]): void {
  if (tests.length > 0) {
    console.log(`\n${heading}:\n${tests.join('\n')}`);
  }
}

const total = noOutcome();
for (const suite of select(process.argv.slice(2))) {
  console.log(`\n== ${suite.name}: ${suite.what}`);
  const started = Date.now();
  let outcome: Outcome;
  try {
    outcome = await suite.run();
  } catch (error) {
    console.error(error);
    outcome = broken(String(error));
  }
  if (outcome.passed + outcome.failed + outcome.skipped === 0) {
    outcome = broken('no test was run');
  }
  const seconds = ((Date.now() - started) / 1000).toFixed(0);
  console.log(
    `-- ${suite.name}: ${outcome.passed} passed, ${outcome.failed} failed, ${outcome.skipped} skipped (${seconds} s)`
  );
  total.passed += outcome.passed;
  total.failed += outcome.failed;
  total.skipped += outcome.skipped;
  total.failures.push(...outcome.failures.map((text) => `${suite.name}: ${text}`));
  total.flaky.push(...outcome.flaky.map((text) => `${suite.name}: ${text}`));
}
// A log is long, and often only its end is at hand.
tell('Failed at first, and passed when tried once more', total.flaky);
tell('Failed', total.failures);
console.log(`\n${total.passed} passed, ${total.failed} failed, ${total.skipped} skipped`);
process.exitCode = total.failed > 0 ? 1 : 0;
