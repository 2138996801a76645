/**
 * /state-summary of a generated master, key by key as a recorded master wrote it (scene 03-workload): agents and frameworks
 * with the number of their tasks by state, ended ones that are remembered included.
 */
import type { Agent, Cluster, Framework } from './cluster.ts';
import { agentFields, clusterName, frameworkFields } from './state.ts';

/** In the order of Mesos (src/master/readonly_handler.cpp: TaskStateSummary). */
const STATES = ['STAGING', 'STARTING', 'RUNNING', 'KILLING', 'FINISHED', 'KILLED', 'FAILED', 'LOST', 'ERROR'];

/** The tasks of an agent or a framework by state, and the IDs of the other things that they belong to. */
class Counted {
  private readonly states = new Map<string, number>();
  private readonly others = new Set<string>();

  add(state: string, other: string): void {
    this.states.set(state, (this.states.get(state) ?? 0) + 1);
    this.others.add(other);
  }

  text(others: string): string {
    const states = [...STATES, 'UNREACHABLE'].map((state) => `"TASK_${state}":${this.states.get(state) ?? 0}`);
    return `${states.join(',')},"${others}":${JSON.stringify([...this.others])}`;
  }
}

export function summaryText(cluster: Cluster): string {
  const agents = new Map<Agent, Counted>(cluster.agents.map((agent) => [agent, new Counted()]));
  const frameworks = new Map<Framework, Counted>(cluster.frameworks.map((framework) => [framework, new Counted()]));
  const count = (framework: Framework, agent: Agent, state: string) => {
    agents.get(agent)?.add(state, framework.id);
    frameworks.get(framework)?.add(state, agent.id);
  };
  for (const framework of cluster.frameworks) {
    for (const { tasks } of framework.services) {
      tasks.forEach(({ agent, running }) => count(framework, agent, running ? 'RUNNING' : 'STARTING'));
    }
    framework.ended.forEach(({ task, state }) => count(framework, task.agent, state.replace('TASK_', '')));
  }
  const slaves = [...agents].map(([agent, counted]) => `{${agentFields(agent)},${counted.text('framework_ids')}}`);
  const others = [...frameworks].map(([of, counted]) => `{${frameworkFields(of)},${counted.text('slave_ids')}}`);
  return (
    `{"hostname":"127.0.0.1","cluster":"${clusterName(cluster)}",` +
    `"slaves":[${slaves.join(',')}],"frameworks":[${others.join(',')}]}`
  );
}
