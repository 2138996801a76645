/**
 * Records the requests to a replayed cluster, so that tests can check who sent what, and which host got which credential.
 */
import { createHash } from 'node:crypto';
import { createWriteStream, type WriteStream } from 'node:fs';
import type { IncomingMessage } from 'node:http';

/** One request received. */
export interface Entry {
  /** When it arrived, RFC 3339. */
  time: string;
  /** The recorded `address:port` that was asked. */
  host: string;
  method: string;
  /** Path with query string. */
  path: string;
  /** Header names, lower case. */
  headers: string[];
  /** Whether it carried an Authorization header. */
  authorized: boolean;
  /** Header name -> SHA-256 of its value in hex: identifies a credential without revealing it. */
  digests: Record<string, string>;
  /** The status answered; 0 while unanswered, or when the connection was dropped. */
  status: number;
  /** The recorded file that answered, if any. */
  file?: string;
  /** The simulated cluster's time of the response, Unix seconds. */
  at?: number;
  /** Behind a router or load balancer: who answered, and the path it was asked for. */
  behind?: { host: string; path: string };
}

/** Entries kept in memory. The oldest are dropped beyond it; a file keeps all. */
export const LIMIT = 50_000;

/** The SHA-256 of a header's value, as in Entry.digests. */
export function digest(value: string): string {
  return createHash('sha256').update(value).digest('hex');
}

export class Journal {
  private entries: Entry[] = [];
  private readonly stream?: WriteStream;

  /** `file`: where to append each finished entry as a line of JSON. */
  constructor(file?: string) {
    this.stream = file === undefined ? undefined : createWriteStream(file, { flags: 'a' });
  }

  /** Notes a request on arrival; the caller fills in `status` and `file`, then calls finish. */
  begin(host: string, request: IncomingMessage): Entry {
    const values = Object.entries(request.headers).map(([name, value]) => [name, String(value)]);
    const entry: Entry = {
      time: new Date().toISOString(),
      host,
      method: request.method ?? '',
      path: request.url ?? '',
      headers: values.map(([name]) => name),
      authorized: request.headers.authorization !== undefined,
      digests: Object.fromEntries(values.map(([name, value]) => [name, digest(value)])),
      status: 0,
    };
    this.entries.push(entry);
    if (this.entries.length > LIMIT) {
      this.entries.splice(0, this.entries.length - LIMIT);
    }
    return entry;
  }

  finish(entry: Entry): void {
    if (this.stream?.writable) {
      this.stream.write(`${JSON.stringify(entry)}\n`);
    }
  }

  all(): Entry[] {
    return [...this.entries];
  }

  clear(): void {
    this.entries = [];
  }

  async close(): Promise<void> {
    await new Promise<void>((resolve) => (this.stream ? this.stream.end(resolve) : resolve()));
  }
}
