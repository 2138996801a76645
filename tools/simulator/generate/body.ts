/**
 * A long JSON text that is kept in parts, plain and compressed, so that only changed parts are made again: a /state of
 * 144 MB is served 400 times a day, and little of it changes from one time to the next.
 */
import { constants, crc32, deflateRawSync } from 'node:zlib';

/** A part of the text. */
export interface Part {
  /** Names it among the parts of its text. */
  key: string;
  /** The part is made again when this differs from the last time. */
  version: string | number;
  text(): string;
}

interface Kept {
  version: string | number;
  plain: Buffer;
  /**
   * Raw deflate that ends on a byte and refers to nothing before it, so that parts can be put one after another. Made
   * when somebody wants it.
   */
  packed?: Buffer;
}

/** What is sent: its buffers and their length in bytes. */
export interface Encoded {
  chunks: Buffer[];
  length: number;
}

/** RFC 1952: magic, deflate, no flags, no time, no extra flags, Unix. */
const GZIP_HEAD = Buffer.from([0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3]);

/** RFC 1951: an empty block that is the last one. */
const LAST_BLOCK = Buffer.from([3, 0]);

export class Body {
  private kept = new Map<string, Kept>();

  /** Takes the parts of now, in their order. */
  update(parts: Part[]): void {
    const before = this.kept;
    this.kept = new Map();
    for (const { key, version, text } of parts) {
      let kept = before.get(key);
      if (kept?.version !== version) {
        kept = { version, plain: Buffer.from(text()) };
      }
      this.kept.set(key, kept);
    }
  }

  plain(): Encoded {
    return encoded([...this.kept.values()].map((part) => part.plain));
  }

  /** One gzip stream, as Mesos sends it. */
  gzipped(): Encoded {
    const parts = [...this.kept.values()];
    const tail = Buffer.alloc(8);
    tail.writeUInt32LE(parts.reduce((sum, part) => crc32(part.plain, sum), 0));
    tail.writeUInt32LE(this.plain().length % 2 ** 32, 4);
    return encoded([GZIP_HEAD, ...parts.map((part) => (part.packed ??= pack(part.plain))), LAST_BLOCK, tail]);
  }
}

function pack(plain: Buffer): Buffer {
  return deflateRawSync(plain, { finishFlush: constants.Z_FULL_FLUSH });
}

function encoded(chunks: Buffer[]): Encoded {
  return { chunks, length: chunks.reduce((sum, chunk) => sum + chunk.length, 0) };
}
