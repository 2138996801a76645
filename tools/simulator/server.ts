/**
 * One recorded host on a real port: a plain HTTP server that can be taken down and brought back under the same port.
 *
 * It serves HTTP as a Mesos process does: gzip when requested and for long bodies, HEAD with the length of the whole body,
 * HTTP/1.0, requests without Host. Date and Content-Length are its own.
 */
import { once } from 'node:events';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { gzipSync } from 'node:zlib';
import type { Answer } from './answer.ts';
import { cannedAnswer, type Fault } from './faults.ts';
import type { Body } from './generate/body.ts';
import type { Journal } from './journal.ts';
import { splitUrl, type Asked } from './match.ts';
import { isStreamFault, Streaming } from './streaming.ts';

/** Returns a host's response, at once or later, or `refuse` when it is down at this moment. */
export type Say = (asked: Asked) => Answer | 'refuse' | Promise<Answer | 'refuse'>;

/** libprocess compresses bodies from this size on (GZIP_MINIMUM_BODY_LENGTH in 3rdparty/libprocess/src/encoder.hpp). */
const GZIP_FROM = 1024;

/** Request bodies are only compared with recorded ones, which are small. */
const MAX_REQUEST_BODY = 1 << 20;

/** Bytes written at a time by the `endless` fault. */
const CHUNK = Buffer.alloc(1 << 16, 'a');

/** Milliseconds between two pieces of the `trickle` fault. */
const TRICKLE = 50;

const ADDRESS = '127.0.0.1';

export class HostServer {
  /** The recorded `address:port`. */
  readonly host: string;
  private readonly say: Say;
  private readonly journal: Journal;
  private server?: Server;
  private bound = 0;
  private wanted = false;
  private retry?: NodeJS.Timeout;
  private faults: Fault[] = [];
  /** Those that are open. */
  private readonly streams = new Set<Streaming>();
  private readonly delays = new Set<NodeJS.Timeout>();

  constructor(host: string, say: Say, journal: Journal) {
    this.host = host;
    this.say = say;
    this.journal = journal;
  }

  /** The port it has, also while it is down. 0 before the first start. */
  get port(): number {
    return this.bound;
  }

  /** Whether it is meant to listen. */
  get up(): boolean {
    return this.wanted;
  }

  /** Starts to listen, on `port` or a free one (0). Rejects with a sentence when the port is taken. */
  async start(port: number): Promise<void> {
    this.wanted = true;
    try {
      await this.listen(port);
    } catch (error) {
      this.wanted = false;
      throw portError(error as NodeJS.ErrnoException, port);
    }
  }

  /** Stops listening and drops its connections: from now on connections are refused. */
  async takeDown(): Promise<void> {
    this.wanted = false;
    clearTimeout(this.retry);
    this.delays.forEach(clearTimeout);
    this.delays.clear();
    const server = this.server;
    this.server = undefined;
    if (server?.listening) {
      const closed = once(server, 'close');
      server.close();
      // A host that dies does not take back what it has written; Node writes it after this turn of its event loop.
      await new Promise((resolve) => setImmediate(resolve));
      server.closeAllConnections();
      await closed;
    }
  }

  /** Listens again on its port; tries until it can, as somebody may have taken the port meanwhile. */
  async bringUp(): Promise<void> {
    if (this.wanted) {
      return;
    }
    this.wanted = true;
    await this.listen(this.bound).catch(() => this.retryLater());
  }

  private retryLater(): void {
    this.retry = setTimeout(() => {
      if (this.wanted) {
        this.listen(this.bound).catch(() => this.retryLater());
      }
    }, 100);
  }

  /** Adds a fault; the latest that fits a request counts. The result takes it off again. */
  addFault(fault: Fault): () => void {
    const own = { ...fault };
    this.setFaults([own, ...this.faults]);
    return () => this.setFaults(this.faults.filter((f) => f !== own));
  }

  clearFaults(): void {
    this.setFaults([]);
  }

  private setFaults(faults: Fault[]): void {
    this.faults = faults;
    this.streams.forEach((streaming) => streaming.setFault(faults.find(isStreamFault)));
  }

  private async listen(port: number): Promise<void> {
    // Like Mesos, never close an idle connection (0), and take requests without Host.
    const server = createServer({ requireHostHeader: false, keepAliveTimeout: 0 }, (request, response) => {
      this.serve(request, response).catch(() => response.destroy());
    });
    server.listen(port, ADDRESS);
    await once(server, 'listening');
    this.bound = (server.address() as AddressInfo).port;
    if (this.wanted) {
      this.server = server;
    } else {
      server.close();
    }
  }

  private async serve(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const entry = this.journal.begin(this.host, request);
    response.once('close', () => this.journal.finish(entry));
    const asked: Asked = {
      method: request.method ?? 'GET',
      url: request.url ?? '/',
      headers: request.headers,
      body: await readRequest(request),
    };
    const fault = this.takeFault(splitUrl(asked.url)[0]);
    if (fault?.kind === 'hang') {
      return;
    }
    if (fault?.kind === 'reset') {
      request.socket.resetAndDestroy();
      return;
    }
    if (fault?.kind === 'endless') {
      entry.status = 200;
      await sendEndless(response, fault.bytes);
      return;
    }
    if (fault?.kind === 'delay') {
      await this.wait(fault.ms);
    }
    const answer = fault?.kind === 'answer' ? cannedAnswer(fault) : await this.say(asked);
    if (answer === 'refuse') {
      request.socket.resetAndDestroy();
      return;
    }
    entry.status = answer.status;
    entry.file = answer.file;
    entry.at = answer.at;
    entry.behind = answer.behind;
    if (answer.stream !== undefined) {
      this.sendStream(response, answer, answer.stream);
      return;
    }
    await this.send(asked, response, answer, fault);
  }

