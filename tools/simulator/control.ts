/**
 * An HTTP server that controls a running replay or simulated cluster, for tests written in another language or in another process. Loopback only.
 *
 *   GET  /          scene, stage, position, hosts
 *   GET  /requests  the requests received (Entry[] of journal.ts); DELETE clears the list
 *   POST /stage     {"name": "newleader"}
 *   POST /kill      {"host": "127.0.0.1:5051"}   (or just "5051")
 *   POST /revive    {"host": "127.0.0.1:5051"}
 *   POST /fault     {"host": "5050", "fault": {"kind": "hang", "path": "/state"}}; "fault": null takes all off
 *
 * Of a simulated cluster also:
 *
 *   GET  /clock         {"now": 1795262400, "streamed": 1234}: its own time, Unix seconds, and how many bytes were sent to the
 *                       newest subscriber of the leader's events; absent without one
 *   POST /clock?now=N   lets its time pass until then
 *   GET  /truth?at=N    what is true at that moment (Truth of live/truth.ts); without `at`: now
 *   GET  /events        what happened so far
 *   POST /do            {"do": "agent dies", "agent": 2}: any step of live/steps.ts
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault } from './faults.ts';
import type { Live } from './live/live.ts';
import type { Action } from './live/steps.ts';
import type { Replay } from './replay.ts';

export interface Control {
  url: string;
  stop(): Promise<void>;
}

interface Order {
  name?: string;
  host?: string;
  fault?: Fault | null;
  do?: Action['do'];
}

/** The requests it serves: `METHOD /path` -> a response to send as JSON. */
const ROUTES: Record<string, (replay: Replay, order: Order) => unknown> = {
  'GET /': (replay) => status(replay),
  'GET /requests': (replay) => replay.requests(),
  'DELETE /requests': (replay) => replay.clearRequests(),
  'POST /stage': async (replay, { name = '' }) => {
    await replay.setStage(name);
    return status(replay);
  },
  'POST /kill': (replay, { host = '' }) => replay.kill(host),
  'POST /revive': (replay, { host = '' }) => replay.revive(host),
  'POST /fault': (replay, { host = '', fault = null }) => replay.fault(host, fault),
};

/** The additional requests of a simulated cluster. `query`: the query string. */
const LIVE_ROUTES: Record<string, (live: Live, query: URLSearchParams, order: Order) => unknown> = {
  'GET /clock': clock,
  'POST /clock': async (live, query) => {
    await live.setNow(moment('now', query.get('now')));
    return clock(live);
  },
  'GET /truth': (live, query) => live.truth(query.has('at') ? moment('at', query.get('at')) : undefined),
  'GET /events': (live) => live.events(),
  'POST /do': (live, _, order) => live.do(order as Action),
};

function clock(live: Live) {
  return { now: live.now(), streamed: live.streamed() };
}

function moment(name: string, value: string | null): number {
  const at = Number(value);
  if (!(at > 0)) {
    throw new Error(`${name}=${value}: expected Unix seconds`);
  }
  return at;
}

/** Starts the control server on a port (0: any). Rejects when it is taken. */
export async function startControl(replay: Replay, port: number): Promise<Control> {
  const server = createServer((request, response) => {
    handle(replay, request)
      .then((result) => ({ status: result === undefined ? 404 : 200, body: result ?? { error: 'no such path' } }))
      .catch((error: Error) => ({ status: 400, body: { error: error.message } }))
      .then(({ status, body }) => {
        response.writeHead(status, { 'Content-Type': 'application/json' });
        response.end(JSON.stringify(body));
      })
      .catch(() => response.destroy());
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening').catch((error: NodeJS.ErrnoException) => {
    throw error.code === 'EADDRINUSE' ? new Error(`port ${port} is in use: choose another with --control`) : error;
  });
  return {
    url: `http://localhost:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}

async function handle(replay: Replay, request: IncomingMessage): Promise<unknown> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
  const name = `${request.method} ${pathname}`;
  const act: ((order: Order) => unknown) | undefined =
    'truth' in replay && name in LIVE_ROUTES
      ? (order) => LIVE_ROUTES[name](replay as Live, searchParams, order)
      : ROUTES[name] && ((order) => ROUTES[name](replay, order));
  if (act === undefined) {
    return undefined;
  }
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
  }
  return (await act(body === '' ? {} : (JSON.parse(body) as Order))) ?? {};
}

function status(replay: Replay) {
  const { scene, stages, hosts, masters, agents } = replay;
  return { scene, stage: replay.stage(), stages, position: replay.position() ?? null, hosts, masters, agents };
}
