// Runs `go test`, and tries what failed once more, alone.
import { failure } from './failures.ts';
import { noOutcome, type Outcome, run } from './outcome.ts';

/**
 * More failures than this are a fault and not a moment in which the machine was slow: none is tried again.
 */
const FEW = 3;

/** What the detector of data races writes. A race is a fault however seldom it is seen. */
const RACE = 'WARNING: DATA RACE';

/** An event of `go test -json` (`go doc test2json`), or of the build. */
interface Event {
  Action: string;
  Package?: string;
  Test?: string;
  Output?: string;
  ImportPath?: string;
  Elapsed?: number;
}

/** A test that failed, with its subtests. */
interface Failed {
  package: string;
  test: string;
  /** The test and those of its subtests that failed. */
  count: number;
  said: string[];
  raced: boolean;
}

/** A run's outcome, and those of its failures that a test reported. */
interface Run {
  outcome: Outcome;
  failed: Map<string, Failed>;
}

/**
 * `go test` of packages, read from its own JSON events. A package that does not build is a failure. Up to three tests
 * that failed are tried once more, alone; what passes then is counted as passed and told as flaky, unless it raced.
 */
export async function goTest(packages: string[], flags: string[] = []): Promise<Outcome> {
  const { outcome, failed } = await once(packages, flags);
  if (failed.size > FEW) {
    return outcome;
  }
  for (const one of failed.values()) {
    if (one.raced) {
      continue;
    }
    console.log(`once more, alone: ${one.package} ${one.test}`);
    const again = (await once([one.package], [...flags, '-count=1', '-run', `^${one.test}$`])).outcome;
    if (again.failed === 0 && again.passed > 0) {
      outcome.failed -= one.count;
      outcome.passed += one.count;
      outcome.failures = outcome.failures.filter((text) => !one.said.includes(text));
      outcome.flaky.push(...one.said);
    }
  }
  return outcome;
}

async function once(packages: string[], flags: string[]): Promise<Run> {
  const outcome = noOutcome();
  const failed = new Map<string, Failed>();
  const output = new Map<string, string[]>();
  const counted = { pass: 'passed', fail: 'failed', skip: 'skipped' } as const;
  const code = await run(['go', 'test', '-json', ...flags, ...packages], (text) => {
    let event: Event;
    try {
      event = JSON.parse(text);
    } catch {
      console.log(text);
      return;
    }
    const of = event.Package ?? event.ImportPath ?? '';
    const id = event.Test === undefined ? of : `${of} ${event.Test}`;
    if (event.Output !== undefined) {
      output.set(id, [...(output.get(id) ?? []), event.Output]);
    }
    const count = counted[event.Action as keyof typeof counted];
    if (!count && event.Action !== 'build-fail') {
      return;
    }
    const said = (output.get(id) ?? []).join('');
    output.delete(id);
    if (count !== 'passed') {
      process.stdout.write(said);
    }
    if (event.Test && count) {
      outcome[count]++;
      if (count === 'failed') {
        note(failed, of, event.Test, failure(id, said), said.includes(RACE));
      }
    } else if (count === 'passed') {
      console.log(`ok   ${event.Package} (${event.Elapsed} s)`);
    } else if (event.Action === 'build-fail' || ![...failed.values()].some((one) => one.package === of)) {
      outcome.failures.push(...(count === 'skipped' ? [] : [failure(id, said)]));
    }
  });
  outcome.failures.push(...[...failed.values()].flatMap((one) => one.said));
  if (code !== 0 && outcome.failed === 0) {
    outcome.failed = 1;
  }
  return { outcome, failed };
}

/** Notes that a test or a subtest failed. */
function note(failed: Map<string, Failed>, of: string, test: string, said: string, raced: boolean): void {
  const [top] = test.split('/');
  const before = failed.get(`${of} ${top}`);
  failed.set(`${of} ${top}`, {
    package: of,
    test: top,
    count: (before?.count ?? 0) + 1,
    said: [...(before?.said ?? []), said],
    raced: raced || before?.raced === true,
  });
}
