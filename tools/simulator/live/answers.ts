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
import type { Agent, Master } from './model.ts';
import { CLUSTER_PAGES, MASTER_PAGES, VERSION, WEBUI } from './pages/index.ts';
import { pathOf, queryOf } from './paths.ts';
import { empty, html, json, jsonp, plain, text } from './replies.ts';
import { HOSTNAME } from './state.ts';
import type { Action } from './steps.ts';
import type { World } from './world.ts';

export const REFUSED = 'refuse';

/** Answers for one cluster. */
export class Answers {
  private readonly world: World;
  private readonly act: (action: Action) => void;
  /** Long pages are kept in parts: for those who may see all, and for others. */
  private readonly bodies = new Map<string, Body>();

  /** `act`: performs an action on the cluster, now. */
  constructor(world: World, act: (action: Action) => void) {
    this.world = world;
    this.act = act;
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
    const path = pathOf(asked.url, 'master');
    const query = queryOf(asked.url);
    const { denied, restricted } = access(world.plan, path, asked, 'master');
    if (denied !== undefined) {
      return denied;
    }
    if (path === '/redirect' || (world.leader !== master && (path in CLUSTER_PAGES || path in this.postRoutes))) {
      return redirect(world, master, path, splitUrl(asked.url)[1]);
    }
    if (path in this.postRoutes) {
      return this.postRoutes[path]({ world, master, restricted, act: this.act }, asked);
    }
    const page = CLUSTER_PAGES[path] ?? MASTER_PAGES[path];
    if (page === undefined) {
      return jsonp(path === '/' ? html(WEBUI) : common(path), query);
    }
    const wrong = checkTimeout(path, query);
    if (wrong !== undefined) {
      return wrong;
    }
    const made = page({ world, master, query, restricted });
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
    const path = pathOf(asked.url, 'agent');
    const query = queryOf(asked.url);
    const { denied, restricted } = access(world.plan, path, asked, 'agent');
    if (denied !== undefined) {
      return denied;
    }
    if (path === '/state' && agent.process === 'starting') {
      return text(503, 'Agent has not finished recovery');
    }
    const page = AGENT_PAGES[path];
    const wrong = checkTimeout(path, query);
    return wrong ?? jsonp(page === undefined ? common(path) : json(page(world, agent, restricted)), query);
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
function redirect(world: World, master: Master, path: string, query: string): Answer {
  const leader = world.leader === master ? master : world.believed;
  if (leader === undefined || (leader === master && world.leader !== master)) {
    return text(503, 'No leader elected');
  }
  const [, port] = leader.address.split(':');
  const page = path === '/redirect' ? '' : `/master${path}${query}`;
  return empty(307, [['Location', `//${HOSTNAME}:${port}${page}`]]);
}

function common(path: string): Answer {
  switch (path) {
    case '/version':
      return json(VERSION);
    case '/health':
      return empty(200);
    default:
      return plain(404);
  }
}
