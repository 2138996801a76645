// Source maps that do not depend on the folder of a build. Webpack hashes chunks twice: names of the first time depend on
// absolute paths, and stay in source maps, while the JavaScript has those of the second.
import { readFileSync, writeFileSync } from 'node:fs';
import path from 'node:path';

import { filesIn } from './archive.ts';

/** Writes the hashes of the JavaScript files into their source maps. */
export function settleMaps(folder: string): void {
  const maps = filesIn(folder).filter((file) => file.endsWith('.js.map'));
  const module = readFileSync(path.join(folder, 'module.js'), 'utf8');
  const texts = new Map(maps.map((file) => [file, readFileSync(path.join(folder, file), 'utf8')]));
  const settled = new Map<string, string>();
  for (const text of texts.values()) {
    const { file = '' } = JSON.parse(text) as { file?: string };
    const [, chunk, before] = /^(\w+)\.js\?_cache=([0-9a-f]{20})$/.exec(file) ?? [];
    const [, after] = new RegExp(`[{,]"?${chunk}"?:"([0-9a-f]{20})"`).exec(module) ?? [];
    if (before !== undefined && after !== undefined) {
      settled.set(before, after);
    }
  }
  for (const [file, text] of texts) {
    writeFileSync(
      path.join(folder, file),
      text.replace(/[0-9a-f]{20}/g, (hash) => settled.get(hash) ?? hash)
    );
  }
}
