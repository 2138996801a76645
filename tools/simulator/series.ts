/**
 * A sampled series (scene 04-series): INDEX.tsv lists the responses of each host with their times, EVENTS.tsv the actions.
 *
 * At every moment the last sample taken is served. A host whose last sample was a refused connection is down.
 */
import { existsSync, readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { requestRows, type Recording, type Row } from './manifest.ts';
import type { Scene, SceneEvent } from './scene.ts';
import { noSuchStage } from './stages.ts';

/** The part of a sample's file name that stands for a path. */
const PATHS: Record<string, string> = {
  metrics: '/metrics/snapshot',
  state: '/state',
  statistics: '/monitor/statistics',
};

interface Sample {
  t: number;
  row: Row;
}

/** Whether the folder has a series of that name. */
export function isSeries(recording: Recording, name: string): boolean {
  return existsSync(join(recording.dir, name, 'INDEX.tsv'));
}

/** Reads a series. Throws when a host in INDEX.tsv was recorded nowhere else, so that its port is unknown. */
export function seriesScene(recording: Recording, name: string): Scene {
  const ports = hostsByName(recording);
  const samples = new Map<string, Sample[]>();
  const times = new Set<number>();
  let start = NaN;
  for (const cells of readTable(join(recording.dir, name, 'INDEX.tsv'))) {
    const [, hostName, what] = /^\d+-(.+)-([a-z]+)\.json/.exec(cells.file) ?? [];
    const host = ports.get(hostName);
    if (host === undefined || PATHS[what] === undefined) {
      throw new Error(`${name}/INDEX.tsv: cannot tell the address or the path of ${cells.file}`);
    }
    const t = Number(cells.t);
    if (Number.isNaN(start)) {
      start = Number(cells.unix_time) - t;
    }
    times.add(Number(cells.n));
    const row: Row = {
      file: `${name}/${cells.file}`,
      host,
      method: 'GET',
      path: PATHS[what],
      req_headers: {},
      body: null,
      status: /^\d+$/.test(cells.status) ? Number(cells.status) : cells.status,
      time: new Date(Number(cells.unix_time) * 1000).toISOString(),
      scene: name,
      note: '',
    };
    samples.set(host, [...(samples.get(host) ?? []), { t, row }]);
  }
  const last = Math.max(...[...samples.values()].flat().map((sample) => sample.t));
  const interval = Math.round(last / (times.size - 1));

  return {
    name,
    hosts: [...samples.keys()],
    stages: [],
    borrows: true,
    course: {
      start,
      length: interval * times.size,
      loops: true,
      changes: changes(samples),
      events: readEvents(join(recording.dir, name, 'EVENTS.tsv')),
    },
    moment(host, elapsed) {
      const rows = latest(samples.get(host) ?? [], elapsed);
      return { up: isUp(rows), rows, at: start + elapsed };
    },
    stage: () => '',
    setStage: (stage) => {
      throw new Error(noSuchStage(name, stage, []));
    },
  };
}

/** The last row of each path at a moment; before the first one was taken, the first. */
function latest(samples: Sample[], elapsed: number): Row[] {
  const rows = new Map<string, Row>();
  for (const { t, row } of samples) {
    if (t <= elapsed || !rows.has(row.path)) {
      rows.set(row.path, row);
    }
  }
  return [...rows.values()];
}

function isUp(rows: Row[]): boolean {
  return rows.some((row) => typeof row.status === 'number');
}

function changes(samples: Map<string, Sample[]>): number[] {
  const moments = new Set<number>();
  for (const own of samples.values()) {
    let up: boolean | undefined;
    for (const { t } of own) {
      const now = isUp(latest(own, t));
      if (up !== undefined && now !== up) {
        moments.add(t);
      }
      up = now;
    }
  }
  return [...moments].sort((a, b) => a - b);
}

/** `agent1` -> `127.0.0.1:5051`: from the names of files recorded elsewhere (`agent1-get_state.json`). */
function hostsByName(recording: Recording): Map<string, string> {
  const hosts = new Map<string, string>();
  for (const row of requestRows(recording)) {
    const name = /^(master|agent\d+)-/.exec(basename(row.file))?.[1];
    if (name !== undefined && !hosts.has(name)) {
      hosts.set(name, row.host);
    }
  }
  return hosts;
}

function readEvents(path: string): SceneEvent[] {
  return existsSync(path) ? readTable(path).map((cells) => ({ t: Number(cells.t), text: cells.event })) : [];
}

/** Rows of a tab-separated file by the names in its first line. */
function readTable(path: string): Array<Record<string, string>> {
  const [names, ...lines] = readFileSync(path, 'utf8')
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => line.split('\t'));
  return lines.map((cells) => Object.fromEntries(names.map((name, i) => [name, cells[i] ?? ''])));
}
