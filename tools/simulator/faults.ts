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
) & {
  /** Only requests to this path (without query string); all when absent. */
  path?: string;
  /** The number of requests that it affects; all when absent. */
  times?: number;
};

const KINDS = ['hang', 'reset', 'delay', 'trickle', 'truncate', 'cut', 'endless', 'answer'];

/** Checks a fault that came as JSON. Throws, saying what is allowed. */
export function checkFault(fault: unknown): Fault {
  const kind = (fault as { kind?: unknown } | null)?.kind;
  if (typeof kind !== 'string' || !KINDS.includes(kind)) {
    throw new Error(`unknown fault kind ${JSON.stringify(kind)}; known: ${KINDS.join(', ')}`);
  }
  return fault as Fault;
}

/** The canned answer of an `answer` fault. */
export function cannedAnswer(fault: Extract<Fault, { kind: 'answer' }>): Answer {
  const headers = { 'Content-Type': 'text/html', ...fault.headers };
  return { status: fault.status ?? 200, headers: Object.entries(headers), body: Buffer.from(fault.body ?? '') };
}
