/**
 * How libprocess limits /metrics/snapshot: two requests a second for all clients together. Requests above that wait and are
 * never refused (3rdparty/libprocess/src/metrics/metrics.cpp). It runs in real time, not on the cluster's clock.
 */
const PER_SECOND = 2;

export class Limiter {
  private free = 0;
  private readonly timers = new Set<NodeJS.Timeout>();

  /** Resolves when the request may be answered. `others`: clients that are always waiting too. */
  wait(others = 0): Promise<void> {
    const now = performance.now();
    // Each of the others sends one request between two of ours.
    const at = Math.max(now, this.free) + (others * 1000) / PER_SECOND;
    this.free = at + 1000 / PER_SECOND;
    if (at <= now) {
      return Promise.resolve();
    }
    return new Promise((resolve) => {
      const timer = setTimeout(() => {
        this.timers.delete(timer);
        resolve();
      }, at - now);
      this.timers.add(timer);
    });
  }

  stop(): void {
    this.timers.forEach(clearTimeout);
    this.timers.clear();
  }
}
