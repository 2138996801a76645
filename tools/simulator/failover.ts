/**
 * The recorded failover (14-ha/failover-series): POLL.jsonl says of each master and moment whether it answered, led, or
 * redirected to whom. It kept no bodies: those of a leader and of a follower are the ones recorded of the same master
 * just before and after (prefixes `leader`, `newleader`, `nonleader` of scene 14-ha), nearest in time.
 *
 * So between 11.7 s and 12.7 s, when the new leader listed only recovered agents, it is shown as recovered.
 */
import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { isAnswer, readBody, requestRows, unixTime, type Recording, type Row } from './manifest.ts';
import type { Scene } from './scene.ts';
import { noSuchStage, stagePrefix } from './stages.ts';

/** A line of POLL.jsonl: an answer of a master, or an event. */
type Line =
  | { t: number; unix: number; master: string; path: string; status: number | string; location: string | null }
  | { t: number; event: string };

/** The role of a master from `t` on. */
interface Part {
  t: number;
  role: 'down' | 'leader' | 'follower';
  /** The host to which it redirected. */
  follows?: string;
}

const POLL = ['POLL.jsonl', 'POLL.jsonl.gz'];

/** Whether the folder has a recorded failover of that name. */
export function isFailover(recording: Recording, name: string): boolean {
  return pollFile(recording, name) !== undefined;
}

/** Reads a failover. It plays once and keeps its last state. */
export function failoverScene(recording: Recording, name: string): Scene {
  const lines = readLines(recording, name);
  const polled = lines.filter((line) => 'master' in line);
  const hosts = [...new Set(polled.map((line) => line.master))];
  const parts = new Map(hosts.map((host) => [host, partsOf(host, polled, hosts)]));
  const rows = requestRows(recording).filter((row) => name.startsWith(`${row.scene}/`));
  const start = polled[0].unix - polled[0].t;

  return {
    name,
    hosts,
    stages: [],
    borrows: false,
    course: {
      start,
      length: polled[polled.length - 1].t,
      loops: false,
      changes: [...new Set([...parts.values()].flat().map((part) => part.t))]
        .filter((t) => t > 0)
        .sort((a, b) => a - b),
      events: lines.filter((line) => 'event' in line).map((line) => ({ t: line.t, text: line.event })),
    },
    moment(host, elapsed) {
      const part = (parts.get(host) ?? []).findLast(({ t }, index) => index === 0 || t <= elapsed);
      const at = start + elapsed;
      if (part === undefined || part.role === 'down') {
        return { up: false, rows: [], at };
      }
      const own = rows.filter((row) => row.host === host);
      return { up: true, rows: nearestTake(own, part.role, at), at, redirectsTo: part.follows };
    },
    stage: () => '',
    setStage: (stage) => {
      throw new Error(noSuchStage(name, stage, []));
    },
  };
}

/** How a master changed, from its answers to /redirect and /state: 200 on /state is a leader's, 307 a follower's. */
function partsOf(host: string, polled: Array<Extract<Line, { master: string }>>, hosts: string[]): Part[] {
  const parts: Part[] = [];
  for (const { t, status, location } of polled.filter((l) => l.master === host && l.path === '/redirect')) {
    const follows = location === null ? undefined : hosts.find((h) => location.endsWith(h.slice(h.lastIndexOf(':'))));
    const role = typeof status !== 'number' ? 'down' : follows === host ? 'leader' : 'follower';
    const last = parts[parts.length - 1];
    if (last === undefined || last.role !== role || last.follows !== follows) {
      parts.push({ t, role, follows });
    }
  }
  return parts;
}

/** The rows of one take (file-name prefix) in which this master had that role, nearest in time. */
function nearestTake(own: Row[], role: 'leader' | 'follower', at: number): Row[] {
  const status = role === 'leader' ? 200 : 307;
  const takes = own
    .filter((row) => isAnswer(row) && row.path === '/state' && row.status === status)
    .sort((a, b) => Math.abs(unixTime(a) - at) - Math.abs(unixTime(b) - at));
  return takes.length === 0 ? [] : own.filter((row) => stagePrefix(row.file) === stagePrefix(takes[0].file));
}

function readLines(recording: Recording, name: string): Line[] {
  const lines = readBody(recording, pollFile(recording, name) as string)
    .toString('utf8')
    .split('\n');
  return lines.filter((line) => line !== '').map((line) => JSON.parse(line) as Line);
}

function pollFile(recording: Recording, name: string): string | undefined {
  return POLL.map((file) => `${name}/${file}`).find((file) => existsSync(join(recording.dir, file)));
}
