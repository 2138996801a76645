/**
 * All scenarios, in the order in which they are listed.
 */
import agentDies from './agent-dies.ts';
import agentDrains from './agent-drains.ts';
import agentGone from './agent-gone.ts';
import agentReturns from './agent-returns.ts';
import auth from './auth.ts';
import balancerLeader from './balancer-leader.ts';
import balancer from './balancer.ts';
import crashLoop from './crash-loop.ts';
import dcos from './dcos.ts';
import everyday from './everyday.ts';
import frameworkFailsOver from './framework-fails-over.ts';
import leaderFails from './leader-fails.ts';
import masterDown from './master-down.ts';
import masterRecovers from './master-recovers.ts';
import noLeader from './no-leader.ts';
import oldMasters from './old-masters.ts';
import outOfMemory from './out-of-memory.ts';
import quotaExhausted from './quota-exhausted.ts';
import rackLost from './rack-lost.ts';
import rateLimit from './rate-limit.ts';
import slowNetwork from './slow-network.ts';
import streamFaults from './stream-faults.ts';
import truncated from './truncated.ts';
import type { Scenario } from './scenario.ts';

export const SCENARIOS: Scenario[] = [
  everyday,
  agentDies,
  agentReturns,
  agentDrains,
  agentGone,
  rackLost,
  leaderFails,
  noLeader,
  masterDown,
  masterRecovers,
  frameworkFailsOver,
  crashLoop,
  outOfMemory,
  quotaExhausted,
  slowNetwork,
  truncated,
  rateLimit,
  ...streamFaults,
  auth,
  ...oldMasters,
  dcos,
  balancer,
  balancerLeader,
];

/** The scenario of that name. Throws, with those there are. */
export function scenarioOf(name: string): Scenario {
  const found = SCENARIOS.find((scenario) => scenario.name === name);
  if (found === undefined) {
    throw new Error(`no scenario "${name}"; there are: ${SCENARIOS.map((scenario) => scenario.name).join(', ')}`);
  }
  return found;
}
