/**
 * Shared by the tests of the replay: plain HTTP without redirects, decompression or connection reuse.
 */
import { once } from 'node:events';
import { request, type IncomingHttpHeaders, type IncomingMessage } from 'node:http';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { startReplay, type Replay, type ReplayOptions } from './replay.ts';

/** The recorded scenes kept with the project. */
export const CAPTURES = join(import.meta.dirname, '..', '..', 'testdata', 'captures');

export interface Got {
  status: number;
  reason: string;
  headers: IncomingHttpHeaders;
  /** As sent. */
  raw: Buffer;
  /** Decompressed. */
  body: Buffer;
}

/** One request on its own connection. Rejects when the connection is refused or dropped, or after a while. */
export async function ask(
  base: string,
  path: string,
  {
    method = 'GET',
    headers = {},
    body = '',
    patience = 10_000,
  }: { method?: string; headers?: object; body?: string; patience?: number } = {}
): Promise<Got> {
  const { hostname, port } = new URL(base);
  // The path is passed on as it is: a URL would normalize the unusual paths of some tests.
  const outgoing = request({ hostname, port, path, method, headers: { ...headers }, agent: false });
  outgoing.setTimeout(patience, () => outgoing.destroy(new Error(`no answer in ${patience} ms`)));
  outgoing.end(body === '' ? undefined : body);
  const [response] = (await once(outgoing, 'response')) as [IncomingMessage];
  const chunks: Buffer[] = [];
  for await (const chunk of response) {
    chunks.push(chunk as Buffer);
  }
  const raw = Buffer.concat(chunks);
  const zipped = response.headers['content-encoding'] === 'gzip' && raw.length > 0;
  return {
    status: response.statusCode ?? 0,
    reason: response.statusMessage ?? '',
    headers: response.headers,
    raw,
    body: zipped ? gunzipSync(raw) : raw,
  };
}

/** Asks for JSON. */
export async function askJSON<T>(base: string, path: string): Promise<T> {
  return JSON.parse((await ask(base, path)).body.toString()) as T;
}

/** The code with which a connection fails, like ECONNREFUSED; 'answered' when it does not. */
export async function failureOf(base: string, path = '/version', patience?: number): Promise<string> {
  try {
    await ask(base, path, { patience });
    return 'answered';
  } catch (error) {
    // Happy eyeballs: the error of several addresses is an AggregateError with the code of the first.
    return (error as NodeJS.ErrnoException).code ?? (error as Error).message;
  }
}

/** Runs a test against a replay, which is stopped whatever happens. */
export async function withReplay(
  options: Omit<ReplayOptions, 'dir'> & { dir?: string },
  test: (replay: Replay) => Promise<void>
): Promise<void> {
  const replay = await startReplay({ dir: CAPTURES, ...options });
  try {
    await test(replay);
  } finally {
    await replay.stop();
  }
}

/** A clock that the test sets. */
export function fakeClock(start = Date.parse('2030-01-01T00:00:00.250Z')) {
  let now = start;
  return {
    read: () => now,
    /** Sets it to so many seconds after its start. */
    at: (seconds: number) => {
      now = start + seconds * 1000;
    },
    start,
  };
}

/** withoutPorts returns an answer with the ports of addresses replaced: servers of two runs have different ones. Bare digits stay, since a port's digits may be a part of any number. */
export function withoutPorts(answer: string): string {
  return answer.replace(/("port":"?|127\.0\.0\.1:|\/)\d{4,5}\b/g, '$1PORT');
}
