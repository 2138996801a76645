/**
 * Who answers what on a simulated cluster's ports: masters that lead, follow or know no leader; agents that start, run or
 * are gone; with and without credentials. Status codes, headers and texts are those recorded (09-protocol, 13, 14-ha, 15-auth).
 */
import { Body } from '../generate/body.ts';
import { recordedVersion } from '../generate/recorded.ts';
import { splitUrl, type Asked } from '../match.ts';
import type { Answer } from '../server.ts';
import { agentFlagsText, agentMetricsText, agentStateText, statisticsText } from './agent-pages.ts';
import { AGENT_START } from './agents.ts';
import type { Agent, Master } from './model.ts';
import { rolesText } from './roles.ts';
import { snapshotText } from './snapshot.ts';
import { flagsOf, HOSTNAME, stateParts } from './state.ts';
import type { World } from './world.ts';

const TEXT: Array<[string, string]> = [['Content-Type', 'text/plain; charset=utf-8']];
const JSON_TYPE: Array<[string, string]> = [['Content-Type', 'application/json']];

/** A body that can say nothing itself: `404 Not Found.`, as libprocess does. */
const PLAIN: Record<number, string> = {
  401: '401 Unauthorized.',
  403: '403 Forbidden.',
  404: '404 Not Found.',
};

/** Answered by masters that do not lead, too. */
const OWN_PAGES = new Set(['/metrics/snapshot', '/version', '/flags', '/health']);

/** What everybody may see. */
const OPEN = new Set(['/version', '/health', '/redirect', '/']);

/** What ACLs forbid a restricted principal; the other pages they only filter. */
const FORBIDDEN = new Set(['/metrics/snapshot', '/flags', '/monitor/statistics']);

const VERSION = JSON.stringify(recordedVersion()).replace(/("build_time":\d+)(?=[,}])/, '$1.0');

export const REFUSED = 'refuse';

/** The path of a request without query string, doubled slashes and the process' own prefix. */
export function pathOf(url: string): string {
  const clean = splitUrl(url)[0]
    .replace(/\/{2,}/g, '/')
    .replace(/(.)\/$/, '$1');
  return clean.replace(/^\/(master|slave\(1\))(?=\/)/, '');
}

/** Answers for one cluster. */
export class Answers {
  private readonly world: World;
  /** /state is long, and kept in parts: for those who may see all, and for others. */
  private readonly states = { whole: new Body(), restricted: new Body() };

  constructor(world: World) {
    this.world = world;
  }

  /** `path`: see pathOf. */
  ofMaster(master: Master, path: string, asked: Asked): Answer | typeof REFUSED {
    const { world } = this;
    if (master.process === 'down') {
      return REFUSED;
    }
    const { denied, restricted } = this.access(path, asked, 'master');
    if (denied !== undefined) {
      return denied;
    }
    if (path === '/redirect' || (world.leader !== master && !OWN_PAGES.has(path) && PAGES.has(path))) {
      return redirect(world, master, path, splitUrl(asked.url)[1]);
    }
    switch (path) {
      case '/state': {
        const body = restricted ? this.states.restricted : this.states.whole;
        body.update(stateParts(world, master, restricted));
        return { status: 200, headers: JSON_TYPE, body };
      }
      case '/roles':
        return json(rolesText(world, restricted));
      case '/metrics/snapshot':
        return json(snapshotText(world, master));
      case '/flags':
        return json(JSON.stringify({ flags: flagsOf(world, master) }));
      default:
        return common(path);
    }
  }

  ofAgent(agent: Agent, path: string, asked: Asked): Answer | typeof REFUSED {
    const { world } = this;
    if (agent.process === 'down') {
      return REFUSED;
    }
    const age = world.now - agent.started;
    if (agent.process === 'starting' && age < AGENT_START.routes) {
      return plain(404);
    }
    const { denied, restricted } = this.access(path, asked, 'agent');
    if (denied !== undefined) {
      return denied;
    }
    switch (path) {
      case '/state':
        return agent.process === 'starting'
          ? text(503, 'Agent has not finished recovery')
          : json(agentStateText(world, agent, restricted));
      case '/monitor/statistics':
        return json(statisticsText(world, agent));
      case '/metrics/snapshot':
        return json(agentMetricsText(world, agent));
      case '/flags':
        return json(agentFlagsText(agent));
      default:
        return common(path);
    }
  }

  /** Whether somebody may see a page, and whether as a restricted principal. */
  private access(path: string, asked: Asked, realm: 'master' | 'agent'): { denied?: Answer; restricted: boolean } {
    const { principals } = this.world.plan;
    if (principals === undefined || OPEN.has(path)) {
      return { restricted: false };
    }
    const sent = /^Basic (\S+)$/.exec(String(asked.headers.authorization ?? ''))?.[1] ?? '';
    const [name, ...password] = Buffer.from(sent, 'base64').toString().split(':');
    const principal = Object.hasOwn(principals, name) ? principals[name] : undefined;
    if (principal === undefined || principal.password !== password.join(':')) {
      const denied = plain(401);
      denied.headers = [['WWW-Authenticate', `Basic realm="mesos-${realm}-readonly"`], ...TEXT];
      return { denied, restricted: false };
    }
    const restricted = principal.restricted === true;
    return { denied: restricted && FORBIDDEN.has(path) ? plain(403) : undefined, restricted };
  }
}

/** Pages of the cluster, which only its leader has. */
const PAGES = new Set([
  ...['/state', '/roles', '/state-summary', '/slaves', '/frameworks', '/tasks', '/quota', '/weights'],
  ...['/maintenance/schedule', '/maintenance/status', '/api/v1'],
]);

/** To the leader, as far as this master knows one: for as long as its session lives, that may be a dead one. */
function redirect(world: World, master: Master, path: string, query: string): Answer {
  const leader = world.leader === master ? master : world.believed;
  if (leader === undefined || (leader === master && world.leader !== master)) {
    return text(503, 'No leader elected');
  }
  const [, port] = leader.address.split(':');
  const page = path === '/redirect' ? '' : `/master${path}${query}`;
  return {
    status: 307,
    headers: [['Location', `//${HOSTNAME}:${port}${page}`]],
    body: Buffer.alloc(0),
  };
}

function common(path: string): Answer {
  switch (path) {
    case '/version':
      return json(VERSION);
    case '/health':
      return { status: 200, headers: [], body: Buffer.alloc(0) };
    default:
      return plain(404);
  }
}

function json(body: string): Answer {
  return { status: 200, headers: JSON_TYPE, body: Buffer.from(body) };
}

function text(status: number, body: string): Answer {
  return { status, headers: TEXT, body: Buffer.from(body) };
}

function plain(status: number): Answer {
  return text(status, PLAIN[status]);
}
