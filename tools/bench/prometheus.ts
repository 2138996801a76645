// The cost of Prometheus, where it is installed, to scrape and store as many series as a large cluster has. An exporter
// would come on top of it.
import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import { type Line, megabytes, seconds, told } from './lines.ts';
import { Watched } from './processes.ts';

const AGENTS = 10_000;
const SERIES_OF_AGENT = 25;
const SCRAPES = 15;
const INTERVAL = 4;

/** Nothing where Prometheus is not installed. */
export async function scraped(): Promise<Line | undefined> {
  if (spawnSync('prometheus', ['--version'], { stdio: 'ignore' }).status !== 0) {
    return undefined;
  }
  let scrapes = 0;
  const target = createServer((_, response) => {
    scrapes++;
    response.writeHead(200, { 'Content-Type': 'text/plain; version=0.0.4' });
    for (let agent = 0; agent < AGENTS; agent++) {
      let text = '';
      for (let i = 0; i < SERIES_OF_AGENT; i++) {
        // A tenth of the values moves.
        text += `mesos_agent_${i}{agent="agent${agent}.example.com"} ${i + ((agent + i) % 10 === 0 ? scrapes : 0)}\n`;
      }
      response.write(text);
    }
    response.end();
  }).listen(0, '127.0.0.1');
  await once(target, 'listening');
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const config = path.join(folder, 'prometheus.yml');
  const address = `127.0.0.1:${(target.address() as AddressInfo).port}`;
  writeFileSync(
    config,
    `scrape_configs:\n  - job_name: mesos\n    scrape_interval: ${INTERVAL}s\n    static_configs:\n      - targets: ['${address}']\n`
  );
  const prometheus = spawn(
    'prometheus',
    [`--config.file=${config}`, `--storage.tsdb.path=${folder}/data`, '--web.listen-address=127.0.0.1:0'],
    { stdio: 'ignore' }
  );
  const ended = once(prometheus, 'close');
  try {
    const watched = new Watched(prometheus.pid ?? 0);
    const until = async (n: number) => {
      while (scrapes < n) {
        await sleep(100);
      }
      await sleep((INTERVAL * 1000) / 2);
    };
    await until(2); // the first makes all series
    const [before, begin] = [watched.cpu(), scrapes];
    await until(begin + SCRAPES);
    const each = (watched.cpu() - before) / (scrapes - begin);
    return told(
      'Prometheus alone, scraping as many series',
      `${seconds(each)} of CPU a scrape, ${megabytes(watched.memory().peak)}`,
      `${AGENTS * SERIES_OF_AGENT} series, after ${scrapes} scrapes`
    );
  } finally {
    prometheus.kill();
    await ended;
    target.close();
    target.closeAllConnections();
    rmSync(folder, { recursive: true, force: true });
  }
}
