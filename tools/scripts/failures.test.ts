import assert from 'node:assert/strict';
import path from 'node:path';
import { test } from 'node:test';

import { failure, failuresOfJest, failuresOfPlaywright } from './failures.ts';
import { checks } from './outcome.ts';

test('a failure is told by its name and the end of what was said', () => {
  const said = Array.from({ length: 40 }, (_, i) => `line ${i}`).join('\n\n');
  const lines = failure('TestPoll', said).split('\n');
  assert.equal(lines[0], 'TestPoll');
  assert.equal(lines.at(-1), '    line 39');
  assert.equal(lines.length, 26);
});

test('failures of Jest are its failed assertions, and the files that could not be run', () => {
  const failed = { status: 'failed', fullName: 'Filters keep a label', failureMessages: ['expected 1\n  at a.ts'] };
  const passed = { status: 'passed', fullName: 'Filters are drawn', failureMessages: [] };
  const files = [
    { name: path.resolve('src/a.test.tsx'), status: 'failed', message: '', assertionResults: [failed, passed] },
    { name: 'src/b.test.tsx', status: 'failed', message: 'Cannot find module', assertionResults: [] },
    { name: 'src/c.test.tsx', status: 'passed', message: '', assertionResults: [passed] },
  ];
  assert.deepEqual(failuresOfJest(files), [
    'src/a.test.tsx › Filters keep a label\n    expected 1\n      at a.ts',
    'src/b.test.tsx\n    Cannot find module',
  ]);
});

test('failures of Playwright are named by page, file and line, apart from what passed when tried again', () => {
  const spec = (title: string, status: string) => ({
    file: 'menus.spec.ts',
    line: 293,
    title,
    tests: [{ status, projectName: 'Grafana 13', results: [{ error: { message: 'Timed out' } }] }],
  });
  const report = { suites: [{ specs: [spec('a', 'unexpected'), spec('b', 'flaky')] }] };
  assert.deepEqual(failuresOfPlaywright(report, 'unexpected'), ['[Grafana 13] menus.spec.ts:293 › a\n    Timed out']);
  assert.deepEqual(failuresOfPlaywright(report, 'flaky'), ['[Grafana 13] menus.spec.ts:293 › b\n    Timed out']);
});

test('a check that fails is told with what it printed', async () => {
  const fails = [process.execPath, '-e', "console.log('3 files are not formatted'); process.exit(1)"];
  const { passed, failed, failures } = await checks({ prettier: fails, tsc: [process.execPath, '-e', ''] });
  assert.deepEqual({ passed, failed }, { passed: 1, failed: 1 });
  assert.deepEqual(failures, ['prettier\n    3 files are not formatted']);
});
