/**
 * /files/browse and /files/read of agents (src/files/files.cpp): the sandboxes of their containers with stdout, stderr and what
 * those were rotated to (--container_logger, src/slave/container_loggers/logrotate.cpp).
 */
import type { Answer } from '../answer.ts';
import type { Agent } from './model.ts';
import { empty, json, text } from './replies.ts';
import { directoryOf, endedRuns, runs, type Run } from './runs.ts';
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

export class Files {
  private readonly world: World;
  private readonly outputs = new Map<string, { at: number; files: File[] }>();

  constructor(world: World) {
    this.world = world;
  }

  /** The files of the sandbox that a path is in or is; undefined: the agent has none there. */
  of(agent: Agent, path: string): { root: string; files: File[] } | undefined {
    const virtual = /^\/frameworks\/([^/]+)\/executors\/(.+)\/runs\/latest(?=\/|$)/.exec(path);
    const all = [...runs(agent), ...endedRuns(agent)];
    const run = virtual
      ? all.find(({ framework, id }) => framework.id === virtual[1] && id === virtual[2])
      : all.find((one) => within(path, directoryOf(agent, one)));
    if (run === undefined) {
      return undefined;
    }
    const root = virtual?.[0] ?? directoryOf(agent, run);
    return { root, files: this.filesOf(run).map((file) => ({ ...file, path: `${root}/${file.path}` })) };
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

/** The pages, by path. */
export const FILE_PAGES: Record<string, (files: Files, agent: Agent, query: URLSearchParams) => Answer> = {
  '/files/browse': browse,
  '/files/read': read,
};

const NO_PATH = "Expecting 'path=value' in query.\n";

function browse(files: Files, agent: Agent, query: URLSearchParams): Answer {
  const path = query.get('path');
  if (path === null || path === '') {
    return text(400, NO_PATH);
  }
  const clean = path.replace(/\/+$/, '');
  const found = files.of(agent, clean);
  if (found?.root !== clean) {
    return empty(404);
  }
  const entries = found.files
    .toSorted((a, b) => (a.path < b.path ? -1 : 1))
    .map(
      ({ path, content, modified }) =>
        `{"gid":"root","mode":"-rw-r--r--","mtime":${double(Math.floor(micro(modified)))},"nlink":1,` +
        `"path":${JSON.stringify(path)},"size":${content.length},"uid":"root"}`
    );
  return json(`[${entries.join(',')}]`);
}

function read(files: Files, agent: Agent, query: URLSearchParams): Answer {
  const path = query.get('path');
  if (path === null || path === '') {
    return text(400, NO_PATH);
  }
  const file = files.of(agent, path)?.files.find((one) => one.path === path);
  if (file === undefined) {
    return empty(404);
  }
  const { content } = file;
  const offset = Number(query.get('offset') ?? -1);
  const length = Number(query.get('length') ?? -1);
  if (!Number.isInteger(offset) || !Number.isInteger(length)) {
    return text(400, 'Failed to parse offset or length.\n');
  }
  if (offset < 0 || offset >= content.length) {
    return json(`{"data":"","offset":${content.length}}`);
  }
  const end = offset + Math.min(length < 0 ? MOST : length, MOST);
  return json(`{"data":${JSON.stringify(content.subarray(offset, end).toString())},"offset":${offset}}`);
}
