// Writes the tables of docs/benchmarks.md and docs/benchmarks-peers.md. The text around them is written by hand.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { root } from '../scripts/build.ts';
import type { Line } from './lines.ts';

/** Replaces the table of docs/benchmarks.md. */
export function writeReport(lines: Line[], load: number): void {
  const table = ['| what | measured | budget | |', '| --- | --- | --- | --- |'].concat(
    lines.map(({ name, value, budget, verdict, note }) =>
      row([note ? `${name} (${note})` : name, value, budget, verdict])
    )
  );
  writeSection('benchmarks.md', 'npm run bench', [machine(load), '', ...table]);
}

/** Replaces what a command writes into a page of docs/, between two comments that name it. */
export function writeSection(page: string, command: string, lines: string[]): void {
  const file = path.join(root, 'docs', page);
  const text = readFileSync(file, 'utf8');
  const marks = { begin: `<!-- written by ${command} -->`, end: `<!-- end of what ${command} writes -->` };
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin) {
    throw new Error(`docs/${page} lacks the lines "${marks.begin}" and "${marks.end}", between which the table goes`);
  }
  writeFileSync(file, [text.slice(0, begin) + marks.begin, '', ...lines, '', text.slice(end)].join('\n'));
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
