// The hostile-viewer suite: `npm test -- hostile`, or `node tools/hostile/cli.ts` with
//
//   --only TEXT    attacks with the text in their name, or of that point of the issue (A1,A5)
//   --from TEXT    from the first one with the text in its name on
//   --plugin DIR   another build than this repository's
//   --show         how the first answer to each begins
//   --list         their names
import { existsSync, rmSync, writeFileSync } from 'node:fs';
import { parseArgs } from 'node:util';

import { attacks, HOSTILE_FILE } from './attacks.ts';
import { BUDGET, type Result, run } from './run.ts';
import { startStage } from './stage.ts';

const { values } = parseArgs({
  options: {
    only: { type: 'string', default: '' },
    from: { type: 'string', default: '' },
    plugin: { type: 'string' },
    report: { type: 'string' },
    show: { type: 'boolean', default: false },
    list: { type: 'boolean', default: false },
  },
});

const begin = attacks.findIndex(({ name }) => name.includes(values.from));
const selected = attacks
  .slice(Math.max(0, begin))
  .filter(({ name, of }) => values.only.split(',').some((one) => name.includes(one) || of === one));
if (values.list || selected.length === 0) {
  console.log(attacks.map(({ of, name }) => `${of.padEnd(3)} ${name}`).join('\n'));
  process.exit(values.list ? 0 : 2);
}
if (process.platform !== 'linux') {
  console.log('skipped: memory is read from /proc, which only Linux has');
  process.exit(0);
}

const megabytes = (bytes: number) => `${(bytes / 1e6).toFixed(0)} MB`;

function line({
  attack,
  slowest,
  answered,
  refused,
  cancelled,
  peak,
  innocent,
  others,
  unknown,
  problems,
  sentence,
  sample,
}: Result): string {
  const outcome = Object.entries({ answered, refused, cancelled })
    .filter(([, n]) => n > 0)
    .map(([kind, n]) => `${n} ${kind}`);
  const figures = [
    `${slowest.toFixed(2)} s`,
    outcome.join(', ') || 'none answered',
    `peak ${megabytes(peak)}`,
    `innocent p95 ${innocent.p95.toFixed(0)} ms (${innocent.count})`,
    ...(others >= 0.05 ? [`others had ${(100 * others).toFixed(0)} % of the machine`] : []),
  ];
  return [
    `${problems.length > 0 ? 'FAIL' : unknown === undefined ? 'ok  ' : 'skip'} ${attack.of} ${attack.name}: ${figures.join('; ')}`,
    ...problems.map((problem) => `       ${problem}`),
    ...(unknown === undefined ? [] : [`       ${unknown}: run it again on a machine that is less busy`]),
    ...(values.show && sample !== undefined ? [`       ${sample}`] : []),
    ...(sentence === undefined ? [] : [`       "${sentence}"`]),
  ].join('\n');
}

rmSync(HOSTILE_FILE, { force: true });
const began = Date.now();
const stage = await startStage({ plugin: values.plugin, tell: (text) => console.log(`preparing ${text} ...`) });
console.log(
  `ready after ${((Date.now() - began) / 1000).toFixed(0)} s, ${megabytes(stage.plugin()?.memory().now ?? NaN)}`
);
try {
  const verdict = await run(stage, selected, (result) => console.log(line(result)));
  const { innocent, peak, missed, polls, sameProcess, panics, outside } = verdict;
  const checks: Array<[ok: boolean, text: string, unknown?: boolean]> = [
    [
      innocent.problem === undefined,
      innocent.problem ??
        innocent.unknown ??
        `innocent queries: p95 ${innocent.slow.toFixed(0)} ms of ${innocent.count}`,
      innocent.unknown !== undefined,
    ],
    [peak < BUDGET.memory, `peak memory ${megabytes(peak)}`],
    [
      missed.length === 0,
      `polls missed: ${missed.length} of ${polls}${missed.map((one) => `\n       ${one}`).join('')}`,
    ],
    [!existsSync(HOSTILE_FILE), `files that SQL made: ${existsSync(HOSTILE_FILE) ? HOSTILE_FILE : 0}`],
    [sameProcess, sameProcess ? 'the same process all along' : 'the process ended'],
    [
      outside.length === 0,
      `paths outside of sandboxes that an agent was asked for: ${outside.length}${outside.map((one) => `\n       ${one}`).join('')}`,
    ],
    [
      panics.length === 0,
      `panics in the log: ${panics.length}${panics.map((one) => `\n       ${one.slice(0, 300)}`).join('')}`,
    ],
  ];
  checks.forEach(([ok, text, unknown]) => console.log(`${ok ? (unknown ? 'skip' : 'ok  ') : 'FAIL'} ${text}`));
  const all = [
    ...verdict.results.map((result) => ({
      ok: result.problems.length === 0,
      known: result.unknown === undefined,
      text: line(result),
    })),
    ...checks.map(([ok, text, unknown = false]) => ({ ok, known: !unknown, text })),
  ];
  const failed = all.filter(({ ok }) => !ok).length;
  const skipped = all.filter(({ ok, known }) => ok && !known).length;
  const passed = all.length - failed - skipped;
  console.log(
    `${passed} passed, ${failed} failed, ${skipped} skipped; took ${((Date.now() - began) / 1000).toFixed(0)} s`
  );
  if (values.report) {
    const failures = all.filter(({ ok }) => !ok).map(({ text }) => text);
    writeFileSync(values.report, JSON.stringify({ passed, failed, skipped, failures }));
  }
  process.exitCode = failed > 0 ? 1 : 0;
} finally {
  await stage.stop();
}
