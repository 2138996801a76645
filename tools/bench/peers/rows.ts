// Rows of what was measured of the plugin and its peers, and how many times as much each takes.
import { rounded } from '../lines.ts';

/** The plugin, and what people have instead. mesos_exporter keeps nothing without Prometheus. */
export const TOOLS = { ours: 'this plugin', exporter: 'mesos_exporter and Prometheus', infinity: 'Infinity' } as const;

export type Tool = keyof typeof TOOLS;

/** A number, or why there is none. */
export type Cell = number | string;

export interface Row {
  what: string;
  cells: Partial<Record<Tool, Cell>>;
  show(n: number): string;
  /** What else there is to say. */
  note?: string;
}

/** The cell of a tool as text: of a peer with how many times it is the plugin's. */
export function cellText({ cells, show }: Row, tool: Tool): string {
  const cell = cells[tool];
  if (typeof cell !== 'number') {
    return cell ?? 'skipped';
  }
  return tool === 'ours' ? show(cell) : `${show(cell)}${ratioText(cell, cells.ours)}`;
}

/** Nothing where there is nothing to compare with. */
function ratioText(theirs: number, ours: Cell | undefined): string {
  return typeof ours === 'number' && ours > 0 ? `, ${rounded(theirs / ours)}×` : '';
}

/** `what: this plugin 1 s; Infinity 3 s, 3×`. */
export function rowText(row: Row): string {
  const cells = (Object.keys(TOOLS) as Tool[]).map((tool) => `${TOOLS[tool]} ${cellText(row, tool)}`);
  return `${row.what}: ${cells.join('; ')}${row.note ? ` (${row.note})` : ''}`;
}

/** A table in Markdown. */
export function rowsTable(rows: Row[]): string[] {
  const tools = Object.keys(TOOLS) as Tool[];
  return table(
    ['', ...tools.map((tool) => TOOLS[tool])],
    rows.map((row) => [row.note ? `${row.what} (${row.note})` : row.what, ...tools.map((tool) => cellText(row, tool))])
  );
}

/** A table in Markdown of texts. */
export function table(head: string[], rows: string[][]): string[] {
  const line = (cells: string[]) => `| ${cells.map((cell) => cell.replaceAll('|', '\\|')).join(' | ')} |`;
  return [line(head), line(head.map(() => '---')), ...rows.map(line)];
}

/** The one in the middle; of an even number the higher of two. */
export function median(numbers: number[]): number {
  if (numbers.length === 0) {
    throw new Error('there is no median of nothing');
  }
  return [...numbers].sort((a, b) => a - b)[Math.floor(numbers.length / 2)];
}
