// The thread of the shipped half, so that other work of this process does not delay the simulator's responses.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import type { Plan } from '../simulator/live/plan.ts';
import type { Scenario } from '../simulator/scenarios/scenario.ts';
import { type Shipped, watchShipped } from './shipped.ts';

type Order = [scenarios: Scenario[], plan: Partial<Plan>, seconds: number];

/** Runs watchShipped in its own thread. */
export async function inThread(...order: Order): Promise<Shipped> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  return new Promise<Shipped>((resolve, reject) => {
    worker.on('message', resolve).on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread of the shipped half ended with ${code}`)));
  });
}

if (!isMainThread) {
  parentPort?.postMessage(await watchShipped(...(workerData as Order)));
}
