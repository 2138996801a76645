// What is told of a test that failed: its name, and below it some lines of what it said.
import path from 'node:path';

/** Enough of what a test said to see why it failed, where only the end of a long log is at hand. */
const KEPT_LINES = 25;

/** How a failure is told: the name, and the end of what was said, indented. */
export function failure(name: string, said = ''): string {
  const lines = said.split('\n').filter((line) => line.trim() !== '');
  return [name, ...lines.slice(-KEPT_LINES).map((line) => `    ${line}`)].join('\n');
}

/** The first lines: of a message that is followed by a trace. */
export function head(text: string): string {
  return text.split('\n').slice(0, KEPT_LINES).join('\n');
}

interface JestFile {
  name: string;
  status: string;
  message: string;
  assertionResults: Array<{ status: string; fullName: string; failureMessages: string[] }>;
}

/** Failures of Jest's report. A file that could not be run has no assertions. */
export function failuresOfJest(files: JestFile[]): string[] {
  return files.flatMap(({ name, status, message, assertionResults }) => {
    const failed = assertionResults.filter((assertion) => assertion.status === 'failed');
    return failed.length === 0 && status === 'failed'
      ? [failure(name, message)]
      : failed.map(({ fullName, failureMessages }) =>
          failure(`${path.relative('.', name)} › ${fullName}`, head(failureMessages.join('\n')))
        );
  });
}

interface PlaywrightSuite {
  suites?: PlaywrightSuite[];
  specs?: Array<{
    file: string;
    line: number;
    title: string;
    tests: Array<{ status: string; projectName: string; results: Array<{ error?: { message?: string } }> }>;
  }>;
}

/** What failed of a suite of Playwright's report and of those in it: at each try, or at the first one only. */
export function failuresOfPlaywright(
  { suites = [], specs = [] }: PlaywrightSuite,
  wanted: 'unexpected' | 'flaky'
): string[] {
  return [
    ...specs.flatMap(({ file, line, title, tests }) =>
      tests
        .filter(({ status }) => status === wanted)
        .map(({ projectName, results }) =>
          failure(`[${projectName}] ${file}:${line} › ${title}`, head(results[0]?.error?.message ?? ''))
        )
    ),
    ...suites.flatMap((suite) => failuresOfPlaywright(suite, wanted)),
  ];
}
