// The peers' processes: mesos_exporter, Prometheus, and Infinity's backend, which the workbench's host starts as Grafana does.
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';

import { stringify } from 'yaml';

import { executableName } from '../../scripts/build.ts';
import { Daemon, started } from '../../scripts/daemon.ts';
import { startWorkbench } from '../../workbench/start.ts';
import type { Frame } from '../executable.ts';
import { Watched } from '../processes.ts';

interface Running {
  url: string;
  process: Watched;
  stop(): Promise<void>;
}

async function run(file: string, flags: (port: number) => string[], log: string, page: string): Promise<Running> {
  const answers = async (port: number) => {
    try {
      return (await fetch(`http://127.0.0.1:${port}${page}`)).ok;
    } catch {
      return false;
    }
  };
  const daemon = await started((port) => new Daemon(port, [file, ...flags(port)], log, () => answers(port)));
  return {
    url: `http://127.0.0.1:${daemon.port}`,
    process: Watched.named(path.basename(file), daemon.pid),
    stop: () => daemon.kill(),
  };
}

/** Starts mesos_exporter beside a master or an agent. */
export function startExporter(
  file: string,
  beside: { master: string } | { slave: string },
  folder: string
): Promise<Running> {
  mkdirSync(folder, { recursive: true });
  const [[kind, url]] = Object.entries(beside);
  const flags = (port: number) => [`-${kind}=${url}`, `-addr=127.0.0.1:${port}`];
  return run(file, flags, path.join(folder, 'exporter.log'), '/');
}

/** A series with its points: Unix seconds and values. */
export interface Series {
  metric: Record<string, string>;
  points: Array<[number, number]>;
}

export interface Prometheus extends Running {
  /** Its blocks and the log of its newest samples. */
  data: string;
  instant(expr: string, at?: number): Promise<Series[]>;
  range(expr: string, from: number, to: number, step: number): Promise<Series[]>;
}

/** Starts Prometheus in a folder. It scrapes targets every so many seconds; without any it takes remote write. */
export async function startPrometheus(
  file: string,
  folder: string,
  { targets = [], interval = 15 }: { targets?: string[]; interval?: number } = {}
): Promise<Prometheus> {
  mkdirSync(folder, { recursive: true });
  const config = path.join(folder, 'prometheus.yml');
  const job = {
    job_name: 'mesos',
    scrape_interval: `${interval}s`,
    scrape_timeout: `${interval}s`,
    static_configs: [{ targets: targets.map((url) => new URL(url).host) }],
  };
  writeFileSync(config, stringify({ scrape_configs: targets.length > 0 ? [job] : [] }));
  const data = path.join(folder, 'data');
  const flags = (port: number) => [
    `--config.file=${config}`,
    `--storage.tsdb.path=${data}`,
    '--web.enable-remote-write-receiver',
    `--web.listen-address=127.0.0.1:${port}`,
    '--log.level=warn',
  ];
  const running = await run(file, flags, path.join(folder, 'prometheus.log'), '/api/v1/query?query=1');
  return {
    ...running,
    data,
    instant: (expr, at) => answerOf(running.url, 'query', { query: expr, ...(at && { time: String(at) }) }),
    range: (expr, from, to, step) =>
      answerOf(running.url, 'query_range', { query: expr, start: String(from), end: String(to), step: String(step) }),
  };
}

type Point = [at: number, value: string];

async function answerOf(url: string, page: string, query: Record<string, string>): Promise<Series[]> {
  const response = await fetch(`${url}/api/v1/${page}?${new URLSearchParams(query).toString()}`);
  const answer = (await response.json()) as {
    error?: string;
    data: { result: Array<{ metric: Record<string, string>; value?: Point; values?: Point[] }> };
  };
  if (answer.error !== undefined) {
    throw new Error(`Prometheus, ${query.query}: ${answer.error}`);
  }
  return answer.data.result.map(({ metric, value, values }) => ({
    metric,
    points: (values ?? (value ? [value] : [])).map(([at, text]) => [at, Number(text)]),
  }));
}

/** A page of Mesos as a table of Infinity: where the rows are, and a column for each name. */
export interface Page {
  /** Of the master; or a whole URL, as of an agent. */
  path: string;
  root: string;
  columns: Record<string, { selector: string; type: 'string' | 'number' }>;
}

export interface Infinity {
  process: Watched;
  /** Asks as a panel does, and returns the size of the answer to the browser in bytes. Throws when the answer is an error. */
  ask(page: Page): Promise<number>;
  /** The same, and returns the rows. */
  rows(page: Page): Promise<Array<Record<string, number | string | null>>>;
}

const PLUGIN = 'yesoreyeram-infinity-datasource';
const UID = 'infinity';

/** Starts Infinity's backend with a data source of a master's URL, and of others, hands it to `measure`, and ends it. */
export async function withInfinity(
  file: string,
  master: string,
  measure: (infinity: Infinity) => Promise<void>,
  others: string[] = []
): Promise<void> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const plugin = path.join(folder, 'plugin');
  const executable = executableName().replace('gpx_mesos', 'gpx_infinity');
  mkdirSync(plugin);
  const manifest = { id: PLUGIN, name: 'Infinity', executable: 'gpx_infinity', info: { version: '' } };
  writeFileSync(path.join(plugin, 'plugin.json'), JSON.stringify(manifest));
  symlinkSync(file, path.join(plugin, executable));
  const source = {
    name: 'Infinity',
    uid: UID,
    type: PLUGIN,
    access: 'proxy',
    jsonData: { allowedHosts: [master, ...others] },
  };
  writeFileSync(path.join(folder, 'infinity.yaml'), stringify({ apiVersion: 1, datasources: [source] }));
  const workbench = await startWorkbench({ provisioning: folder, port: 0, plugin, log: () => {} });
  const answered = async ({ path: page, root, columns }: Page) => {
    const query = {
      ...{ refId: 'A', datasource: { uid: UID }, type: 'json', source: 'url', parser: 'backend', format: 'table' },
      ...{ url: URL.canParse(page) ? page : `${master}${page}`, url_options: { method: 'GET' }, root_selector: root },
      columns: Object.entries(columns).map(([text, { selector, type }]) => ({ text, selector, type })),
    };
    const response = await fetch(`${workbench.url}/api/ds/query`, {
      method: 'POST',
      headers: { 'Content-Type': 'application/json' },
      body: JSON.stringify({ from: 'now-1h', to: 'now', queries: [query] }),
    });
    const body = Buffer.from(await response.arrayBuffer());
    if (!response.ok) {
      throw new Error(`Infinity, ${page}: ${response.status} ${body.toString('utf8', 0, 500)}`);
    }
    return body;
  };
  try {
    await measure({
      process: Watched.named(executable, workbench.pid),
      ask: async (page) => (await answered(page)).length,
      async rows(page) {
        const { results } = JSON.parse(String(await answered(page))) as { results: { A: { frames: Frame[] } } };
        const [{ schema, data }] = results.A.frames;
        return (data.values[0] ?? []).map((_, row) =>
          Object.fromEntries(schema.fields.map(({ name }, column) => [name, data.values[column][row]]))
        );
      },
    });
  } finally {
    await workbench.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}
