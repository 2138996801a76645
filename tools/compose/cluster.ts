// The simulated cluster of docker-compose.yaml: hours of its history in a folder, for `history_path`, then it goes on live.
// It has ended writing when READY exists: the container is healthy then, and Grafana starts.
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import path from 'node:path';
import { parseArgs } from 'node:util';

import { startPrefilled } from '../prefill/prefilled.ts';
import sixHours from '../simulator/scenarios/six-hours.ts';

const { values } = parseArgs({
  options: {
    /** The folder for the history; what is in it is removed. */
    history: { type: 'string' },
    hours: { type: 'string', default: '6' },
    /** Of the first master. */
    port: { type: 'string', default: '5050' },
    /** The file that says that the history is written. */
    ready: { type: 'string' },
  },
});
const { history, ready } = values;
if (history === undefined || ready === undefined) {
  throw new Error('--history DIR and --ready FILE are missing');
}
rmSync(ready, { force: true });
mkdirSync(history, { recursive: true });
for (const entry of existsSync(history) ? readdirSync(history) : []) {
  rmSync(path.join(history, entry), { recursive: true, force: true });
}

const ending = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) {
  process.on(signal, () => ending.abort());
}
let told = -1;
const cluster = await startPrefilled({
  scenario: sixHours,
  hours: Number(values.hours),
  port: Number(values.port),
  historyPath: history,
  built: true,
  signal: ending.signal,
  progress: (share) => {
    const tenth = Math.floor(10 * share);
    if (tenth > told) {
      told = tenth;
      console.log(`history: ${10 * tenth} %`);
    }
  },
});
await cluster.handOver();
writeFileSync(ready, '');
console.log(`masters ${cluster.live.entry.masters.join(', ')}, with ${values.hours} hours of history in ${history}`);
if (!ending.signal.aborted) {
  await new Promise((resolve) => ending.signal.addEventListener('abort', resolve));
}
await cluster.stop();
process.exit(0);
