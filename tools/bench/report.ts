// Writes the table of docs/benchmarks.md. The text around it is written by hand.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { root } from '../scripts/build.ts';
import type { Line } from './lines.ts';

const file = path.join(root, 'docs', 'benchmarks.md');
const BEGIN = '<!-- written by npm run bench -->';
const END = '<!-- end of what npm run bench writes -->';

/** Replaces the table. */
export function writeReport(lines: Line[], load: number): void {
  const text = readFileSync(file, 'utf8');
  const [begin, end] = [text.indexOf(BEGIN), text.indexOf(END)];
  if (begin < 0 || end < begin) {
    throw new Error(`docs/benchmarks.md lacks the lines "${BEGIN}" and "${END}", between which the table goes`);
  }
  const table = ['| what | measured | budget | |', '| --- | --- | --- | --- |'].concat(
    lines.map(({ name, value, budget, verdict, note }) =>
      row([note ? `${name} (${note})` : name, value, budget, verdict])
    )
  );
  writeFileSync(file, [text.slice(0, begin) + BEGIN, '', machine(load), '', ...table, '', text.slice(end)].join('\n'));
  spawnSync('npx', ['prettier', '--write', '--log-level', 'warn', file], { cwd: root, stdio: 'inherit' });
}

function row(cells: string[]): string {
  return `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
}

/** What it ran on, in words that name no machine. */
export function machine(load: number): string {
  const family = os
    .cpus()[0]
    .model.replace(/\s+\d.*$|\(R\)|\(TM\)|CPU.*$/g, '')
    .trim();
  const go = /go([\d.]+)/.exec(execFileSync('go', ['version'], { encoding: 'utf8' }))?.[1];
  return (
    `${new Date().toISOString().slice(0, 10)}, ${os.cpus().length} cores (${family}), ` +
    `${Math.round(os.totalmem() / 2 ** 30)} GiB of memory, Go ${go}, Node ${process.versions.node}; ` +
    `load average when it began ${load.toFixed(1)}.`
  );
}
