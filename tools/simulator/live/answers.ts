/**
 * Responses on a simulated cluster's ports: masters that lead, follow or know no leader; agents that start, run or
 * are gone; with and without credentials. Status codes, headers and texts are those recorded (09-protocol, 13, 14-ha, 15-auth).
 */
import { Body, type Part } from '../generate/body.ts';
import { splitUrl, type Asked } from '../match.ts';
import type { Answer } from '../answer.ts';
import { access } from './access.ts';
import { operatorApi, teardownDoor, type Operator } from './api/operator.ts';
import { AGENT_PAGES } from './agent-pages.ts';
import { AGENT_START } from './agents.ts';
import { Files, FILE_PAGES } from './files.ts';
import type { Agent, Master } from './model.ts';
import { CLUSTER_PAGES, MASTER_PAGES, VERSION, WEBUI } from './pages/index.ts';
import { pathOf, queryOf } from './paths.ts';
import { empty, html, json, jsonp, plain, text } from './replies.ts';
import { HOSTNAME } from './state.ts';
import type { Action } from './steps.ts';
import { reshapeAgent, reshapeMaster } from './versions/reshape.ts';
import { shapeOf, type Shape } from './versions/shapes.ts';
import type { World } from './world.ts';

export const REFUSED = 'refuse';

/** Answers for one cluster. */
export class Answers {
  private readonly world: World;
  private readonly act: (action: Action) => void;
  /** Long pages are kept in parts: for those who may see all, and for others. */
  private readonly bodies = new Map<string, Body>();
  /** Of agents. */
  private readonly files: Files;
  /** Of an older version. */
  private readonly shape?: Shape;

  /** `act`: performs an action on the cluster, now. */
  constructor(world: World, act: (action: Action) => void) {
    this.world = world;
    this.act = act;
    this.shape = shapeOf(world.plan.mesos);
    this.files = new Files(world, this.shape);
  }

  /** The paths of a leader that accept actions. */
  private readonly postRoutes: Record<string, (operator: Operator, asked: Asked) => Answer> = {
    '/api/v1': operatorApi,
    '/teardown': teardownDoor,
  };

  ofMaster(master: Master, asked: Asked): Answer | typeof REFUSED {
    const { world } = this;
    if (master.process === 'down') {
      return REFUSED;
    }
    const path = this.pathOf(asked.url, 'master');
    if (path === undefined) {
      return plain(404);
    }
    const query = queryOf(asked.url);
    const { denied, restricted } = access(world.plan, path, asked, 'master');
    if (denied !== undefined) {
      return denied;
    }
    const elsewhere = path in CLUSTER_PAGES ? this.shape?.follower !== 'empty' : path in this.postRoutes;
    if (path === '/redirect' || (world.leader !== master && elsewhere)) {
      return redirect(world, master, path, splitUrl(asked.url)[1], this.shape);
    }
    if (path in this.postRoutes) {
      return this.postRoutes[path]({ world, master, restricted, act: this.act }, asked);
    }
    const page = CLUSTER_PAGES[path] ?? MASTER_PAGES[path];
    if (page === undefined) {
      const shape = this.shape;
      const reshaped = (text: string) => (shape ? reshapeMaster(path, text, { shape, world, master }) : text);
      return jsonp(path === '/' ? html(WEBUI) : common(path, reshaped), query);
    }
    const wrong = checkTimeout(path, query);
    if (wrong !== undefined) {
      return wrong;
    }
    const made = page({ world, master, query, restricted });
    if (this.shape !== undefined) {
      const whole = typeof made === 'string' ? made : made.map(({ text }) => text()).join('');
      return jsonp(json(reshapeMaster(path, whole, { shape: this.shape, world, master })), query);
    }
    return jsonp(json(typeof made === 'string' ? made : this.kept(`${path} ${restricted}`, made, query)), query);
  }

  ofAgent(agent: Agent, asked: Asked): Answer | typeof REFUSED {
    const { world } = this;
    if (agent.process === 'down') {
      return REFUSED;
    }
    const age = world.now - agent.started;
    if (agent.process === 'starting' && age < AGENT_START.routes) {
      return plain(404);
    }
    const path = this.pathOf(asked.url, 'agent');
    if (path === undefined) {
      return plain(404);
    }
    const query = queryOf(asked.url);
    const { denied, restricted } = access(world.plan, path, asked, 'agent');
    if (denied !== undefined) {
      return denied;
    }
    if (path === '/state' && agent.process === 'starting') {
      return text(503, 'Agent has not finished recovery');
    }
    if (path in FILE_PAGES) {
      return jsonp(FILE_PAGES[path](this.files, this.files.of(agent), query), query);
    }
    const page = AGENT_PAGES[path];
    const wrong = checkTimeout(path, query);
    const { shape } = this;
    const reshaped = (text: string) => (shape ? reshapeAgent(path, text, shape) : text);
    const made = () => (page === undefined ? common(path, reshaped) : json(reshaped(page(world, agent, restricted))));
    return wrong ?? jsonp(made(), query);
  }

  /** The path of a page of the current version; undefined: an older version has no such page. */
  private pathOf(url: string, process: 'master' | 'agent'): string | undefined {
    const path = pathOf(url, process);
    return this.shape === undefined ? path : this.shape[`${process}Pages`][path];
  }

  /** A page of many parts. One that was asked for by a part of it is not kept. */
  private kept(name: string, parts: Part[], query: URLSearchParams): Body {
    const filtered = [...query.keys()].some((key) => key.endsWith('_id'));
    const body = (filtered ? undefined : this.bodies.get(name)) ?? new Body();
    if (!filtered) {
      this.bodies.set(name, body);
    }
    body.update(parts);
    return body;
  }
}

/** `?timeout=` of /metrics/snapshot bounds nothing here, as answers are made at once; but it has to have a unit. */
function checkTimeout(path: string, query: URLSearchParams): Answer | undefined {
  const timeout = path === '/metrics/snapshot' ? query.get('timeout') : null;
  if (timeout === null || /^\d+(\.\d+)?(ns|us|ms|secs|mins|hrs|days|weeks)$/.test(timeout)) {
    return undefined;
  }
  const why = /^[\d.]/.test(timeout) ? `Invalid duration '${timeout}'` : "Failed to convert '' to number";
  return text(400, `Invalid timeout '${timeout}': ${why}.\n`);
}

/** Redirects to the leader that this master knows, which may be dead until its ZooKeeper session ends. */
function redirect(world: World, master: Master, path: string, query: string, shape?: Shape): Answer {
  const leader = world.leader === master ? master : world.believed;
  const unknown = leader === undefined || (leader === master && world.leader !== master);
  if (unknown && shape?.leaderless !== 'itself') {
    return text(503, 'No leader elected');
  }
  const [, port] = (leader ?? master).address.split(':');
  const page = path === '/redirect' ? '' : `/master${path}${query}`;
  return empty(307, [['Location', `${shape?.scheme ?? ''}//${HOSTNAME}:${port}${page}`]]);
}

function common(path: string, reshaped = (text: string) => text): Answer {
  switch (path) {
    case '/version':
      return json(reshaped(VERSION));
    case '/health':
      return empty(200);
    default:
      return plain(404);
  }
}
