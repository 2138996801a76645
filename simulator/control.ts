/**
 * An HTTP door to a running replay, for tests written in another language or in another process. Loopback only.
 *
 *   GET  /          scene, stage, position, hosts
 *   GET  /requests  what the hosts received (Entry[] of journal.ts); DELETE forgets it
 *   POST /stage     {"name": "newleader"}
 *   POST /kill      {"host": "127.0.0.1:5051"}   (or just "5051")
 *   POST /revive    {"host": "127.0.0.1:5051"}
 *   POST /fault     {"host": "5050", "fault": {"kind": "hang", "path": "/state"}}; "fault": null takes all off
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Fault } from './faults.ts';
import type { Replay } from './replay.ts';

export interface Control {
  url: string;
  stop(): Promise<void>;
}

interface Order {
  name?: string;
  host?: string;
  fault?: Fault | null;
}

/** What the door does: `METHOD /path` -> an answer to send as JSON. */
const DOORS: Record<string, (replay: Replay, order: Order) => unknown> = {
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

/** Opens the door on a port (0: any). Rejects when it is taken. */
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
  const door = DOORS[`${request.method} ${request.url}`];
  if (door === undefined) {
    return undefined;
  }
  let body = '';
  for await (const chunk of request) {
    body += String(chunk);
  }
  return (await door(replay, body === '' ? {} : (JSON.parse(body) as Order))) ?? {};
}

function status(replay: Replay) {
  const { scene, stages, hosts, masters, agents } = replay;
  return { scene, stage: replay.stage(), stages, position: replay.position() ?? null, hosts, masters, agents };
}
