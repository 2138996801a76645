// The thread of the part with several Grafanas, so that other work of this process does not delay the simulator's responses.
import { isMainThread, parentPort, Worker, workerData } from 'node:worker_threads';

import { type Remote, type Trouble, watchRemote } from './remote.ts';

type Order = [troubles: Trouble[], atOnce: number];

/** Runs watchRemote in its own thread. */
export async function remoteInThread(...order: Order): Promise<Remote> {
  const worker = new Worker(new URL(import.meta.url), { workerData: order });
  return new Promise<Remote>((resolve, reject) => {
    worker.on('message', resolve).on('error', reject);
    worker.on('exit', (code) => reject(new Error(`the thread of the part with several Grafanas ended with ${code}`)));
  });
}

if (!isMainThread) {
  parentPort?.postMessage(await watchRemote(...(workerData as Order)));
}
