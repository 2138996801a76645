/**
 * /state-summary: agents and frameworks with how many tasks each has in which state, ended ones that are remembered included,
 * and which agents run which frameworks (src/master/readonly_handler.cpp: TaskStateSummary, SlaveFrameworkMapping).
 */
import type { Agent, Framework, Task, TaskState } from '../model.ts';
import { HOSTNAME, knownFrameworks, registeredAgents } from '../state.ts';
import { isListed, tasksOf } from '../truth.ts';
import { agentFields } from '../v0/agent.ts';
import { frameworkSummary } from '../v0/framework.ts';
import type { Request } from './page.ts';

/** The states that are counted; others are in no field. */
const STATES: TaskState[] = [
  ...(['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR'] as const),
  'UNREACHABLE',
];

/** A thing's tasks by state, and the ids of the other things they belong to. */
interface Counted {
  states: Map<TaskState, number>;
  others: Set<string>;
}

export function summary({ world, restricted }: Request): string {
  const listed = knownFrameworks(world).filter(isListed);
  const agents = new Map<Agent, Counted>();
  const frameworks = new Map<Framework, Counted>();
  for (const framework of listed) {
    for (const task of [...tasksOf(framework), ...framework.unreachable, ...framework.completed]) {
      count(agents, task.agent, task, framework.id);
      count(frameworks, framework, task, task.agent.id);
    }
  }
  const slaves = registeredAgents(world).map(
    (agent) => `{${agentFields(agent, restricted)},${countsText(agents.get(agent), 'framework_ids')}}`
  );
  const shown = restricted ? [] : listed;
  return (
    `{"hostname":"${HOSTNAME}","cluster":${JSON.stringify(world.plan.cluster)},"slaves":[${slaves.join(',')}],` +
    `"frameworks":[${shown.map((f) => `{${frameworkSummary(f)},${countsText(frameworks.get(f), 'slave_ids')}}`).join(',')}]}`
  );
}

function count<Thing>(counts: Map<Thing, Counted>, thing: Thing, { state }: Task, other: string): void {
  const own = counts.get(thing) ?? { states: new Map(), others: new Set() };
  own.states.set(state, (own.states.get(state) ?? 0) + 1);
  own.others.add(other);
  counts.set(thing, own);
}

function countsText(counted: Counted | undefined, others: string): string {
  const states = STATES.map((state) => `"TASK_${state}":${counted?.states.get(state) ?? 0}`);
  return `${states.join(',')},"${others}":${JSON.stringify([...(counted?.others ?? [])])}`;
}
