// Requests that a master gets in a minute with no viewer, one, and a hundred.
import { setTimeout as sleep } from 'node:timers/promises';

import { type Plugin, withPlugin } from './executable.ts';
import { startGenerator } from './processes.ts';

/** In a minute, all pages together. */
export interface Asked {
  viewers: number;
  requests: number;
  bytes: number;
  /** The number of answered queries of the viewers. */
  queries: number;
}

/** A dashboard's panels; each viewer asks for all of them every five seconds. */
const PANELS = [
  { queryType: 'metrics', entity: 'framework', resource: 'cpus', measure: 'allocated' },
  { queryType: 'metrics', entity: 'agent', resource: 'memory', measure: 'allocated' },
  { queryType: 'metrics', entity: 'cluster', resource: 'tasks', measure: 'running' },
];
const REFRESH = 5000;
const MINUTE = 60_000;

/** Measures a small cluster that stands still, so that its answers are equally long; the plugin polls every 10 s. */
export async function viewers(counts: number[]): Promise<Asked[]> {
  const cluster = await startGenerator('small', []);
  const found: Asked[] = [];
  const control = async <T>(method: string): Promise<T> =>
    (await fetch(`${cluster.control}/traffic`, { method })).json() as Promise<T>;
  const asked = async () => {
    const { requests, bytes } = await control<Record<'requests' | 'bytes', Record<string, number>>>('GET');
    const total = (of: Record<string, number>) => Object.values(of).reduce((sum, n) => sum + n, 0);
    return { requests: total(requests), bytes: total(bytes) };
  };
  /** Between two polls, so that every minute has as many. */
  const betweenPolls = async () => {
    const before = (await asked()).requests;
    while ((await asked()).requests === before) {
      await sleep(100);
    }
    await sleep(4000);
  };
  try {
    // The cluster has no event stream here: attempts at it would count.
    await withPlugin(cluster.master, { pollInterval: '10s', subscribe: 'never' }, async (plugin) => {
      await plugin.ask(PANELS[0]);
      for (const count of counts) {
        await betweenPolls();
        const looking = look(plugin, count);
        await control('DELETE');
        await sleep(MINUTE);
        const minute = await asked();
        found.push({ viewers: count, ...minute, queries: await looking.stop() });
      }
    });
  } finally {
    await cluster.stop();
  }
  return found;
}

/** So many viewers, spread over the time between two refreshes. */
function look(plugin: Plugin, count: number): { stop(): Promise<number> } {
  let looking = true;
  let queries = 0;
  const all = Array.from({ length: count }, async (_, i) => {
    await sleep((REFRESH * i) / count);
    while (looking) {
      const next = sleep(REFRESH);
      await Promise.all(PANELS.map((panel) => plugin.ask(panel)));
      queries += PANELS.length;
      await next;
    }
  });
  return {
    async stop() {
      looking = false;
      await Promise.all(all);
      return queries;
    },
  };
}
