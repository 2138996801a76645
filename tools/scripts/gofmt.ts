// Checks (or with --write: fixes) the formatting of all Go files by gofmt.
import { spawnSync } from 'node:child_process';

const files = spawnSync('git', ['ls-files', '-co', '--exclude-standard', '*.go'], { encoding: 'utf8' }).stdout;
const mode = process.argv.includes('--write') ? '-w' : '-l';
const result = spawnSync('gofmt', [mode, ...files.split('\n').filter(Boolean)], { encoding: 'utf8' });
process.stderr.write(result.stderr);
if (result.status !== 0) {
  process.exit(1);
}
if (mode === '-l' && result.stdout.trim() !== '') {
  console.error(`Not formatted (npm run lint:fix fixes it):\n${result.stdout}`);
  process.exit(1);
}
