// Writes every generated file again. With --check it lists the outdated ones and
// exits with 1. The files name this command in their first line.
import { spawnSync } from 'node:child_process';

const check = process.argv.includes('--check');

/** The generated files, in the order of their dependencies: the command that writes each, and the one that compares. */
const generators = [
  {
    makes: 'docs/metrics.md',
    write: ['go', 'run', './catalogue/gen'],
    compare: ['go', 'run', './catalogue/gen', '--check'],
  },
  {
    makes: 'pkg/query/schema.json',
    write: ['go', 'test', './pkg/query', '-run', 'TestSchema', '-update'],
    compare: ['go', 'test', './pkg/query', '-run', 'TestSchema'],
  },
  {
    makes: 'src/query/types.gen.ts',
    write: [process.execPath, 'tools/scripts/generate-types.ts'],
    compare: [process.execPath, 'tools/scripts/generate-types.ts', '--check'],
  },
  {
    makes: 'src/dashboards, provisioning, docs/alerts.md',
    write: [process.execPath, 'dashboards/generate.ts'],
    compare: [process.execPath, 'dashboards/generate.ts', '--check'],
  },
  {
    makes: 'src/locales',
    write: [process.execPath, 'tools/scripts/translations.ts'],
    compare: [process.execPath, 'tools/scripts/translations.ts', '--check'],
  },
];

let failed = false;
for (const { makes, write, compare } of generators) {
  const [command, ...args] = check ? compare : write;
  const ok = spawnSync(command, args, { stdio: 'inherit' }).status === 0;
  console.log(`${makes}: ${ok ? (check ? 'fresh' : 'written') : check ? 'STALE, run npm run generate' : 'FAILED'}`);
  failed ||= !ok;
}
process.exitCode = failed ? 1 : 0;
