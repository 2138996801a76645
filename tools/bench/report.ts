// Writes the tables of docs/benchmarks.md, docs/benchmarks-scale.md and docs/benchmarks-peers.md. The text around them is written by hand.
import { execFileSync, spawnSync } from 'node:child_process';
import { readFileSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { root } from '../scripts/build.ts';
import type { Line } from './lines.ts';

/** A page of docs/, and the options of the command that writes its tables. */
export interface Page {
  page: string;
  options: string;
}

export const BUDGETS: Page = { page: 'benchmarks.md', options: '' };
export const SCALE: Page = { page: 'benchmarks-scale.md', options: '--scale ' };
export const PEERS: Page = { page: 'benchmarks-peers.md', options: '--peers ' };

/** Replaces the table of a part. */
export function writeReport(page: Page, part: string, lines: Line[], load: number): void {
  writeSection(page, part, [machine(load), '', ...tableOf(lines)]);
}

/** Returns the rows of a table. */
export function tableOf(lines: Line[]): string[] {
  return ['| what | measured | budget | |', '| --- | --- | --- | --- |'].concat(
    lines.map(({ name, value, budget, verdict, note }) =>
      row([note ? `${name} (${note})` : name, value, budget, verdict])
    )
  );
}

/** Replaces what measuring a part writes into its page, between two comments that name the command. */
export function writeSection(page: Page, part: string, lines: string[]): void {
  const file = path.join(root, 'docs', page.page);
  writeFileSync(file, replaced(readFileSync(file, 'utf8'), page, part, lines));
  spawnSync('npx', ['prettier', '--write', '--log-level', 'warn', file], { cwd: root, stdio: 'inherit' });
}

/** Returns the text of a page with other lines between the two comments that name the command. */
export function replaced(text: string, { page, options }: Page, part: string, lines: string[]): string {
  const command = `npm run bench -- ${options}--part ${part}`;
  const marks = { begin: `<!-- written by ${command} -->`, end: `<!-- end of what ${command} writes -->` };
  const [begin, end] = [text.indexOf(marks.begin), text.indexOf(marks.end)];
  if (begin < 0 || end < begin) {
    throw new Error(`docs/${page} lacks the lines "${marks.begin}" and "${marks.end}", between which the table goes`);
  }
  return [text.slice(0, begin) + marks.begin, '', ...lines, '', text.slice(end)].join('\n');
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