  /** Chunked, and never compressed, as Mesos sends event streams. */
  private sendStream(response: ServerResponse, answer: Answer, stream: NonNullable<Answer['stream']>): void {
    answer.headers.forEach(([name, value]) => response.setHeader(name, value));
    response.removeHeader('Connection');
    response.writeHead(answer.status);
    const streaming = new Streaming(response, this.faults.find(isStreamFault));
    this.streams.add(streaming);
    const ended = stream(
      (...pieces) => streaming.write(Buffer.from(pieces.join(''))),
      (inOrder) => (inOrder ? streaming.end() : streaming.close())
    );
    response.once('close', () => {
      this.streams.delete(streaming);
      ended();
    });
  }

  private async send(asked: Asked, response: ServerResponse, answer: Answer, fault?: Fault): Promise<void> {
    const headers = [...answer.headers];
    let { chunks, zipped } = encode(answer.body, acceptsGzip(asked.headers['accept-encoding']));
    if (zipped) {
      headers.push(['Content-Encoding', 'gzip']);
    }
    if (fault?.kind === 'truncate' || fault?.kind === 'cut') {
      const whole = Buffer.concat(chunks);
      const half = whole.subarray(0, Math.floor(whole.length / 2));
      headers.push(['Content-Length', String(fault.kind === 'cut' ? whole.length : half.length)]);
      chunks = [half];
    } else {
      headers.push(['Content-Length', String(chunks.reduce((sum, chunk) => sum + chunk.length, 0))]);
    }
    for (const [name, value] of headers) {
      response.setHeader(name, value);
    }
    response.removeHeader('Connection'); // Mesos sends none; HTTP/1.1 keeps the connection anyway.
    response.writeHead(answer.status, answer.reason);
    if (fault?.kind === 'cut') {
      response.write(chunks[0], () => response.destroy());
    } else if (asked.method === 'HEAD' || chunks.length === 0) {
      response.end();
    } else if (fault?.kind === 'trickle') {
      await pipeline(Readable.from(this.trickle(chunks, fault.bytesPerSecond)), response);
    } else if (chunks.length === 1) {
      response.end(chunks[0]);
    } else {
      await pipeline(Readable.from(chunks), response);
    }
  }

  private async *trickle(chunks: Buffer[], bytesPerSecond: number): AsyncGenerator<Buffer> {
    const piece = Math.max(1, Math.round((bytesPerSecond * TRICKLE) / 1000));
    for (const chunk of chunks) {
      for (let from = 0; from < chunk.length; from += piece) {
        yield chunk.subarray(from, from + piece);
        await this.wait(TRICKLE);
      }
    }
  }

  private takeFault(path: string): Fault | undefined {
    const fault = this.faults.find((f) => !isStreamFault(f) && (f.path === undefined || f.path === path));
    if (fault?.times !== undefined && --fault.times <= 0) {
      this.faults = this.faults.filter((f) => f !== fault);
    }
    return fault;
  }

  private wait(ms: number): Promise<void> {
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.delays.delete(timer);
        resolve();
      }, ms);
      this.delays.add(timer);
    });
  }
}

/** A body as it is sent: compressed when requested and long enough. */
function encode(body: Buffer | Body, gzip: boolean): { chunks: Buffer[]; zipped: boolean } {
  if (Buffer.isBuffer(body)) {
    const zipped = gzip && body.length >= GZIP_FROM;
    return { chunks: [zipped ? gzipSync(body) : body], zipped };
  }
  const plain = body.plain();
  const zipped = gzip && plain.length >= GZIP_FROM;
  return { chunks: (zipped ? body.gzipped() : plain).chunks, zipped };
}

/** gzip is accepted when named, or by `*`, unless its q is 0. */
export function acceptsGzip(header: string | string[] | undefined): boolean {
  const q = new Map<string, number>();
  for (const part of String(header ?? '').split(',')) {
    const [coding, ...parameters] = part.split(';').map((s) => s.trim().toLowerCase());
    const given = parameters.find((p) => p.startsWith('q='));
    q.set(coding, given === undefined ? 1 : Number(given.slice(2)));
  }
  return (q.get('gzip') ?? q.get('*') ?? 0) > 0;
}

async function sendEndless(response: ServerResponse, bytes: number): Promise<void> {
  response.writeHead(200, { 'Content-Type': 'application/json' });
  await pipeline(endless(bytes), response);
}

function* endless(bytes: number): Generator<Buffer> {
  yield Buffer.from('{"endless":"');
  for (let sent = 0; sent < bytes; sent += CHUNK.length) {
    yield CHUNK;
  }
  yield Buffer.from('"}');
}

async function readRequest(request: IncomingMessage): Promise<string> {
  if (request.method === 'GET' && request.headers['content-length'] === undefined) {
    return ''; // chunked bodies do not occur
  }
  const chunks: Buffer[] = [];
  let size = 0;
  for await (const chunk of request as AsyncIterable<Buffer>) {
    size += chunk.length;
    if (size > MAX_REQUEST_BODY) {
      throw new Error('request body too large');
    }
    chunks.push(chunk);
  }
  return Buffer.concat(chunks).toString('utf8');
}

function portError(error: NodeJS.ErrnoException, port: number): Error {
  switch (error.code) {
    case 'EADDRINUSE':
      return new Error(`port ${port} is in use: stop what listens there, or choose another first port with --port`);
    case 'EACCES':
      return new Error(`port ${port} may not be used: choose one above 1023 with --port`);
    default:
      return new Error(`cannot listen on port ${port}: ${error.message}`, { cause: error });
  }
}
