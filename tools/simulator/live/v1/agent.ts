/**
 * An agent as the operator API writes it (include/mesos/v1/master/master.proto: Response.GetAgents.Agent, AgentInfo).
 */
import { double } from '../../generate/json.ts';
import { minus, sum } from '../amount.ts';
import type { Agent } from '../model.ts';
import { AGENT_CAPABILITIES, domainText } from '../v0/agent.ts';
import { ALL_PORTS, allocatedFull, full, offeredFull } from '../v0/full.ts';
import { id, list, nanoseconds } from './common.ts';

/** `restricted`: for a principal that may see no role. `checkpoint`: in answers, not in events. */
export function agentText(agent: Agent, { restricted = false, checkpoint = true } = {}): string {
  const { total, drain } = agent;
  const resources = [
    ...full({ ...unreserved(agent), revocable: 0 }, { role: '*' }, ALL_PORTS),
    ...(restricted ? [] : [...agent.reserved].flatMap(([role, what]) => full(what, { role, reserved: role }))),
    ...full({ ...NOTHING, revocable: total.revocable }, { role: '*' }),
  ];
  const reregistered = agent.reregistered > 0 ? `,"reregistered_time":${nanoseconds(agent.reregistered)}` : '';
  const drained =
    drain === undefined
      ? ''
      : `,"drain_info":{"state":"${drain.state}","config":{"max_grace_period":${nanoseconds(drain.grace)},` +
        `"mark_gone":false}},"estimated_drain_start_time":${nanoseconds(drain.began)}`;
  return (
    `{"agent_info":${agentInfoText(agent, checkpoint)},"active":${agent.connected && !agent.deactivated},` +
    `"deactivated":${agent.deactivated},"version":"1.12.0","pid":"slave(1)@${agent.address}",` +
    `"registered_time":${nanoseconds(agent.registered)}${reregistered}${list('total_resources', resources)}` +
    `${restricted ? '' : list('allocated_resources', allocatedFull(agent.listed, agent.listedExecutors))}` +
    `${restricted || agent.offer === undefined ? '' : list('offered_resources', offeredFull([agent.offer]))}` +
    `,"capabilities":[${AGENT_CAPABILITIES.map((type) => `{"type":"${type}"}`).join(',')}]${drained}}`
  );
}

const NOTHING = { cpus: 0, mem: 0, disk: 0, gpus: 0, revocable: 0 };

function unreserved({ total, reserved }: Agent) {
  return minus(total, sum(reserved.values()));
}

/** What an agent says of itself; revocable resources are estimated later, and not in it. */
export function agentInfoText(agent: Agent, checkpoint = true): string {
  const resources = [
    ...full({ ...unreserved(agent), revocable: 0 }, {}, ALL_PORTS),
    ...[...agent.reserved].flatMap(([role, what]) => full(what, { reserved: role })),
  ];
  const attributes = Object.entries(agent.attributes).map(([name, value]) =>
    typeof value === 'number'
      ? `{"name":"${name}","type":"SCALAR","scalar":{"value":${double(value)}}}`
      : `{"name":"${name}","type":"TEXT","text":{"value":${JSON.stringify(value)}}}`
  );
  return (
    `{"hostname":"${agent.hostname}","port":${agent.address.split(':')[1]},"resources":[${resources.join(',')}]` +
    `${list('attributes', attributes)},"id":${id(agent.id)},"domain":${domainText(agent)}` +
    `${checkpoint ? ',"checkpoint":true' : ''}}`
  );
}
