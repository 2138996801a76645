/**
 * How a host sends an event stream (RecordIO), with the fault that it has at this moment. Faults of streams run in real time,
 * and concern streams that are open as well as those that are opened while they last.
 */
import type { ServerResponse } from 'node:http';
import type { Fault } from './faults.ts';

export type StreamFault = Extract<Fault, { kind: `stream-${string}` }>;

export function isStreamFault(fault: Fault): fault is StreamFault {
  return fault.kind.startsWith('stream-');
}

/** Milliseconds between two pieces of a slow stream. */
const PIECE = 50;

/** Bytes of a long record that are written at a time. */
const CHUNK = Buffer.alloc(1 << 16, 'a');

export class Streaming {
  private readonly response: ServerResponse;
  private readonly closed: Promise<void>;
  private fault?: StreamFault;
  /** Whole records that were not written yet: behind a long record, or because the stream is slow. */
  private waiting: Buffer[] = [];
  /** Whether a long record is being written. */
  private long = false;
  /** Whether the next record is written by half. */
  private half = false;
  /** Whether nothing more is sent. */
  private over = false;
  private timer?: NodeJS.Timeout;

  constructor(response: ServerResponse, fault?: StreamFault) {
    this.response = response;
    this.closed = new Promise((resolve) => response.once('close', resolve));
    response.once('close', () => clearTimeout(this.timer));
    this.setFault(fault);
  }

  /** Sends a record. */
  write(record: Buffer): void {
    if (this.over) {
      return;
    }
    if (this.half) {
      this.over = true;
      this.response.write(record.subarray(0, Math.ceil(record.length / 2)), () => this.response.destroy());
      return;
    }
    const twice = this.fault?.kind === 'stream-repeat';
    this.waiting.push(...(twice ? [record, record] : [record]));
    if (!this.long && this.fault?.kind !== 'stream-slow') {
      this.flush();
    }
  }

  /** Drops the connection when what was written is on its way, as a host that dies does not take back what it has sent. */
  close(): void {
    const { socket } = this.response;
    if (this.waiting.length > 0 || socket === null || socket.writableLength === 0) {
      this.response.destroy();
    } else {
      setImmediate(() => this.close());
    }
  }

  /** Ends the response in order behind what was written, as a master does that closes its oldest stream. */
  end(): void {
    this.over = true;
    this.flush();
    this.response.end();
  }

  /** Replaces the fault; undefined: what was held back is sent, and from now on all at once. */
  setFault(fault: StreamFault | undefined): void {
    if (JSON.stringify(fault) === JSON.stringify(this.fault)) {
      return;
    }
    clearTimeout(this.timer);
    this.half = false;
    this.fault = fault;
    switch (fault?.kind) {
      case 'stream-cut':
        this.timer = setTimeout(() => this.response.destroy(), 1000 * fault.seconds);
        break;
      case 'stream-half':
        this.timer = setTimeout(() => (this.half = true), 1000 * fault.seconds);
        break;
      case 'stream-long':
        this.timer = setTimeout(() => void this.sendLong(fault.bytes), 1000 * fault.seconds);
        break;
      case 'stream-slow':
        this.sendSlowly(fault.bytesPerSecond);
        return;
    }
    if (!this.long) {
      this.flush();
    }
  }

  private flush(): void {
    this.waiting.splice(0).forEach((record) => this.response.write(record));
  }

  private sendSlowly(bytesPerSecond: number): void {
    let credit = 0;
    const send = () => {
      credit += (bytesPerSecond * PIECE) / 1000;
      while (credit >= 1 && this.waiting.length > 0) {
        const [first] = this.waiting;
        const piece = first.subarray(0, Math.floor(credit));
        credit -= piece.length;
        this.response.write(piece);
        this.waiting.splice(0, 1, ...(piece.length < first.length ? [first.subarray(piece.length)] : []));
      }
      credit = Math.min(credit, bytesPerSecond);
      this.timer = setTimeout(send, PIECE);
    };
    send();
  }

  /** A record of an unknown type that consists of one text. What comes meanwhile is sent behind it. */
  private async sendLong(bytes: number): Promise<void> {
    const [head, tail] = ['{"type":"LONG","long":"', '"}'].map((text) => Buffer.from(text));
    this.long = true;
    this.response.write(`${bytes}\n`);
    this.response.write(head);
    for (let left = bytes - head.length - tail.length; left > 0 && !this.response.destroyed; left -= CHUNK.length) {
      if (!this.response.write(CHUNK.subarray(0, Math.min(left, CHUNK.length)))) {
        await Promise.race([new Promise((resolve) => this.response.once('drain', resolve)), this.closed]);
      }
    }
    this.long = false;
    if (!this.response.destroyed) {
      this.response.write(tail);
      this.flush();
    }
  }
}
