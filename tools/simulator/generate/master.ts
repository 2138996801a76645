/**
 * A generated cluster on a real port: the leading master, as far as the data source asks it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { acceptsGzip } from '../server.ts';
import { Body, type Part } from './body.ts';
import { Cluster, type Plan } from './cluster.ts';
import { recordedVersion } from './recorded.ts';
import { rolesText } from './roles.ts';
import { snapshotText } from './snapshot.ts';
import { flagsOf, stateParts } from './state.ts';

/** What a master was asked for since the count began. */
export interface Traffic {
  requests: Record<string, number>;
  /** Of bodies, as sent. */
  bytes: Record<string, number>;
}

export interface GeneratedMaster {
  url: string;
  cluster: Cluster;
  /** Lets the cluster's time pass until then, in Unix seconds. */
  advance(to: number): void;
  traffic(): Traffic;
  /** Begins to count again. */
  forget(): void;
  stop(): Promise<void>;
}

/** libprocess compresses bodies from this size on (GZIP_MINIMUM_BODY_LENGTH in 3rdparty/libprocess/src/encoder.hpp). */
const GZIP_FROM = 1024;

const ADDRESS = '127.0.0.1';

/** Pages that are one text. */
const PAGES: Record<string, (cluster: Cluster) => string> = {
  '/metrics/snapshot': snapshotText,
  '/roles': rolesText,
  '/version': () => JSON.stringify(recordedVersion()),
  '/flags': (cluster) => JSON.stringify({ flags: flagsOf(cluster) }),
};

export interface Serving {
  /** 0: any free one. */
  port?: number;
  /** Seconds that pass with each /state that is answered; 0: time passes by `advance` only. */
  step?: number;
}

/** Makes a cluster and serves it. */
export async function startGenerated(plan: Plan, { port = 0, step = 0 }: Serving = {}): Promise<GeneratedMaster> {
  const cluster = new Cluster(plan);
  const bodies = new Map<string, Body>();
  let traffic: Traffic = { requests: {}, bytes: {} };
  let address = '';

  /** The parts of a page; absent: there is no such page. */
  const partsOf = (path: string): Part[] | undefined => {
    if (path === '/state') {
      return stateParts(cluster, address);
    }
    return PAGES[path] && [{ key: path, version: cluster.now, text: () => PAGES[path](cluster) }];
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?')[0].replace(/^\/master\/(state|roles|redirect)$/, '/$1');
    const parts = partsOf(path);
    traffic.requests[path] = (traffic.requests[path] ?? 0) + 1;
    if (path === '/redirect') {
      response.writeHead(307, { Location: `//${address}`, 'Content-Length': 0 }).end();
      return;
    }
    if (parts === undefined) {
      response.writeHead(404, { 'Content-Length': 0 }).end();
      return;
    }
    const body = bodies.get(path) ?? new Body();
    bodies.set(path, body);
    body.update(parts);
    const plain = body.plain();
    const zipped = plain.length >= GZIP_FROM && acceptsGzip(request.headers['accept-encoding']);
    const sent = zipped ? body.gzipped() : plain;
    traffic.bytes[path] = (traffic.bytes[path] ?? 0) + sent.length;
    response.writeHead(200, {
      'Content-Type': 'application/json',
      'Content-Length': sent.length,
      ...(zipped && { 'Content-Encoding': 'gzip' }),
    });
    await pipeline(Readable.from(sent.chunks), response);
    if (path === '/state' && step > 0) {
      cluster.advance(cluster.now + step);
      body.update(stateParts(cluster, address)); // while nobody waits for it
    }
  };

  const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (request, response) => {
    serve(request, response).catch(() => response.destroy());
  });
  server.listen(port, ADDRESS);
  await once(server, 'listening');
  address = `${ADDRESS}:${(server.address() as AddressInfo).port}`;

  return {
    url: `http://${address}`,
    cluster,
    advance: (to) => cluster.advance(to),
    traffic: () => traffic,
    forget: () => (traffic = { requests: {}, bytes: {} }),
    async stop() {
      const closed = once(server, 'close');
      server.close();
      server.closeAllConnections();
      await closed;
    },
  };
}
