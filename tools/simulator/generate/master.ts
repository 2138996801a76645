/**
 * A generated cluster on a real port: the leading master, as far as the data source asks it.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { acceptsGzip } from '../server.ts';
import { AGENT, Containers } from './agents.ts';
import { Body, type Part } from './body.ts';
import { Cluster, type Plan } from './cluster.ts';
import { recordedVersion } from './recorded.ts';
import { rolesText } from './roles.ts';
import { snapshotText } from './snapshot.ts';
import { flagsOf, stateParts } from './state.ts';
import { subscribe } from './stream.ts';
import { summaryText } from './summary.ts';

/** What a master was asked for since the count began. */
export interface Traffic {
  requests: Record<string, number>;
  /** Of bodies, as sent; of the event stream (/api/v1) what was written of it. */
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
  '/state-summary': summaryText,
  '/version': () => JSON.stringify(recordedVersion()),
  '/maintenance/schedule': () => '{}',
  '/flags': (cluster) => JSON.stringify({ flags: flagsOf(cluster) }),
};

const SUBSCRIBE = '{"type":"SUBSCRIBE"}';

async function bodyOf(request: IncomingMessage): Promise<string> {
  return Buffer.concat((await request.toArray()) as Buffer[]).toString();
}

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
  const containers = new Containers(cluster);
  let address = '';

  /** The parts of a page; absent: there is no such page. */
  const partsOf = (path: string): Part[] | undefined => {
    if (path === '/state') {
      return stateParts(cluster, address);
    }
    const host = AGENT.exec(path)?.[1];
    if (host !== undefined) {
      const text = containers.statistics(host);
      return text === undefined ? undefined : [{ key: path, version: cluster.now, text: () => text }];
    }
    return PAGES[path] && [{ key: path, version: cluster.now, text: () => PAGES[path](cluster) }];
  };

  /** The event stream, until the client or the server closes the connection. */
  const stream = (response: ServerResponse) => {
    response.writeHead(200, { 'Content-Type': 'application/json' });
    const end = subscribe(cluster, (record) => {
      traffic.bytes['/api/v1'] = (traffic.bytes['/api/v1'] ?? 0) + record.length;
      response.write(record);
    });
    response.on('close', end);
  };

  const serve = async (request: IncomingMessage, response: ServerResponse) => {
    const path = (request.url ?? '').split('?')[0].replace(/^\/master\/(state|roles|redirect)$/, '/$1');
    const parts = partsOf(path);
    const counted = AGENT.test(path) ? '/monitor/statistics' : path;
    traffic.requests[counted] = (traffic.requests[counted] ?? 0) + 1;
    if (path === '/redirect') {
      response.writeHead(307, { Location: `//${address}`, 'Content-Length': 0 }).end();
      return;
    }
    // The only call of the operator API that is served, and only by a cluster with events between ticks.
    if (path === '/api/v1' && plan.events > 0 && (await bodyOf(request)) === SUBSCRIBE) {
      stream(response);
      return;
    }
    if (parts === undefined) {
      response.writeHead(404, { 'Content-Length': 0 }).end();
      return;
    }
    const body = bodies.get(path) ?? new Body();
    if (!AGENT.test(path)) {
      bodies.set(path, body);
    }
    body.update(parts);
    const plain = body.plain();
    const zipped = plain.length >= GZIP_FROM && acceptsGzip(request.headers['accept-encoding']);
    const sent = zipped ? body.gzipped() : plain;
    traffic.bytes[counted] = (traffic.bytes[counted] ?? 0) + sent.length;
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
