/**
 * /tasks: those of all frameworks, running, unreachable and completed ones together, newest first by their first status.
 * `limit` (100), `offset` (0), `order` (asc, des), `framework_id`, `task_id`; what makes no sense counts as not said.
 */
import type { Task } from '../model.ts';
import { knownFrameworks } from '../state.ts';
import { isListed, tasksOf } from '../truth.ts';
import { taskText } from '../v0/task.ts';
import type { Request } from './page.ts';

const LIMIT = 100;

export function tasks({ world, query, restricted }: Request): string {
  const frameworkId = query.get('framework_id');
  const taskId = query.get('task_id');
  const wanted = knownFrameworks(world)
    .filter(({ id }) => !restricted && (frameworkId === null || id === frameworkId))
    .flatMap((framework) => [
      ...(isListed(framework) ? tasksOf(framework) : []),
      ...framework.unreachable,
      ...framework.completed,
    ])
    .filter(({ id }) => taskId === null || id === taskId)
    .sort(query.get('order') === 'asc' ? byAge : (a, b) => byAge(b, a));
  const offset = whole(query.get('offset')) ?? 0;
  const limit = whole(query.get('limit')) ?? LIMIT;
  return `{"tasks":[${wanted
    .slice(offset, offset + limit)
    .map(taskText)
    .join(',')}]}`;
}

/** The oldest first; before all, those that have no status yet. */
function byAge(a: Task, b: Task): number {
  const first = ({ statuses }: Task) => statuses[0]?.at ?? 0;
  return first(a) - first(b);
}

/** A whole number; a negative one becomes a huge one, as Mesos puts it into an unsigned integer. */
function whole(text: string | null): number | undefined {
  if (text === null || !/^[+-]?\d+$/.test(text)) {
    return undefined;
  }
  const value = Number(text);
  return value < 0 ? Number.MAX_SAFE_INTEGER / 2 : value;
}
