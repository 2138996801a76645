// Compares the ends of tasks in the plugin's event log with those that the masters were told of.
import type { Live } from '../simulator/live/live.ts';
import type { Result } from './compare.ts';

/** The end of a task as the event log has it. Unix seconds. */
export interface LoggedEnd {
  taskId: string;
  framework: string;
  agent: string;
  role: string;
  state: string;
  at: number;
}

/** How many deviations are told one by one. */
const TOLD = 20;

/**
 * Every end that a master heard of between two moments must be in the log once, with all it belongs to, and nothing else. Of
 * a task whose agent did not come back to a new leader no master hears: its end is unknown.
 */
export function judgeEnds(live: Pick<Live, 'ends'>, logged: LoggedEnd[], from: number, to: number): Result {
  const key = ({ taskId, state, framework, agent, role }: Omit<LoggedEnd, 'at'>) =>
    `${taskId} ${state} of ${framework} (${role}) on ${agent}`;
  const truth = Map.groupBy(
    live.ends().map((end) => ({ ...end, state: end.state.toLowerCase() })),
    key
  );
  const heardOf = new Set(live.ends().map(({ taskId }) => taskId));
  const found = Map.groupBy(
    logged.filter(({ taskId, state }) => state !== 'unknown' || heardOf.has(taskId)),
    key
  );
  const deviations: string[] = [];
  let checks = 0;
  for (const [name, ends] of truth) {
    // What was heard at the edges may be told or not.
    const least = ends.filter(({ heard }) => heard >= from && heard <= to).length;
    const told = found.get(name)?.length ?? 0;
    checks++;
    if (told < least || told > ends.length) {
      deviations.push(
        `event ${name}: ${told} times in the log, true is ${least === ends.length ? least : `${least} to ${ends.length}`}`
      );
    }
  }
  for (const [name, ends] of found) {
    if (!truth.has(name)) {
      checks++;
      deviations.push(`event ${name}: ${ends.length} times in the log, true is none`);
    }
  }
  const more = deviations.splice(TOLD).length;
  return { checks, inWindows: 0, deviations: more > 0 ? [...deviations, `and ${more} more events`] : deviations };
}
