/**
 * /slaves: the agents of /state, each with its resources as lists besides. `?slave_id=` picks one.
 */
import { minus, sum } from '../amount.ts';
import type { Agent } from '../model.ts';
import { recoveredAgents, registeredAgents } from '../state.ts';
import { agentFields, recoveredText } from '../v0/agent.ts';
import { ALL_PORTS, allocatedFull, full, offeredFull, reservedFull } from '../v0/full.ts';
import type { Request } from './page.ts';

export function slaves({ world, query, restricted }: Request): string {
  const id = query.get('slave_id');
  const wanted = (agent: Agent) => id === null || agent.id === id;
  const registered = registeredAgents(world).filter(wanted);
  const recovered = recoveredAgents(world).filter(wanted);
  return (
    `{"slaves":[${registered.map((agent) => slaveText(agent, restricted)).join(',')}],` +
    `"recovered_slaves":[${recovered.map(recoveredText).join(',')}]}`
  );
}

/** A restricted principal sees nothing that belongs to a role. */
function slaveText(agent: Agent, restricted: boolean): string {
  const unreserved = minus(agent.total, sum(agent.reserved.values()));
  return (
    `{${agentFields(agent, restricted)},"reserved_resources_full":${restricted ? '{}' : reservedFull(agent)},` +
    `"unreserved_resources_full":[${full(unreserved, { role: '*' }, ALL_PORTS).join(',')}],` +
    `"used_resources_full":[${restricted ? '' : allocatedFull(agent.listed, agent.listedExecutors).join(',')}],` +
    `"offered_resources_full":[${restricted ? '' : offeredFull(agent.offer === undefined ? [] : [agent.offer]).join(',')}]}`
  );
}
