/**
 * What containers write to stdout and stderr: what the executor says, what the task does, with the time of each line, and at
 * its end why it ended. It depends on the container and the moment only, so a file grows and never changes.
 */
import type { Container, Task, TaskState } from './model.ts';
import type { Run } from './runs.ts';
import type { World } from './world.ts';

export interface Line {
  /** Unix seconds. */
  at: number;
  text: string;
}

export interface Output {
  name: 'stdout' | 'stderr';
  lines: Line[];
  /** When it was written last. */
  modified: number;
}

/** What a task says of its work, by how its service runs; `%` is a number. */
const WORK = {
  service: ['INFO served % requests, p99 % ms', 'INFO GET /healthz 200 in % ms', 'INFO cache: % entries, % evicted'],
  batch: ['INFO read part % of 400', 'INFO wrote % rows in % ms', 'INFO shuffled % blocks'],
  cron: ['INFO step % done', 'INFO copied % files', 'INFO checked % rows'],
} as const;

/** What goes wrong now and then, on stderr. */
const TROUBLE = [
  ['WARN slow response of the database: % ms'],
  ['WARN retry % of 5: connection reset by peer'],
  ['ERROR request % failed: upstream timed out', '    at handler (server.js:%)', '    at next (router.js:%)'],
] as const;

/** The last lines of a task, by the state in which it ended. */
const LAST: Partial<Record<TaskState, readonly string[]>> = {
  FAILED: ['ERROR cannot go on: assertion failed in worker %', 'ERROR exiting with status 1'],
  KILLED: ['INFO received SIGTERM, stopping'],
  FINISHED: ['INFO done, exiting with status 0'],
};

/** Before an agent kills it for its memory. */
const OUT_OF_MEMORY = ['WARN heap is at 97 % of its limit', 'ERROR java.lang.OutOfMemoryError: Java heap space'];

/** The files of a container as of the world's moment. */
export function written(run: Run, world: World): Output[] {
  const { container, tasks, completed } = run;
  const own = run.type === undefined ? (tasks[0] ?? completed[0]) : undefined;
  const end = endOf(run, world);
  const runsAs = container.kind.runs;
  const stdout = executorLines(run, container.started);
  const stderr: Line[] = [
    { at: container.started, text: glog(container.started, 'I', 'exec.cpp:164] Version: 1.12.0') },
  ];
  // Up to 20 s, the same for the whole life of a container.
  const every = 3 + container.character * 17;
  for (let n = 1; container.started + n * every <= end; n++) {
    const at = container.started + n * every;
    const chance = random(container, n);
    if (chance < 0.97) {
      stdout.push({ at, text: said(at, WORK[runsAs][n % 3], container, n) });
    } else {
      const [first, ...rest] = TROUBLE[n % 3];
      stderr.push({ at, text: said(at, first, container, n) });
      rest.forEach((line) => stderr.push({ at, text: filled(line, container, n) }));
    }
  }
  if (container.leaks !== undefined && container.leaks <= end) {
    const at = container.leaks;
    stderr.push({ at, text: said(at, OUT_OF_MEMORY[0], container, 0) });
  }
  if (own !== undefined && end < world.now) {
    const { state, cause } = own.statuses[own.statuses.length - 1];
    const last = cause?.reason === 'container_limitation_memory' ? OUT_OF_MEMORY.slice(1) : (LAST[state] ?? []);
    const to = state === 'FAILED' ? stderr : stdout;
    last.forEach((line) => to.push({ at: end, text: said(end, line, container, 0) }));
  }
  for (const { id, state, at } of run.over) {
    const to = state === 'FAILED' ? stderr : stdout;
    const [last] = (LAST[state] ?? []).slice(-1);
    if (last !== undefined) {
      to.push({ at, text: said(at, last.replace(' ', ` task ${id}: `), container, 0) });
    }
  }
  stdout.sort((a, b) => a.at - b.at);
  stderr.sort((a, b) => a.at - b.at);
  return [file('stderr', stderr), file('stdout', stdout)];
}

function file(name: Output['name'], lines: Line[]): Output {
  return { name, lines, modified: lines[lines.length - 1].at };
}

/** When a container ended, or now. */
function endOf({ tasks, completed }: Run, world: World): number {
  return tasks.length > 0 || completed.length === 0 ? world.now : Math.max(...completed.map(ended(world)));
}

function ended(world: World): (task: Task) => number {
  return ({ statuses }) => statuses.at(-1)?.at ?? world.now;
}

/** What Mesos' executor says when it begins. */
function executorLines({ id }: Run, at: number): Line[] {
  return ['Registered executor', `Received SUBSCRIBED event`, 'Received LAUNCH event', `Starting task ${id}`].map(
    (text) => ({ at, text })
  );
}

function said(at: number, form: string, container: Container, n: number): string {
  return `${new Date(Math.round(at * 1000)).toISOString()} ${filled(form, container, n)}`;
}

function filled(form: string, container: Container, n: number): string {
  let i = 0;
  return form.replaceAll('%', (sign, at: number) =>
    form.slice(at - 1, at + 2) === ' % ' && form.includes('97 %')
      ? sign
      : String(Math.floor(random(container, n * 7 + ++i) * 1000))
  );
}

function glog(at: number, level: string, text: string): string {
  const [date, time] = new Date(at * 1000).toISOString().split('T');
  return `${level}${date.replaceAll('-', '')} ${time.slice(0, 8)}.${time.slice(9, 12)}000 24977 ${text}`;
}

/** 0 to 1, 1 excluded; always the same for a container and a number. */
function random({ id }: Container, n: number): number {
  let hash = (Number.parseInt(id.slice(0, 8), 16) ^ Math.imul(n + 1, 0x9e3779b9)) >>> 0;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return ((hash ^ (hash >>> 16)) >>> 0) / 2 ** 32;
}
