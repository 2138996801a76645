/**
 * Faults that a test or a user can put on a replayed host, for situations that were not recorded.
 */
import type { Answer } from './answer.ts';

/** What goes wrong. */
export type Fault = (
  | { kind: 'hang' } // never answers
  | { kind: 'reset' } // closes the connection instead of answering
  | { kind: 'delay'; ms: number } // answers as recorded, later
  | { kind: 'trickle'; bytesPerSecond: number } // answers slowly, byte after byte
  | { kind: 'truncate' } // half of the (compressed) body, with a Content-Length that fits the half
  | { kind: 'cut' } // half of the body, then the connection is closed
  | { kind: 'endless'; bytes: number } // a 200 with a JSON string of that many bytes
  | { kind: 'answer'; status?: number; headers?: Record<string, string>; body?: string } // any other answer
  // Of event streams only, those that are open too; `path` and `times` mean nothing to them (streaming.ts).
  | { kind: 'stream-cut'; seconds: number } // closes each stream after so many seconds
  | { kind: 'stream-half'; seconds: number } // sends half of the first record after so many seconds, and closes the stream
  | { kind: 'stream-long'; seconds: number; bytes: number } // sends a record of that many bytes after so many seconds
  | { kind: 'stream-slow'; bytesPerSecond: number } // sends slowly, all that was held back when the fault ends; 0: nothing
  | { kind: 'stream-repeat' } // sends each record twice
) & {
  /** Only requests to this path (without query string); all when absent. */
  path?: string;
  /** The number of requests that it affects; all when absent. */
  times?: number;
};

/** The kinds, with the numbers that each needs. */
const KINDS: Record<Fault['kind'], string[]> = {
  hang: [],
  reset: [],
  delay: ['ms'],
  trickle: ['bytesPerSecond'],
  truncate: [],
  cut: [],
  endless: ['bytes'],
  answer: [],
  'stream-cut': ['seconds'],
  'stream-half': ['seconds'],
  'stream-long': ['seconds', 'bytes'],
  'stream-slow': ['bytesPerSecond'],
  'stream-repeat': [],
};

/** Checks a fault that came as JSON. Throws, saying what is allowed. */
export function checkFault(fault: unknown): Fault {
  const kind = (fault as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !Object.hasOwn(KINDS, kind)) {
    throw new Error(`unknown fault kind ${JSON.stringify(kind)}; known: ${Object.keys(KINDS).join(', ')}`);
  }
  for (const name of KINDS[kind as Fault['kind']]) {
    const value = (fault as Record<string, unknown>)[name];
    if (typeof value !== 'number' || !(value >= 0)) {
      throw new Error(`fault ${kind}: ${name} is ${JSON.stringify(value)}; expected a number, 0 or more`);
    }
  }
  return fault as Fault;
}

/** The canned answer of an `answer` fault. */
export function cannedAnswer(fault: Extract<Fault, { kind: 'answer' }>): Answer {
  const headers = { 'Content-Type': 'text/html', ...fault.headers };
  return { status: fault.status ?? 200, headers: Object.entries(headers), body: Buffer.from(fault.body ?? '') };
}
