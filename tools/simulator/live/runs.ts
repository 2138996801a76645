/**
 * The containers of an agent by executor, as its pages and its files call them: those that run and those that have ended.
 */
import type { Amount } from './amount.ts';
import type { Agent, Executor, Framework, Task } from './model.ts';

/** How many an agent lists of what has ended (--max_completed_executors_per_framework, MAX_COMPLETED_TASKS_PER_EXECUTOR). */
const LISTED = 150;

/** How many of what has ended have their sandboxes on an agent: it deletes them by their age (--gc_delay). */
export const SANDBOXES = 200;

/** One of an agent's containers, as the agent calls it. */
export interface Run {
  id: string;
  name: string;
  source: string;
  framework: Framework;
  role: string;
  container: Task['container'];
  resources: Amount;
  type?: 'CUSTOM';
  tasks: Task[];
  /** Of its tasks, those that have ended, oldest first. */
  completed: Task[];
  /** How its tasks ended, where it is an executor of several. */
  over: Executor['over'];
}

/** The containers of an agent by executor: custom ones, and Mesos' own, one for each task. */
export function runs(agent: Agent): Run[] {
  const ended = Map.groupBy(agent.ended, ({ executor }) => executor);
  const custom = [...agent.executors].map((executor): Run => ({
    ...customRun(executor),
    tasks: [...executor.tasks],
    completed: (ended.get(executor) ?? []).slice(-LISTED),
  }));
  const own = [...agent.tasks].filter(({ executor }) => executor === undefined);
  return [...custom, ...own.map(ownRun)];
}

function customRun({ id, name, framework, role, container, over }: Executor): Omit<Run, 'tasks' | 'completed'> {
  return {
    id,
    name,
    source: framework.name,
    framework,
    role,
    container,
    resources: container.limit,
    type: 'CUSTOM',
    over,
  };
}

function ownRun(task: Task): Run {
  const { framework, role } = task.service;
  return {
    id: task.id,
    name: `Command Executor (Task: ${task.id}) (Command: sh -c './run')`,
    source: task.id,
    framework,
    role,
    container: task.container,
    resources: task.container.limit,
    tasks: [task],
    completed: [],
    over: [],
  };
}

/** What has ended and the agent lists, or as many as have their sandboxes; oldest first. */
export function endedRuns(agent: Agent, most = LISTED): Run[] {
  const custom = new Map<Executor, Run>();
  const ended: Run[] = [];
  for (const task of agent.ended.slice(-most)) {
    const { executor } = task;
    if (executor === undefined) {
      ended.push({ ...ownRun(task), tasks: [], completed: [task] });
    } else if (!agent.executors.has(executor)) {
      const run = custom.get(executor) ?? { ...customRun(executor), tasks: [], completed: [] };
      if (!custom.has(executor)) {
        custom.set(executor, run);
        ended.push(run);
      }
      run.completed.push(task);
    }
  }
  return ended;
}

/** The sandbox of a container. */
export function directoryOf(agent: Agent, { framework, id, container }: Run): string {
  return `/var/lib/mesos/slaves/${agent.id}/frameworks/${framework.id}/executors/${id}/runs/${container.id}`;
}
