/**
 * Serves a recorded scene as masters and agents on real loopback ports. The library behind cli.ts; tests use it directly.
 *
 *   const replay = await startReplay({ dir: 'testdata/captures', scene: '03-workload' });
 *   await fetch(`${replay.masters[0]}/metrics/snapshot`);
 *   await replay.stop();
 */
import { basename } from 'node:path';
import { checkFault, type Fault } from './faults.ts';
import { Journal, type Entry } from './journal.ts';
import { isAnswer, readBody, readHead, readRecording, requestRows, type Recording, type Row } from './manifest.ts';
import { pickNearest, pickRow, type Asked } from './match.ts';
import type { Moment } from './scene.ts';
import { openScene } from './scenes.ts';
import type { Answer } from './answer.ts';
import { HostServer } from './server.ts';
import { hasCredentials, readCasts } from './stages.ts';
import { Timeline, type Position } from './timeline.ts';

export interface ReplayOptions {
  /** A folder of recorded scenes with a manifest.jsonl. */
  dir: string;
  /** A scene of it; without, the first series, else the first scene. */
  scene?: string;
  /** A stage of it; without, its first. */
  stage?: string;
  /** Port of the first master; the others keep their recorded distance to it. 0 (the default): any free ports. */
  port?: number;
  /** How much faster than recorded a scene that moves is played. Default 1. */
  speed?: number;
  /** Whether to serve what the scene lacks from another scene, nearest in time on the same host. Default true. */
  borrow?: boolean;
  /** File to append every request to, as lines of JSON. */
  record?: string;
  /** Milliseconds since the epoch. With an own clock no timer runs: call tick() after moving it. */
  clock?: () => number;
}

/** A running replay. */
export interface Replay {
  scene: string;
  /** Base URLs of masters, by the name their redirects use: `http://localhost:5050`. */
  masters: string[];
  /** Base URLs of agents. */
  agents: string[];
  /** Recorded `address:port` -> base URL. */
  hosts: Record<string, string>;
  stages: string[];
  /** The requests received so far, oldest first. */
  requests(): Entry[];
  clearRequests(): void;
  stage(): string;
  /** Moves to another stage; resolves when hosts that are down in it refuse connections. */
  setStage(name: string): Promise<void>;
  /** Takes a host down (by recorded `address:port`, recorded port or base URL) until revive. */
  kill(host: string): Promise<void>;
  revive(host: string): Promise<void>;
  /** Puts a fault on a host; null takes all off. */
  fault(host: string, fault: Fault | null): void;
  /** The position of a scene that moves in time; undefined for others. */
  position(): Position | undefined;
  /** Takes hosts up and down as the clock says. Only needed with an own clock. */
  tick(): Promise<void>;
  stop(): Promise<void>;
}

/** The longest wait setTimeout can do. */
const MAX_TIMER = 2 ** 31 - 1;

/** Starts serving. Throws for an unknown scene or stage (the error lists those that exist) and for a port in use. */
export async function startReplay(options: ReplayOptions): Promise<Replay> {
  const recording = readRecording(options.dir);
  const scene = openScene(recording, options.scene);
  if (options.stage !== undefined) {
    scene.setStage(options.stage);
  }
  const clock = options.clock ?? Date.now;
  const timeline = scene.course && new Timeline(scene.course, options.speed ?? 1, clock);
  const journal = new Journal(options.record);
  const killed = new Set<string>();
  const lenders = options.borrow !== false && scene.borrows ? borrowable(recording) : [];

  const momentOf = (host: string): Moment => {
    const moment = scene.moment(host, timeline?.position().elapsed ?? 0);
    return killed.has(host) ? { ...moment, up: false } : moment;
  };
  const servers = new Map<string, HostServer>();
  const say = (host: string, asked: Asked): Answer | 'refuse' => {
    const moment = momentOf(host);
    if (!moment.up) {
      return 'refuse';
    }
    const row = pickRow(moment.rows, asked) ?? pickNearest(lenders.filter(sameHost(host)), asked, moment.at);
    return row ? answerOf(recording, row, timeline, relocator(servers, moment.redirectsTo)) : NOT_FOUND;
  };

  const order = mastersFirst(recording, scene.hosts);
  order.forEach((host) => servers.set(host, new HostServer(host, (asked) => say(host, asked), journal)));
  const stopServers = () => Promise.all([...servers.values()].map((server) => server.takeDown()));

  /** Serialized, so that two changes in a row end in the later one. */
  let settling = Promise.resolve();
  const settle = () =>
    (settling = settling.then(async () => {
      await Promise.all(
        [...servers].map(([host, server]) => (momentOf(host).up ? server.bringUp() : server.takeDown()))
      );
    }));

  try {
    for (const [host, port] of ports(order, options.port ?? 0)) {
      await servers.get(host)?.start(port);
    }
    await settle();
  } catch (error) {
    await stopServers();
    await journal.close();
    throw error;
  }

  let timer: NodeJS.Timeout | undefined;
  let stopped = false;
  const schedule = () => {
    const wait = timeline?.untilChange();
    if (options.clock === undefined && wait !== undefined && !stopped) {
      timer = setTimeout(() => void settle().then(schedule), Math.min(wait + 1, MAX_TIMER));
    }
  };
  schedule();

  const urlOf = (host: string) => `http://localhost:${servers.get(host)?.port}`;
  const find = (name: string): string => {
    const host = order.find((h) => h === name || h.endsWith(`:${name}`) || urlOf(h) === name);
    if (host === undefined) {
      throw new Error(`no host "${name}" in scene ${scene.name}; it has: ${order.join(', ')}`);
    }
    return host;
  };

  return {
    scene: scene.name,
    masters: order.filter((host) => !isAgent(recording, host)).map(urlOf),
    agents: order.filter((host) => isAgent(recording, host)).map(urlOf),
    hosts: Object.fromEntries(order.map((host) => [host, urlOf(host)])),
    stages: scene.stages,
    requests: () => journal.all(),
    clearRequests: () => journal.clear(),
    stage: () => scene.stage(),
    async setStage(name) {
      scene.setStage(name);
      await settle();
    },
    async kill(host) {
      killed.add(find(host));
      await settle();
    },
    async revive(host) {
      killed.delete(find(host));
      await settle();
    },
    fault(host, fault) {
      const server = servers.get(find(host));
      if (fault === null) {
        server?.clearFaults();
      } else {
        server?.addFault(checkFault(fault));
      }
    },
    position: () => timeline?.position(),
    tick: settle,
    async stop() {
      stopped = true;
      clearTimeout(timer);
      await settling;
      await stopServers();
      await journal.close();
    },
  };
}

