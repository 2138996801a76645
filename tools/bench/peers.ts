// `npm run bench -- --peers`: the plugin beside what people have instead, before the same clusters. What is not on this machine is
// skipped, which is printed.
import type { Size } from '../simulator/generate/cluster.ts';
import { written } from './lines.ts';
import type { Result } from './peers/checks.ts';
import { costs } from './peers/costs.ts';
import { findPeers, type Peers } from './peers/find.ts';
import { load } from './peers/load.ts';
import { panels } from './peers/panels.ts';
import { type Row, rowsTable, rowText, table, type Tool, TOOLS } from './peers/rows.ts';
import { playScenes } from './peers/scenes.ts';
import { machine, PEERS, writeSection } from './report.ts';

/** What is measured: each prints what it found, and returns it as lines of Markdown. */
export const PARTS: Record<string, (peers: Peers, sizes: Size[]) => Promise<string[]>> = {
  checks: async (peers) => resultsTable(await playScenes(peers)),
  costs: async (peers, sizes) => {
    const rows: Row[] = [];
    for (const size of sizes) {
      rows.push(...said(await costs(size, peers)));
    }
    return rowsTable(rows);
  },
  load: async (peers) => rowsTable(said(await load(peers))),
  panels: async (peers) => rowsTable(said(await panels(peers))),
};

function said(rows: Row[]): Row[] {
  rows.forEach((row) => console.log(rowText(row)));
  return rows;
}

/** Prints the results, and returns their table. */
export function resultsTable(results: Result[]): string[] {
  const tools = Object.keys(TOOLS) as Tool[];
  const textOf = ({ said }: Result, tool: Tool) => said[tool]?.text ?? 'skipped';
  for (const result of results) {
    const answers = tools.map((tool) => `${TOOLS[tool]} ${textOf(result, tool)}`);
    console.log(`${result.what}, true is ${result.truth}: ${answers.join('; ')}`);
  }
  return table(
    ['', 'true', ...tools.map((tool) => TOOLS[tool])],
    results.map((result) => [result.what, result.truth, ...tools.map((tool) => textOf(result, tool))])
  );
}

/** Measures the parts with those names. With all sizes and all peers their tables go into docs/benchmarks-peers.md. */
export async function peers(parts: string[], sizes: Size[], loadAverage: () => number): Promise<void> {
  const { peers, lines } = findPeers();
  lines.forEach((line) => console.log(written(line)));
  const whole = sizes.includes('small') && sizes.includes('large') && Object.keys(peers).length === lines.length;
  for (const part of parts) {
    const before = loadAverage();
    const measured = await PARTS[part](peers, sizes);
    if (whole) {
      const versions = lines.map(({ name, value }) => `${name} ${value}`).join(', ');
      writeSection(PEERS, part, [`${machine(before)} ${versions}.`, '', ...measured]);
    }
  }
}
