/**
 * Shared by the tests of the simulated cluster: a cluster whose time only the test moves.
 */
import type { Scenario } from '../scenarios/scenario.ts';
import { startLive, type Live, type LiveOptions } from './live.ts';

export type Json = Record<string, any>;

/** Any moment; noon, when the load follows the day. */
export const START = Date.UTC(2026, 10, 21, 12) / 1000;

/** Runs a test against a cluster, which is stopped whatever happens. */
export async function withLive(
  { scenario, ...options }: LiveOptions & { scenario?: Scenario },
  test: (live: Live) => Promise<void>
): Promise<void> {
  const live = await startLive({ speed: 0, ...options, scenario, plan: { start: START, ...options.plan } });
  try {
    await test(live);
  } finally {
    await live.stop();
  }
}
