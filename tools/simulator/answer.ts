/**
 * The response of a simulated or replayed host, before it is compressed and sent.
 */
import type { Body } from './generate/body.ts';

/** What to send. */
export interface Answer {
  status: number;
  reason?: string;
  headers: Array<[name: string, value: string]>;
  /** The body without compression, or a long one that is kept plain and compressed. */
  body: Buffer | Body;
  /**
   * Instead of a body: a stream that lasts until the connection ends. `write` sends a record, given in pieces; `close` drops the connection, or ends the response in order; the result is called when
   * either side has closed it.
   */
  stream?: (write: (...pieces: string[]) => void, close: (inOrder?: boolean) => void) => () => void;
  /** The recorded file it comes from. */
  file?: string;
  /** The simulated cluster's time of the response, Unix seconds. */
  at?: number;
  /** Behind a router or load balancer: who answered, and the path it was asked for. */
  behind?: { host: string; path: string };
}