/** The response of Mesos to unknown paths (recorded in 09-protocol); here also to paths that were not recorded. */
const NOT_FOUND: Answer = {
  status: 404,
  headers: [['Content-Type', 'text/plain; charset=utf-8']],
  body: Buffer.from('404 Not Found.'),
};

function answerOf(
  recording: Recording,
  row: Row,
  timeline: Timeline | undefined,
  relocate: (location: string) => string
): Answer {
  const head = readHead(recording, row.file);
  const body = readBody(recording, row.file);
  const text = head.headers.some(([, value]) => /json|javascript/.test(value));
  return {
    status: row.status as number,
    reason: head.reason,
    headers: head.headers.map(([name, value]) => [name, name.toLowerCase() === 'location' ? relocate(value) : value]),
    body: timeline && text ? timeline.shift(body) : body,
    file: row.file,
  };
}

/**
 * Points a Location (`//localhost:5050/master/state`) at the port on which this replay serves that host; hosts are
 * known by their recorded port, as Mesos puts the master's own name for itself before it.
 */
function relocator(servers: Map<string, HostServer>, redirectsTo: string | undefined): (location: string) => string {
  return (location) =>
    location.replace(/^((?:https?:)?\/\/[^/:]+:)(\d+)/, (whole, before: string, port: string) => {
      const host = redirectsTo ?? [...servers.keys()].find((h) => h.endsWith(`:${port}`));
      const server = host === undefined ? undefined : servers.get(host);
      return server ? `${before}${server.port}` : whole;
    });
}

/** Rows of scenes whose answers depend on neither credentials nor on which master was asked. */
function borrowable(recording: Recording): Row[] {
  const rows = requestRows(recording).filter(isAnswer);
  const casts = readCasts(recording);
  const closed = new Set(rows.filter((row) => hasCredentials([row])).map((row) => row.scene));
  return rows.filter((row) => !closed.has(row.scene) && casts[row.scene] === undefined);
}

function sameHost(host: string): (row: Row) => boolean {
  return (row) => row.host === host;
}

/** Agents are known by the names of files recorded of them, anywhere in the folder. */
function isAgent(recording: Recording, host: string): boolean {
  return requestRows(recording).some(
    (row) => row.host === host && (/(^|-)agent\d+-/.test(basename(row.file)) || row.path.startsWith('/slave(1)/'))
  );
}

function mastersFirst(recording: Recording, hosts: string[]): string[] {
  const rank = (host: string) => (isAgent(recording, host) ? 1 : 0);
  return [...hosts].sort((a, b) => rank(a) - rank(b) || portOf(a) - portOf(b));
}

function portOf(host: string): number {
  return Number(host.slice(host.lastIndexOf(':') + 1));
}

/** The port of each host: its recorded distance from the first one's, or the next one free when that clashes. */
function ports(order: string[], first: number): Array<[host: string, port: number]> {
  const taken = new Set<number>();
  return order.map((host) => {
    if (first === 0) {
      return [host, 0];
    }
    let port = first + portOf(host) - portOf(order[0]);
    while (port < first || taken.has(port)) {
      port = Math.max(port + 1, first);
    }
    taken.add(port);
    return [host, port];
  });
}
