/**
 * The response of a simulated or replayed host, before it is compressed and sent.
 */
import type { Body } from './generate/body.ts';

/** What to send. */
export interface Answer {
  status: number;
  reason?: string;
  headers: Array<[name: string, value: string]>;
  /** Not compressed; or a long one that is kept both ways. */
  body: Buffer | Body;
  /**
   * Instead of a body: what comes bit by bit until the connection ends. `close` drops the connection; the result is called when
   * it has ended, whoever ended it.
   */
  stream?: (write: (text: string) => void, close: () => void) => () => void;
  /** The recorded file it comes from. */
  file?: string;
  /** A simulated cluster's time when it said so, Unix seconds. */
  at?: number;
}
