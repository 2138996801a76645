// The probe: an innocent viewer's instant query every 100 ms, in its own thread, so that the attacks in this process do
// not delay it. Requests are sent on schedule whether or not earlier ones were answered, and timed from then.
import { setTimeout as sleep } from 'node:timers/promises';
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

/** One innocent query. */
export interface Sample {
  /** When it was due, ms. */
  at: number;
  /** How long it took, ms. */
  took: number;
  /** What was wrong with the answer; absent: nothing. */
  wrong?: string;
}

export interface Probe {
  samples: Sample[];
  stop(): Promise<void>;
}

interface Order {
  url: string;
  path: string;
  body: string;
}

const EVERY = 100;

/** The largest number of concurrent probes: more would be an attack as well. */
const MOST = 100;

export function startProbe(order: Order): Probe {
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  const samples: Sample[] = [];
  worker.on('message', (sample: Sample) => samples.push(sample));
  worker.on('error', (error) => {
    throw error;
  });
  return {
    samples,
    async stop() {
      await worker.terminate();
    },
  };
}

async function one({ url, path, body }: Order, at: number): Promise<Sample> {
  const done = (wrong?: string): Sample => ({ at, took: Date.now() - at, ...(wrong && { wrong }) });
  try {
    const response = await fetch(url + path, {
      ...{ method: 'POST', body, headers: { 'Content-Type': 'application/json' } },
      signal: AbortSignal.timeout(30_000),
    });
    const text = await response.text();
    return done(response.ok && /"values":\[\[[-\d.]/.test(text) ? undefined : text.slice(0, 300));
  } catch (error) {
    return done(String((error as Error).cause ?? error));
  }
}

if (!isMainThread) {
  const order = workerData as Order;
  let under = 0;
  for (let due = Date.now(); ; due += EVERY) {
    await sleep(Math.max(0, due - Date.now()));
    if (under < MOST) {
      under++;
      void one(order, due).then((sample) => {
        under--;
        parentPort?.postMessage(sample);
      });
    }
  }
}
