/**
 * The true use of containers, as closed formulas of time: a counter has one value at a moment, however often it is read, and
 * its increase over an interval is exactly the use in it.
 */
import { tidy } from '../generate/cluster.ts';
import { add, type Amount } from './amount.ts';
import type { Container } from './model.ts';

const MIB = 1 << 20;

/** Seconds of the quick and the slow waves of a container's use of CPUs. */
const WAVES = [
  { period: 660, part: 0.15 },
  { period: 5400, part: 0.25 },
];

/** Seconds in which a container has taken about two thirds of the memory it is going to take. */
const WARMING = 300;

/** Of its limit, a leaking container takes so much more every second, unless it has a rate of its own. */
const LEAK = 0.01;

/** Cores used at a moment. */
export function cores(container: Container, at: number): number {
  const waves = WAVES.map(({ period, part }) => part * Math.sin(phase(container, period, at)));
  return meanCores(container) * waves.reduce((sum, wave) => sum + wave, 1);
}

/** CPU seconds used from the container's start to a moment. */
export function cpuSeconds(container: Container, at: number): number {
  const { counted, countedAt } = container;
  let since = at - countedAt;
  for (const { period, part } of WAVES) {
    const secondsPerRadian = period / (2 * Math.PI);
    since +=
      part *
      secondsPerRadian *
      (Math.cos(phase(container, period, countedAt)) - Math.cos(phase(container, period, at)));
  }
  return counted + Math.max(0, meanCores(container) * since);
}

/** Gives a container other limits, as tasks come to its executor and go. */
export function relimit(container: Container, change: Amount, times: number, at: number): void {
  container.counted = cpuSeconds(container, at);
  container.countedAt = at;
  add(container.limit, change, times);
}

/** Bytes resident at a moment. */
export function memory(container: Container, at: number): number {
  const limit = container.limit.mem * MIB;
  const settled = limit * container.kind.uses[1] * (0.8 + 0.2 * container.character);
  const usual = settled * (1 - 0.8 * Math.exp(-(at - container.started) / WARMING));
  const leaked = container.leaks === undefined ? 0 : limit * leakOf(container) * Math.max(0, at - container.leaks);
  return Math.round(Math.min(limit, usual + leaked) / 4096) * 4096;
}

/** When a leaking container has filled its limit. */
export function bursts(container: Container): number {
  const from = container.leaks ?? Infinity;
  const longest = 1 / leakOf(container);
  for (let at = from; at < from + longest; at++) {
    if (memory(container, at) >= container.limit.mem * MIB) {
      return at;
    }
  }
  return from + longest;
}

function leakOf({ leakRate }: Container): number {
  return leakRate ?? LEAK;
}

/** Within the limit even when all waves are at their maximum. */
function meanCores({ limit, kind, character }: Container): number {
  return (limit.cpus + limit.revocable) * Math.min(0.7, kind.uses[0] * (0.6 + 0.8 * character));
}

function phase({ character }: Container, period: number, at: number): number {
  return 2 * Math.PI * (at / period + 7 * character);
}

/** What `/monitor/statistics` says of a container, in Mesos' order, which is that of the alphabet. */
export function statistics(container: Container, cgroups: boolean, at: number): Record<string, unknown> {
  const { kind, limit } = container;
  const seconds = cpuSeconds(container, at);
  const rss = memory(container, at);
  const cpus = tidy(limit.cpus + limit.revocable);
  const common = {
    cpus_limit: cpus,
    cpus_soft_limit: cpus,
    cpus_system_time_secs: ticks(seconds * 0.2),
    cpus_user_time_secs: ticks(seconds * 0.8),
    mem_limit_bytes: limit.mem * MIB,
    mem_rss_bytes: rss,
    mem_soft_limit_bytes: limit.mem * MIB,
    timestamp: Math.round(at * 1e6) / 1e6,
  };
  if (!cgroups) {
    return sorted({ ...common, ...disk(container, at) });
  }
  const periods = Math.floor((at - container.started) * 10);
  const held = container.throttled ? 0.6 : kind.uses[0] * 0.2 * container.character;
  const throttled = Math.floor(periods * held);
  const cache = Math.round((rss * 0.1) / 4096) * 4096;
  const kernel = Math.round((rss * 0.01) / 4096) * 4096;
  return sorted({
    ...common,
    ...disk(container, at),
    blkio_statistics: BLKIO,
    cpus_nr_periods: periods,
    cpus_nr_throttled: throttled,
    cpus_throttled_time_secs: Math.round(throttled * 0.04 * 1e9) / 1e9,
    mem_anon_bytes: rss,
    mem_cache_bytes: cache,
    mem_critical_pressure_counter: 0,
    mem_file_bytes: cache,
    mem_kmem_tcp_usage_bytes: 0,
    mem_kmem_usage_bytes: kernel,
    mem_low_pressure_counter: container.leaks !== undefined ? Math.floor((at - container.started) / 10) : 0,
    mem_mapped_file_bytes: 0,
    mem_medium_pressure_counter: 0,
    mem_swap_bytes: 0,
    mem_total_bytes: rss + cache + kernel,
    mem_unevictable_bytes: 0,
    processes: 4,
    threads: 4 + Math.floor(container.character * 40),
  });
}

/** As recorded of a container that has done nothing with a disk. */
const BLKIO = {
  cfq: [{}],
  cfq_recursive: [{}],
  throttling: [{ io_service_bytes: [{ op: 'TOTAL', value: 0 }], io_serviced: [{ op: 'TOTAL', value: 0 }] }],
};

function disk({ limit, character, started }: Container, at: number): Record<string, unknown> {
  if (limit.disk === 0) {
    return {};
  }
  const bytes = limit.disk * MIB;
  const used = Math.round((bytes * Math.min(0.9, character * 0.5 + (at - started) / 1e7)) / 4096) * 4096;
  return {
    disk_limit_bytes: bytes,
    disk_statistics: [{ limit_bytes: bytes, used_bytes: used }],
    disk_used_bytes: used,
  };
}

/** The kernel counts in hundredths of a second (USER_HZ). */
function ticks(seconds: number): number {
  return Math.floor(seconds * 100) / 100;
}

function sorted(values: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(values).sort(([a], [b]) => (a < b ? -1 : 1)));
}

/** The process that an agent says runs in a container: any number, the same for as long as the container lives. */
export function executorPid({ id }: Container): number {
  return 1000 + (Number.parseInt(id.slice(0, 4), 16) % 64_000);
}
