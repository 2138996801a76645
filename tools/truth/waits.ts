// How long the executable waits for a processor, watched while it runs.
import { Watched as Process } from '../bench/processes.ts';
import { executableName } from '../scripts/build.ts';
import { type Look, waitedFor } from './lateness.ts';

/** Milliseconds between two looks at how long the plugin waited for a processor. */
const LOOK = 100;

/**
 * Watches the threads of the plugin below a process. stop() returns how long one of them waited for a processor before a moment
 * because others had it; on other systems than Linux that is not known, and 0.
 */
export function watchWaits(host: number): { stop(): (at: number) => number } {
  if (process.platform !== 'linux') {
    return { stop: () => () => 0 };
  }
  const plugin = Process.named(executableName(), host);
  const looks: Look[] = [];
  const look = () => looks.push({ at: Date.now() / 1000, ran: plugin.cpu(), threads: plugin.threads() });
  const timer = setInterval(look, LOOK);
  look();
  return {
    stop() {
      clearInterval(timer);
      look();
      return (at) => waitedFor(looks, at);
    },
  };
}
