/**
 * GET_TASKS, GET_EXECUTORS, GET_FRAMEWORKS, GET_AGENTS and all of them together, GET_STATE: what the leader lists.
 * In pieces, as all tasks of a large cluster are too long for one string.
 */
import type { Agent, Framework, Task } from '../model.ts';
import { knownFrameworks, recoveredAgents, registeredAgents } from '../state.ts';
import { isListed, tasksOf } from '../truth.ts';
import { agentInfoText, agentText } from '../v1/agent.ts';
import { executorText, frameworkText } from '../v1/framework.ts';
import { taskText } from '../v1/task.ts';
import type { World } from '../world.ts';

/** What is asked, and by whom: `restricted` principals may see agents only. */
export interface Asked {
  world: World;
  restricted: boolean;
}

export type Pieces = Generator<string, void, void>;

/** Things written one after another. */
const PER_PIECE = 500;

export function* getState(asked: Asked): Pieces {
  const parts = {
    get_tasks: getTasks,
    get_executors: getExecutors,
    get_frameworks: getFrameworks,
    get_agents: getAgents,
  };
  let between = '{';
  for (const [name, get] of Object.entries(parts)) {
    yield `${between}"${name}":`;
    yield* get(asked);
    between = ',';
  }
  yield '}';
}

export function* getTasks({ world, restricted }: Asked): Pieces {
  const known = restricted ? [] : knownFrameworks(world);
  const of = (find: (framework: Framework) => Iterable<Task>) => known.flatMap((framework) => [...find(framework)]);
  yield '{"tasks":[';
  yield* all(
    of((framework) => (isListed(framework) ? tasksOf(framework) : [])),
    taskText
  );
  yield '],"unreachable_tasks":[';
  yield* all(
    of(({ unreachable }) => unreachable),
    taskText
  );
  yield '],"completed_tasks":[';
  yield* all(
    of(({ completed }) => completed),
    taskText
  );
  yield ']}';
}

export function* getExecutors({ world, restricted }: Asked): Pieces {
  yield '{"executors":[';
  yield* all(restricted ? [] : registeredAgents(world).flatMap(executorsOf), executorText);
  yield ']}';
}

export function* getFrameworks({ world, restricted }: Asked): Pieces {
  const known = restricted ? [] : knownFrameworks(world);
  const executors = Map.groupBy(registeredAgents(world).flatMap(executorsOf), ({ framework }) => framework);
  const text = (framework: Framework) => frameworkText(framework, executors.get(framework) ?? []);
  yield '{"frameworks":[';
  yield* all(known.filter(isListed), text);
  yield '],"completed_frameworks":[';
  yield* all(
    known.filter(({ registration }) => registration === 'completed'),
    text
  );
  yield ']}';
}

export function* getAgents({ world, restricted }: Asked): Pieces {
  yield '{"agents":[';
  yield* all(registeredAgents(world), (agent) => agentText(agent, { restricted }));
  yield '],"recovered_agents":[';
  yield* all(recoveredAgents(world), (agent) => agentInfoText(agent));
  yield ']}';
}

function executorsOf({ listedExecutors }: Agent) {
  return [...listedExecutors];
}

function* all<Thing>(things: Thing[], text: (thing: Thing) => string): Pieces {
  for (let from = 0; from < things.length; from += PER_PIECE) {
    const some = things.slice(from, from + PER_PIECE).map((thing) => text(thing));
    yield `${from > 0 ? ',' : ''}${some.join(',')}`;
  }
}
