/**
 * An agent as masters write it in /state, /slaves and /state-summary: the fields these have in common
 * (src/master/readonly_handler.cpp, SlaveWriter).
 */
import { double } from '../../generate/json.ts';
import { amount, minus, resources, sum } from '../amount.ts';
import type { Agent } from '../model.ts';
import { PORTS } from '../plan.ts';
import { micro } from './task.ts';

export const REGION = 'eu-central';

export const AGENT_CAPABILITIES = [
  ...['MULTI_ROLE', 'HIERARCHICAL_ROLE', 'RESERVATION_REFINEMENT', 'RESOURCE_PROVIDER', 'RESIZE_VOLUME'],
  ...['AGENT_OPERATION_FEEDBACK', 'AGENT_DRAINING', 'TASK_RESOURCE_LIMITS'],
];

export function attributesText({ attributes }: Agent): string {
  const fields = Object.entries(attributes).map(
    ([name, value]) => `"${name}":${typeof value === 'number' ? double(value) : JSON.stringify(value)}`
  );
  return `{${fields.join(',')}}`;
}

export function domainText({ zone }: Agent): string {
  return `{"fault_domain":{"region":{"name":"${REGION}"},"zone":{"name":"${REGION}-1${zone}"}}}`;
}

export function recoveredText(agent: Agent): string {
  const port = agent.address.split(':')[1];
  return (
    `{"id":"${agent.id}","hostname":"${agent.hostname}","port":${port},` +
    `"attributes":${attributesText(agent)},"domain":${domainText(agent)}}`
  );
}

/** Resources with the ports there are to give away. */
export function withPorts(text: string): string {
  return `${text.slice(0, -1)},"ports":"[${PORTS.first}-${PORTS.last}]"}`;
}

export function reservedText({ reserved }: Agent): string {
  return `{${[...reserved].map(([role, what]) => `"${role}":${resources(what)}`).join(',')}}`;
}

/** The fields of an agent, without braces. `restricted`: for a principal that may see no role. */
export function agentFields(agent: Agent, restricted = false): string {
  const ports = [...agent.listed].flatMap((task) => task.ports);
  const offered = agent.offer?.resources ?? amount();
  const { drain } = agent;
  const drained = drain
    ? `,"drain_info":{"state":"${drain.state}","config":{"max_grace_period":{"nanoseconds":${drain.grace}000000000},"mark_gone":false}},` +
      `"estimated_drain_start_time_seconds":${double(micro(drain.began))}`
    : '';
  const reregistered = agent.reregistered > 0 ? `"reregistered_time":${double(micro(agent.reregistered))},` : '';
  return (
    `"id":"${agent.id}","hostname":"${agent.hostname}","port":${agent.address.split(':')[1]},` +
    `"attributes":${attributesText(agent)},"domain":${domainText(agent)},"pid":"slave(1)@${agent.address}",` +
    `"registered_time":${double(micro(agent.registered))},${reregistered}` +
    `"resources":${withPorts(resources(agent.total))},"used_resources":${resources(agent.used, ports)},` +
    `"offered_resources":${resources(offered, agent.offer?.ports)},"reserved_resources":${restricted ? '{}' : reservedText(agent)},` +
    `"unreserved_resources":${withPorts(resources(minus(agent.total, sum(agent.reserved.values()))))},` +
    `"active":${agent.connected && !agent.deactivated},"deactivated":${agent.deactivated},"version":"1.12.0",` +
    `"capabilities":${JSON.stringify(AGENT_CAPABILITIES)}${drained}`
  );
}
