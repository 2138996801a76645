/**
 * What stands before the masters of a cluster, so that only it can be reached: the router of DC/OS, or a load balancer.
 *
 * The router is Admin Router (dcos/dcos, packages/adminrouter/extra/src/includes/server/master.conf): nginx with /mesos/ before
 * the pages of the leader, whose name leader.mesos is renewed seconds after a change, /agent/<id>/ before those of agents, and
 * the web interface at /. Location of /redirect passes unchanged. Without the token of a user it answers 401 with
 * `WWW-Authenticate: oauthjwt` and an HTML page (lib/auth/common.lua).
 *
 * The balancer asks each master every few seconds whether it is healthy. Until it notices that one is not, the connections
 * that it gives to that one are reset.
 */
import type { Answer } from '../answer.ts';
import { Random } from '../generate/random.ts';
import type { Asked } from '../match.ts';
import type { Agent, Master } from './model.ts';
import type { Front } from './plan.ts';
import type { World } from './world.ts';

/** Seconds from a change of the leader until the router has its new address: its name is looked up again. */
const RENEWS = 5;

/** Seconds between two checks of the balancer. */
const CHECKS = 3;

/** How many checks in a row change its mind. */
const FALLS = 2;

/** What a front asks behind itself; `refuse` is a refused or reset connection. */
export interface Behind {
  /** The cluster's time. */
  now(): number;
  master(master: Master, asked: Asked): Promise<Answer | 'refuse'>;
  agent(agent: Agent, asked: Asked): Promise<Answer | 'refuse'>;
}

export type Say = (asked: Asked) => Promise<Answer | 'refuse'>;

export function frontOf(front: Front, world: World, behind: Behind): Say {
  return front.kind === 'dcos' ? dcos(front, world, behind) : balancer(front, world, behind);
}

/** The moment from which a leader is reached through what is in front of it, in the cluster's time. */
export function reachedFrom(front: Front | undefined, elected: number): number {
  switch (front?.kind) {
    case 'dcos':
      return elected + RENEWS;
    case 'balancer':
      return front.picks === 'leader' ? Math.ceil(elected / CHECKS + (FALLS - 1)) * CHECKS : elected;
    default:
      return elected;
  }
}

// --- DC/OS ---

function page(status: number, title: string, headers: Answer['headers'] = []): Answer {
  return {
    status,
    headers: [['Content-Type', 'text/html; charset=UTF-8'], ...headers],
    body: Buffer.from(
      `<!DOCTYPE html>\n<html><head><title>${title}</title></head><body><h1>${title}</h1></body></html>\n`
    ),
  };
}

function dcos(front: Front & { kind: 'dcos' }, world: World, behind: Behind): Say {
  const byId = new Map(world.agents.map((agent) => [agent.id, agent]));
  return async (asked) => {
    const { url } = asked;
    const [, prefix, rest = ''] = /^\/(mesos|(?:agent|slave)\/[0-9a-zA-Z-]+)(\/.*)?$/.exec(url.split('?')[0]) ?? [];
    if (prefix === undefined) {
      // The web interface is for everybody: it shows the login.
      return page(200, 'DC/OS');
    }
    if (asked.headers.authorization !== `token=${front.token}`) {
      return page(401, '401 Unauthorized', [['WWW-Authenticate', 'oauthjwt']]);
    }
    const inside = { ...asked, url: url.slice(prefix.length + 1) };
    if (prefix === 'mesos') {
      if (rest === '') {
        return page(301, '301 Moved Permanently', [['Location', '/mesos/']]);
      }
      const leader = named(front, world, behind.now());
      const answer = leader === undefined ? undefined : await behind.master(leader, inside);
      return answer === undefined
        ? page(503, '503 Service Temporarily Unavailable')
        : answer === 'refuse'
          ? page(502, '502 Bad Gateway')
          : answer;
    }
    const agent = byId.get(prefix.split('/')[1]);
    const answer = agent && (await behind.agent(agent, inside));
    return answer === undefined
      ? page(404, '404 Not Found')
      : answer === 'refuse'
        ? page(502, '502 Bad Gateway')
        : answer;
  };
}

/** Whom leader.mesos names: the latest leader as of some seconds ago, dead or not. */
function named(front: Front, world: World, now: number): Master | undefined {
  const last = world.leaderships.findLast(({ from }) => reachedFrom(front, from) <= now);
  return last === undefined ? undefined : world.masters[last.master - 1];
}

// --- load balancer ---

function balancer(front: Front & { kind: 'balancer' }, world: World, behind: Behind): Say {
  const random = new Random(world.plan.seed * 43);
  return async (asked) => {
    const now = behind.now();
    const backends = world.masters.filter((master) => isIn(front, world, now, master));
    const master = backends[random.int(backends.length)];
    return master === undefined ? page(503, '503 Service Unavailable') : behind.master(master, asked);
  };
}

/** Whether the balancer gives requests to a master: as of its checks, so later than what is true. */
function isIn(front: Front & { kind: 'balancer' }, world: World, now: number, master: Master): boolean {
  const then = (Math.floor(now / CHECKS) - (FALLS - 1)) * CHECKS;
  if (front.picks === 'leader') {
    const last = world.leaderships.findLast(({ from }) => reachedFrom(front, from) <= now);
    return last?.master === master.number + 1 && (last.until === undefined || last.until > then);
  }
  return master.process === 'up' ? master.started <= then : master.ended > then;
}
