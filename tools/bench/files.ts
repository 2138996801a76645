// The sizes of what is installed, uncompressed.
import { readdirSync, statSync } from 'node:fs';
import path from 'node:path';

import { executableName, root } from '../scripts/build.ts';
import { atMost, kilobytes, type Line, megabytes, told } from './lines.ts';

export function files(): Line[] {
  const dist = path.join(root, 'dist');
  const bytes = (file: string) => statSync(path.join(dist, file)).size;
  const chunks = readdirSync(dist)
    .filter((name) => name.endsWith('.js') && name !== 'module.js')
    .map(bytes);
  const all = chunks.reduce((sum, one) => sum + one, 0);
  return [
    // 40 MB, and 6.5 MB of SQLite as Go code (docs/architecture-events.md). Of what else is in it, the cloud SDKs and
    // Kubernetes that Prometheus' tsdb imports are hardly linked, and no tag leaves out more than a few kB.
    atMost('gpx_mesos, stripped', bytes(executableName()), 48e6, megabytes),
    atMost('module.js', bytes('module.js'), 300e3, kilobytes),
    atMost('the largest chunk of the frontend', Math.max(...chunks), 300e3, kilobytes),
    told('all chunks, which are loaded when they are needed', kilobytes(all), `${chunks.length} files`),
  ];
}
