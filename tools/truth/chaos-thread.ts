// The thread of the part with faults of the event stream, so that other work does not delay the simulator.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Chaos, watchChaos } from './chaos.ts';

type Order = [scenarios: Scenario[], seconds: number];

/** Runs watchChaos in its own thread. */
export async function chaosInThread(...order: Order): Promise<Chaos> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  return new Promise<Chaos>((resolve, reject) => {
    worker.on('message', resolve).on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread with faults of the event stream ended with ${code}`)));
  });
}

if (!isMainThread) {
  parentPort?.postMessage(await watchChaos(...(workerData as Order)));
}
