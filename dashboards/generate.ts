// Writes the dashboards and alert rules of this folder as files that Grafana
// loads: bundled with the plugin (src/dashboards) and for provisioning.
//
//   node dashboards/generate.ts            write them
//   node dashboards/generate.ts --check    exit 1 if one is out of date
import { mkdir, writeFile } from 'node:fs/promises';
import path from 'node:path';

import { files, stale } from './files.ts';

if (process.argv.includes('--check')) {
  const old = await stale();
  if (old.length > 0) {
    console.error(`Out of date: ${old.join(', ')}. Run node dashboards/generate.ts.`);
    process.exitCode = 1;
  }
} else {
  const root = path.dirname(import.meta.dirname);
  for (const [file, text] of await files()) {
    await mkdir(path.dirname(path.join(root, file)), { recursive: true });
    await writeFile(path.join(root, file), text);
  }
}
