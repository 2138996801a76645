// What the plugin answers to everything that a provisioned dashboard asks: panels, variables and annotations.
import { readFile } from 'node:fs/promises';

import { VariableSort } from '@grafana/grafana-foundation-sdk/dashboard';

import { callerOf } from '../tools/workbench/call.ts';
import { provisionedSource } from './query.ts';

type Query = Record<string, unknown> & { refId: string };

interface Variable {
  name: string;
  type: string;
  query?: Query;
  includeAll?: boolean;
  /** As of the Foundation SDK. Answers are sorted by their text. */
  sort?: number;
  allValue?: string;
  current?: { value?: string | string[] };
}

/** A dashboard's file, as far as it asks. */
export interface File {
  title: string;
  panels: Array<{ title: string; type: string; targets?: Query[]; fieldConfig?: object }>;
  templating?: { list: Variable[] };
  annotations?: { list: Array<{ name: string; target: Query }> };
}

interface Frame {
  schema: { fields: Array<{ name: string; type: string }> };
  data: { values: unknown[][] };
}

/** The answer to one query. */
export interface Answer {
  /** Of a panel `panel: <title>`, of a variable `variable: <name>`, of an annotation `annotation: <name>`. */
  asker: string;
  refId: string;
  /** Rows that hold something beside their time. */
  rows: number;
  /** Whether a graph draws nothing of them, because it leaves out series that are 0 all the time. */
  hidden: boolean;
  error?: string;
}

/** Six hours, and the points that Grafana asks for in a panel of half a screen. */
const REACH = 6 * 3_600_000;
const POINTS = 600;

/** Returns the dashboards of provisioning/, by the names of their files. */
export async function provisionedFile(name: string): Promise<File> {
  const text = await readFile(new URL(`../provisioning/dashboards/${name}.json`, import.meta.url), 'utf8');
  return JSON.parse(text) as File;
}

/** Sends everything that a dashboard asks over the six hours before a moment (ms), with the variables' first choices. */
export async function askAll(url: string, file: File, to: number): Promise<Answer[]> {
  const chosen: Record<string, string> = {};
  const answers: Answer[] = [];
  const ask = (asker: string, targets: Query[], hides = false) =>
    answersTo(url, { asker, hides, targets: targets.map((target) => replaced(target, chosen)), to });
  for (const variable of file.templating?.list ?? []) {
    if (variable.query && variable.type === 'query') {
      const { found, frames } = await ask(`variable: ${variable.name}`, [variable.query]);
      answers.push(...found);
      chosen[variable.name] = variable.includeAll ? (variable.allValue ?? '') : firstOf(frames, variable);
    } else {
      chosen[variable.name] = valueOf(variable);
    }
  }
  for (const { title, targets = [], fieldConfig } of file.panels.filter(({ type }) => type !== 'row')) {
    const hides = JSON.stringify(fieldConfig ?? {}).includes('"allIsZero"');
    answers.push(...(await ask(`panel: ${title}`, targets, hides)).found);
  }
  for (const { name, target } of file.annotations?.list ?? []) {
    answers.push(...(await ask(`annotation: ${name}`, [target])).found);
  }
  return answers;
}

/** Returns all numbers that a query has over the six hours before a moment (ms), with the values of the variables that it uses. */
export async function numbersOf(
  url: string,
  query: object,
  chosen: Record<string, string>,
  to: number
): Promise<number[]> {
  const targets = [replaced({ refId: 'A', ...query }, chosen)];
  const { found, frames } = await answersTo(url, { asker: 'numbers', targets, hides: false, to });
  if (found[0].error !== undefined) {
    throw new Error(found[0].error);
  }
  return frames.flatMap(({ schema, data }) =>
    schema.fields.flatMap(({ type }, i) => (type === 'number' ? (data.values[i] as number[]) : []))
  );
}

/** Returns the value of a variable without a query. All data sources are one here. */
function valueOf({ type, current }: Variable): string {
  return type === 'datasource' ? provisionedSource.uid : String([current?.value].flat()[0]);
}

/** Returns what Grafana chooses of a variable with one value: the first by the variable's own order. */
function firstOf([frame]: Frame[], { sort }: Pick<Variable, 'sort'>): string {
  const column = (of: string) => frame?.data.values[frame.schema.fields.findIndex(({ name }) => name === of)] ?? [];
  const descending = sort === VariableSort.AlphabeticalDesc;
  return String(column('value').at(descending ? -1 : 0) ?? '');
}

/** Replaces variables by the one value that each has here. `.*` is written without a format, as Grafana writes a custom value of all. */
function replaced(query: Query, chosen: Record<string, string>): Query {
  const text = JSON.stringify(query).replace(
    /\$\{(\w+)(?::\w+)?\}|\$(\w+)/g,
    (all, braced?: string, plain?: string) => chosen[braced ?? plain ?? ''] ?? all
  );
  return JSON.parse(text) as Query;
}

interface Asked {
  asker: string;
  targets: Query[];
  /** Whether series that are 0 all the time are left out. */
  hides: boolean;
  /** The end of the time range, ms. */
  to: number;
}

async function answersTo(url: string, { asker, targets, hides, to }: Asked) {
  const body = {
    from: String(to - REACH),
    to: String(to),
    queries: targets.map((target) => ({
      ...target,
      datasource: { uid: provisionedSource.uid },
      intervalMs: REACH / POINTS,
      maxDataPoints: POINTS,
    })),
  };
  const response = await fetch(`${url}/api/ds/query`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
  const { results } = (await response.json()) as { results: Record<string, { error?: string; frames?: Frame[] }> };
  const found = targets.map(({ refId }): Answer => {
    const { error, frames = [] } = results[refId] ?? { error: 'no answer' };
    return {
      ...{ asker, refId, error },
      rows: frames.reduce((sum, frame) => sum + rowsOf(frame), 0),
      hidden: hides && frames.every(isZero),
    };
  });
  return { found, frames: results[targets[0]?.refId]?.frames ?? [] };
}

/** Rows in which a field other than the time has a value. */
function rowsOf({ schema: { fields }, data: { values } }: Frame): number {
  const columns = values.filter((_, i) => fields[i].type !== 'time');
  return (columns[0] ?? []).filter((_, row) => columns.some((column) => column[row] !== null)).length;
}

function isZero({ schema: { fields }, data: { values } }: Frame): boolean {
  return values.every((column, i) => fields[i].type !== 'number' || column.every((value) => !value));
}

interface Status {
  polls: Array<{ poll: string; lastSuccess: string }>;
}

/** Waits until the masters were polled: tables have rows from then on. A pass over the agents takes half an interval. */
export async function polled(url: string): Promise<void> {
  const call = callerOf(url);
  for (const end = Date.now() + 120_000; ; await new Promise((resolve) => setTimeout(resolve, 100))) {
    const { polls } = await call<Status>('GET', `/datasources/uid/${provisionedSource.uid}/resources/status`);
    const missing = polls.filter(({ poll, lastSuccess }) => poll !== 'agents' && !(Date.parse(lastSuccess) > 0));
    if (polls.length > 0 && missing.length === 0) {
      return;
    }
    if (Date.now() > end) {
      throw new Error(`these were not polled in two minutes: ${missing.map(({ poll }) => poll).join(', ')}`);
    }
  }
}
