/**
 * Reads a folder of recorded responses: its manifest.jsonl, headers and bodies.
 *
 * The format is described in testdata/captures/README.md. This module knows neither HTTP servers nor time.
 */
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';

/** One recorded request and where its answer lies. */
export interface Row {
  /** The body, relative to the folder; a name ending in `.headers` when the body was not kept. */
  file: string;
  /** `address:port` asked. */
  host: string;
  method: string;
  /** Path with query string, as asked. */
  path: string;
  req_headers: Record<string, string>;
  /** The request's body, if it had one. */
  body: string | null;
  /** The HTTP status, or what went wrong when nothing answered, like `ConnectionRefusedError(...)`. */
  status: number | string;
  /** When it was asked, RFC 3339. */
  time: string;
  scene: string;
  note: string;
}

/** What a `.headers` file says about the answer. */
export interface Head {
  reason?: string;
  headers: Array<[name: string, value: string]>;
}

/** A folder of recorded scenes. */
export interface Recording {
  dir: string;
  rows: Row[];
}

/** Methods of rows that are requests; other rows describe whole conversations (`raw`). */
const HTTP_METHODS = new Set(['GET', 'HEAD', 'POST', 'PUT', 'DELETE', 'OPTIONS', 'PATCH']);

/** Headers that belong to one connection or one encoding of the body: each server writes its own. */
const OWN_HEADERS = new Set(['date', 'content-length', 'content-encoding', 'transfer-encoding', 'connection']);

/**
 * Reads `DIR/manifest.jsonl`.
 * Throws when the folder has none, or names the line that is not a row.
 */
export function readRecording(dir: string): Recording {
  const path = join(dir, 'manifest.jsonl');
  if (!existsSync(path)) {
    throw new Error(`no manifest.jsonl in ${dir}: expected a folder of recorded scenes, like testdata/captures`);
  }
  const rows: Row[] = [];
  readFileSync(path, 'utf8')
    .split('\n')
    .forEach((line, index) => {
      if (line.trim() !== '') {
        rows.push(parseRow(line, `${path}:${index + 1}`));
      }
    });
  return { dir, rows };
}

function parseRow(line: string, where: string): Row {
  let row: Partial<Row>;
  try {
    row = JSON.parse(line) as Partial<Row>;
  } catch (error) {
    throw new Error(`${where}: not JSON: ${(error as Error).message}`, { cause: error });
  }
  for (const key of ['file', 'host', 'method', 'path', 'scene'] as const) {
    if (typeof row[key] !== 'string') {
      throw new Error(`${where}: "${key}" is missing or not a string`);
    }
  }
  if (row.status === undefined) {
    throw new Error(`${where}: "status" is missing`);
  }
  return { body: null, req_headers: {}, time: '', note: '', ...row } as Row;
}

/** Rows that are single requests to one host. */
export function requestRows(recording: Recording): Row[] {
  return recording.rows.filter((row) => HTTP_METHODS.has(row.method) && row.host.includes(':'));
}

/** Whether something answered, and its body (perhaps an empty one) was kept. */
export function isAnswer(row: Row): boolean {
  return typeof row.status === 'number' && !row.file.endsWith('.headers');
}

/** The moment of a row in Unix seconds; NaN when the manifest does not say. */
export function unixTime(row: Row): number {
  return Date.parse(row.time) / 1000;
}

/** The body as Mesos sent it, decompressed. */
export function readBody(recording: Recording, file: string): Buffer {
  const stored = readFileSync(join(recording.dir, file));
  return /\.gz(-as-served)?$/.test(file) ? gunzipSync(stored) : stored;
}

/**
 * The status line and headers recorded with a body, without those in OWN_HEADERS.
 * Samples of a series have none: their headers follow from the file's name.
 */
export function readHead(recording: Recording, file: string): Head {
  const path = headersPath(recording, file);
  if (path === undefined) {
    return { headers: file.includes('.json') ? [['Content-Type', 'application/json']] : [] };
  }
  const head: Head = { headers: [] };
  for (const line of readFileSync(path, 'utf8').split(/\r?\n/)) {
    const status = /^HTTP\/\d\.\d \d+ ?(.*)$/.exec(line);
    const header = /^([^\s>:]+): ?(.*)$/.exec(line);
    if (status) {
      head.reason = status[1];
    } else if (header && !OWN_HEADERS.has(header[1].toLowerCase())) {
      head.headers.push([header[1], header[2]]);
    }
  }
  return head;
}

/** `a/b.json.gz` -> `a/b.headers`: the longest name that exists, as names themselves may contain dots. */
function headersPath(recording: Recording, file: string): string | undefined {
  for (let end = file.lastIndexOf('.'); end > file.lastIndexOf('/'); end = file.lastIndexOf('.', end - 1)) {
    const path = join(recording.dir, `${file.slice(0, end)}.headers`);
    if (existsSync(path)) {
      return path;
    }
  }
  return undefined;
}
