// How long the executable waits for a processor, and how late this thread is, watched while they run.
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

/** Milliseconds between two ticks of the clock that shows how late this thread is. */
const TICK = 20;

/**
 * Watches how late this thread does what it should, and with it the simulator that runs in it. stop() returns by how many
 * seconds it was late at most between two moments (Unix seconds).
 */
export function watchThread(): { stop(): (from: number, to: number) => number } {
  const delays: Array<{ from: number; to: number }> = [];
  let before = Date.now();
  const tick = () => {
    const now = Date.now();
    if (now - before > 2 * TICK) {
      delays.push({ from: (before + TICK) / 1000, to: now / 1000 });
    }
    before = now;
  };
  const timer = setInterval(tick, TICK);
  return {
    stop() {
      clearInterval(timer);
      tick();
      return (from, to) =>
        Math.max(
          0,
          ...delays.filter((delay) => delay.from <= to && delay.to >= from).map((delay) => delay.to - delay.from)
        );
    },
  };
}
