// Makes every generated file again; with --check it only tells which are stale
// and exits 1. The files name this command as what made them.
import { spawnSync } from 'node:child_process';

const check = process.argv.includes('--check');

/** What generates what, in the order of dependence. */
const generators = [
  { makes: 'docs/metrics.md', run: ['go', 'run', './catalogue/gen'] },
  { makes: 'pkg/query/schema.json', run: ['go', 'run', './pkg/query/gen'] },
  { makes: 'src/query/types.gen.ts', run: [process.execPath, 'scripts/generate-types.ts'] },
];

let failed = false;
for (const { makes, run } of generators) {
  const [command, ...args] = check ? [...run, '--check'] : run;
  const ok = spawnSync(command, args, { stdio: 'inherit' }).status === 0;
  console.log(`${makes}: ${ok ? (check ? 'fresh' : 'written') : check ? 'STALE, run npm run generate' : 'FAILED'}`);
  failed ||= !ok;
}
process.exitCode = failed ? 1 : 0;
