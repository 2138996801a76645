/**
 * An HTTP server that controls a generated cluster, for programs in another process. Loopback only.
 *
 *   GET    /clock        {"now": 1795262400}  Unix seconds
 *   POST   /clock?now=N  lets the cluster's time pass until then
 *   GET    /traffic      what the master was asked for (Traffic of master.ts); DELETE begins to count again
 *   GET    /expected     {"agents", "frameworks", "tasks"}: how many there are now
 */
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { GeneratedMaster } from './master.ts';

type Route = (master: GeneratedMaster, query: URLSearchParams) => unknown;

const ROUTES: Record<string, Route | undefined> = {
  'GET /clock': ({ cluster }) => ({ now: cluster.now }),
  'POST /clock': (master, query) => {
    const now = Number(query.get('now'));
    if (!(now > 0)) {
      throw new Error(`now=${query.get('now')}: expected Unix seconds`);
    }
    master.advance(now);
    return { now: master.cluster.now };
  },
  'GET /traffic': (master) => master.traffic(),
  'DELETE /traffic': (master) => master.forget(),
  'GET /expected': ({ cluster }) => ({
    agents: cluster.agents.length,
    frameworks: cluster.frameworks.length,
    tasks: cluster.tasks,
  }),
};

/** Starts the control server on a port (0: any). */
export async function startControl(
  master: GeneratedMaster,
  port: number
): Promise<{ url: string; stop(): Promise<void> }> {
  // Idle connections stay open: a client may send the next request while one is being closed.
  const server = createServer({ keepAliveTimeout: 0 }, (request, response) => {
    const { pathname, searchParams } = new URL(request.url ?? '/', 'http://control');
    const route = ROUTES[`${request.method} ${pathname}`];
    let status = route ? 200 : 404;
    let answer: unknown;
    try {
      answer = route ? (route(master, searchParams) ?? {}) : { error: 'no such path' };
    } catch (error) {
      status = 400;
      answer = { error: (error as Error).message };
    }
    request.resume();
    response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(answer));
  });
  server.listen(port, '127.0.0.1');
  await once(server, 'listening');
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}`,
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
