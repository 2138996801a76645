// Zip archives that are the same, byte for byte, for the same files, and their checksums.
import { createHash } from 'node:crypto';
import { createWriteStream, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream/promises';

import yazl from 'yazl';

/** Returns the files below a folder, sorted, with slashes. */
export function filesIn(folder: string): string[] {
  return readdirSync(folder, { recursive: true, encoding: 'utf8' })
    .filter((entry) => statSync(path.join(folder, entry)).isFile())
    .map((entry) => entry.split(path.sep).join('/'))
    .sort();
}

/** Whether a file of a plugin is an executable of its backend. */
export const isExecutable = (file: string): boolean => path.posix.basename(file).startsWith('gpx_');

/** Writes the files of a folder as a zip, in one folder `name`. Names, modes and times do not depend on the machine. */
export async function writeZip(folder: string, name: string, target: string, time: Date): Promise<void> {
  const archive = new yazl.ZipFile();
  // A zip has local time. Noon exists on every day in every time zone, and no other time is written.
  const mtime = new Date(time.getUTCFullYear(), time.getUTCMonth(), time.getUTCDate(), 12);
  for (const file of filesIn(folder)) {
    const mode = isExecutable(file) ? 0o100755 : 0o100644;
    archive.addFile(path.join(folder, file), `${name}/${file}`, { mode, mtime, forceDosTimestamp: true });
  }
  archive.end();
  await pipeline(archive.outputStream, createWriteStream(target));
}

/** Writes a file beside a file that `sha1sum -c` or `sha256sum -c` checks, and returns the sum. */
export function writeSum(file: string, algorithm: 'sha1' | 'sha256'): string {
  const sum = createHash(algorithm).update(readFileSync(file)).digest('hex');
  writeFileSync(`${file}.${algorithm}`, `${sum}  ${path.basename(file)}\n`);
  return sum;
}

export interface ZipEntry {
  name: string;
  mode: number;
}

/** Returns the entries of a zip, from its central directory. */
export function entriesOf(file: string): ZipEntry[] {
  const zip = readFileSync(file);
  const end = zip.lastIndexOf(Buffer.from('PK\x05\x06', 'latin1'));
  const entries: ZipEntry[] = [];
  for (let at = zip.readUInt32LE(end + 16), left = zip.readUInt16LE(end + 10); left > 0; left--) {
    const length = zip.readUInt16LE(at + 28);
    entries.push({
      name: zip.toString('utf8', at + 46, at + 46 + length),
      mode: zip.readUInt32LE(at + 38) >>> 16,
    });
    at += 46 + length + zip.readUInt16LE(at + 30) + zip.readUInt16LE(at + 32);
  }
  return entries;
}
