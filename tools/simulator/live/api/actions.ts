/**
 * The calls of the operator API that change something, as far as a simulated cluster supports them: each becomes an action of
 * steps.ts, or a refusal with Mesos' text (recorded in 07b, 10-drain, 15-auth).
 */
import type { Answer } from '../../answer.ts';
import type { Agent, Framework } from '../model.ts';
import { text } from '../replies.ts';
import type { Action } from '../steps.ts';
import type { World } from '../world.ts';

/** A protobuf message in JSON as it was received: fields may be missing or of another type. */
type Message = Record<string, unknown>;

/** By type, with the message in the call's own field. */
export const ACTIONS: Record<string, (world: World, message: Message) => Action | Answer> = {
  DRAIN_AGENT: (world, message) =>
    onKnownAgent(world, message, (agent) => ({
      do: 'agent drains',
      agent,
      grace: seconds(message.max_grace_period),
      ...(message.mark_gone === true && { markGone: true }),
    })),
  DEACTIVATE_AGENT: (world, message) =>
    onKnownAgent(world, message, (agent) => ({ do: 'agent is deactivated', agent })),
  REACTIVATE_AGENT: (world, message) =>
    agentOf(world, message)?.drain?.state === 'DRAINING'
      ? text(400, 'Agent is still in the DRAINING state')
      : onKnownAgent(world, message, (agent) => ({ do: 'agent is reactivated', agent })),
  MARK_AGENT_GONE: (world, message) => {
    const agent = agentOf(world, message);
    return agent === undefined
      ? text(404, `Agent '${idIn(message.agent_id)}' not found`)
      : { do: 'agent is marked gone', agent: agent.number + 1 };
  },
  TEARDOWN: (world, message) => teardown(world, idIn(message.framework_id)),
};

/** Also what POST /teardown does. */
export function teardown(world: World, frameworkId: string): Action | Answer {
  const over: Array<Framework['registration']> = ['absent', 'completed'];
  const framework = world.frameworks.find(({ id, registration }) => id === frameworkId && !over.includes(registration));
  return framework === undefined
    ? text(400, 'No framework found with specified ID')
    : { do: 'framework is removed', framework: framework.name };
}

/** Agents are counted from 1 in actions. */
function onKnownAgent(world: World, message: Message, action: (agent: number) => Action): Action | Answer {
  const agent = agentOf(world, message);
  return agent === undefined ? text(400, 'Unknown agent') : action(agent.number + 1);
}

/** One that its master knows: registered, recovered or unreachable. */
function agentOf(world: World, message: Message): Agent | undefined {
  const id = idIn(message.agent_id);
  return world.agents.find((agent) => agent.id === id && agent.registration !== 'removed');
}

function idIn(message: unknown): string {
  return String((message as { value?: unknown } | undefined)?.value ?? '');
}

/** Of a google.protobuf.Duration; 0 when nothing else is said. Nanoseconds beside the seconds are Mesos' `nanos`. */
function seconds(duration: unknown): number {
  const { seconds: whole = 0, nanos = 0 } = (duration ?? {}) as { seconds?: unknown; nanos?: unknown };
  return (Number(whole) || 0) + (Number(nanos) || 0) / 1e9;
}
