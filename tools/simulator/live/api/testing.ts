/**
 * What the tests of the operator API share: calls, and streams read record by record.
 */
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { request, type ClientRequest, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { ask, CAPTURES, type Got } from '../../testing.ts';
import { parse } from '../shape.ts';
import type { Json } from '../testing.ts';

export const JSON_HEADERS = { 'Content-Type': 'application/json', Accept: 'application/json' };

/** One call; `headers` besides those every call has. */
export function call(base: string, body: unknown, headers: object = {}): Promise<Got> {
  return ask(base, '/api/v1', { method: 'POST', headers: { ...JSON_HEADERS, ...headers }, body: JSON.stringify(body) });
}

/** A subscription to a master's events. */
export interface Subscription {
  response: IncomingMessage;
  /** All records so far, as they were sent. */
  records(): string[];
  /** Resolves when there are at least so many. */
  until(count: number): Promise<void>;
  /** Resolves when the connection has ended, with how: `end`, or an error's code. */
  ended: Promise<string>;
  close(): void;
}

export async function subscribe(base: string, headers: object = {}): Promise<Subscription> {
  const { hostname, port } = new URL(base);
  const outgoing: ClientRequest = request({
    ...{ hostname, port, path: '/api/v1', method: 'POST', agent: false },
    headers: { ...JSON_HEADERS, ...headers },
  });
  outgoing.end('{"type":"SUBSCRIBE"}');
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  let received = Buffer.alloc(0);
  const arrivals = new Set<() => void>();
  response.on('data', (chunk: Buffer) => {
    received = Buffer.concat([received, chunk]);
    arrivals.forEach((arrived) => arrived());
  });
  const ended = new Promise<string>((resolve) => {
    response.once('end', () => resolve('end'));
    response.once('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
  });
  const records = () => readRecords(received);
  return {
    response,
    records,
    until: (count) =>
      new Promise((resolve) => {
        const look = () => {
          if (records().length >= count) {
            arrivals.delete(look);
            resolve();
          }
        };
        arrivals.add(look);
        look();
      }),
    ended,
    close: () => outgoing.destroy(),
  };
}

/** The recorded event stream. */
export function recordedEvents(): Json[] {
  const stream = gunzipSync(readFileSync(join(CAPTURES, '05-subscribe/subscribe.json.recordio.gz')));
  return readRecords(stream).map((text) => parse(text) as Json);
}

/** RecordIO: each record behind its length in bytes and a line break. One that is cut short is left out. */
export function readRecords(data: Buffer): string[] {
  const records: string[] = [];
  for (let from = 0; ;) {
    const line = data.indexOf('\n', from);
    const end = line + 1 + Number(data.subarray(from, line).toString());
    if (line < 0 || end > data.length) {
      return records;
    }
    records.push(data.subarray(line + 1, end).toString());
    from = end;
  }
}
