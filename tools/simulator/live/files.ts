/**
 * /files/browse and /files/read of agents (src/files/files.cpp): the sandboxes of their containers with stdout, stderr and what
 * those were rotated to (--container_logger, src/slave/container_loggers/logrotate.cpp).
 */
import type { Answer } from '../answer.ts';
import type { Agent } from './model.ts';
import { empty, json, text } from './replies.ts';
import { reshapeAgent } from './versions/reshape.ts';
import { FILES, type Files as Rules, type Shape } from './versions/shapes.ts';
import { directoryOf, endedRuns, runs, type Run, SANDBOXES } from './runs.ts';
import { written, type Output } from './output.ts';
import { micro } from './v0/task.ts';
import { double } from '../generate/json.ts';
import type { World } from './world.ts';

/** The most bytes that are read at once: 16 pages. */
const MOST = 16 * 4096;

/** A file is rotated when it has so many bytes, and so many rotated ones are kept. */
const ROTATED = { bytes: 64 * 1024, kept: 4 };

/** How many outputs are kept for the next request: a client reads a file in parts. */
const KEPT = 20;

interface File {
  path: string;
  content: Buffer;
  modified: number;
}

/** Finds the directory that a path is or is in, with its files; undefined: there is none. */
export type Find = (path: string) => { root: string; files: File[] } | undefined;

export class Files {
  private readonly world: World;
  private readonly shape?: Shape;
  readonly rules: Rules;
  private readonly outputs = new Map<string, { at: number; files: File[] }>();

  /** `shape`: of an older version. */
  constructor(world: World, shape?: Shape) {
    this.world = world;
    this.shape = shape;
    this.rules = shape?.files ?? FILES;
  }

  /** What an agent has: the sandboxes of its containers, and its own log. */
  of(agent: Agent): Find {
    return (path) => {
      if (path === AGENT_LOG) {
        return { root: '', files: [ownLog(agent.started, this.world.now)] };
      }
      const all = [...runs(agent), ...endedRuns(agent, SANDBOXES).reverse()]; // of several runs the latest
      for (const run of all) {
        const root = [directoryOf(agent, run), this.latest(agent, run)].find((one) => one && within(path, one));
        if (root !== undefined) {
          return { root, files: this.filesOf(run).map((file) => ({ ...file, path: `${root}/${file.path}` })) };
        }
      }
      return undefined;
    };
  }

  /** JSON as the version writes it. */
  written(page: string, content: string): Answer {
    return json(this.shape ? reshapeAgent(page, content, this.shape) : content);
  }

  /** The other path of an executor's latest sandbox. */
  private latest(agent: Agent, run: Run): string | undefined {
    switch (this.rules.latest) {
      case 'none':
        return undefined;
      case 'directory':
        return directoryOf(agent, run).replace(/[^/]+$/, 'latest');
      case 'virtual':
        return `/frameworks/${run.framework.id}/executors/${run.id}/runs/latest`;
    }
  }

  private filesOf(run: Run): File[] {
    const { outputs, world } = this;
    const key = run.container.id;
    const known = outputs.get(key);
    if (known?.at === world.now) {
      return known.files;
    }
    const files = written(run, world).flatMap(rotated);
    outputs.delete(key);
    outputs.set(key, { at: world.now, files });
    if (outputs.size > KEPT) {
      outputs.delete(outputs.keys().next().value ?? '');
    }
    return files;
  }
}

function within(path: string, directory: string): boolean {
  return path === directory || path.startsWith(`${directory}/`);
}

/** The file of an output and those that it was rotated to, whole lines in each. */
function rotated({ name, lines, modified }: Output): File[] {
  const pieces: Array<{ texts: string[]; modified: number }> = [{ texts: [], modified }];
  let bytes = 0;
  for (const { at, text } of lines) {
    if (bytes >= ROTATED.bytes) {
      pieces.unshift({ texts: [], modified: at });
      bytes = 0;
    }
    pieces[0].texts.push(text);
    pieces[0].modified = at;
    bytes += text.length + 1;
  }
  return pieces.slice(0, ROTATED.kept + 1).map(({ texts, modified }, i) => ({
    path: i === 0 ? name : `${name}.${i}`,
    content: Buffer.from(texts.map((line) => `${line}\n`).join('')),
    modified,
  }));
}

/** The virtual path of an agent's own log, with --log_dir (src/slave/slave.cpp, Slave::initialize()). */
const AGENT_LOG = '/slave/log';

/** Most lines of an agent's own log. */
const LOG_LINES = 1000;

/** An agent's own log: a line a minute. */
function ownLog(started: number, now: number): File {
  const minutes = Math.floor((now - started) / 60);
  const lines = Array.from({ length: Math.min(minutes, LOG_LINES) }, (_, i) => {
    const at = new Date(1000 * (started + 60 * (minutes - i)));
    const [day, time] = [at.toISOString().slice(5, 10).replace('-', ''), at.toISOString().slice(11, 23)];
    return `I${day} ${time}000   812 slave.cpp:7100] Current disk usage 4.02%. Max allowed age: 6.018687134439502days\n`;
  });
  return { path: AGENT_LOG, content: Buffer.from(lines.reverse().join('')), modified: started + 60 * minutes };
}

/** The pages, by path. */
export const FILE_PAGES: Record<string, (files: Files, find: Find, query: URLSearchParams) => Answer> = {
  '/files/browse': browse,
  '/files/read': read,
};

const NO_PATH = "Expecting 'path=value' in query.\n";

function browse(files: Files, find: Find, query: URLSearchParams): Answer {
  const path = query.get('path');
  if (path === null || path === '') {
    return text(400, NO_PATH);
  }
  const clean = path.replace(/\/+$/, '');
  const found = find(clean);
  if (found?.root !== clean) {
    return empty(404);
  }
  const entries = found.files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(
      ({ path, content, modified }) =>
        `{"gid":"root","mode":"-rw-r--r--","mtime":${timeText(files.rules, modified)},"nlink":1,` +
        `"path":${JSON.stringify(path)},"size":${content.length},"uid":"root"}`
    );
  return files.written('/files/browse', `[${entries.join(',')}]`);
}

function timeText({ times }: Rules, at: number): string {
  const seconds = Math.floor(micro(at));
  return times === 'integers' ? String(seconds) : double(seconds);
}

function read(files: Files, find: Find, query: URLSearchParams): Answer {
  const path = query.get('path');
  if (path === null || path === '') {
    return text(400, NO_PATH);
  }
  const file = find(path)?.files.find((one) => one.path === path);
  if (file === undefined) {
    return empty(404);
  }
  const { content } = file;
  const offset = Number(query.get('offset') ?? -1);
  const length = Number(query.get('length') ?? -1);
  if (!Number.isInteger(offset) || !Number.isInteger(length)) {
    return text(400, 'Failed to parse offset or length.\n');
  }
  const { negative, behind } = files.rules;
  if (offset < -1) {
    return negative === 'seek'
      ? text(500, `Failed to seek file at '${path}': Invalid argument`)
      : text(400, `Negative offset provided: ${offset}.\n`);
  }
  if (offset < 0 || offset >= content.length) {
    const told = behind === 'asked' && offset >= 0 ? offset : content.length;
    return files.written('/files/read', `{"data":"","offset":${told}}`);
  }
  const end = offset + Math.min(length < 0 ? MOST : length, MOST);
  return files.written(
    '/files/read',
    `{"data":${JSON.stringify(content.subarray(offset, end).toString())},"offset":${offset}}`
  );
}
