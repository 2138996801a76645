/**
 * A task as the operator API writes it (include/mesos/v1/mesos.proto: Task, TaskStatus). Unlike GET pages, it knows why a task
 * is in its state.
 */
import { createHash } from 'node:crypto';
import { double } from '../../generate/json.ts';
import { rangesOf } from '../amount.ts';
import type { Status, Task, TaskState } from '../model.ts';
import { executorPid } from '../use.ts';
import { full } from '../v0/full.ts';
import { micro, taskExtras } from '../v0/task.ts';
import { id, list, nanoseconds } from './common.ts';

export function taskText(task: Task): string {
  const { service, agent, executor, statuses } = task;
  const resources = full(task.resources, { allocated: service.role, ...reservation(task) }, rangesOf(task.ports));
  const latest = statuses.at(-1);
  const update =
    latest === undefined
      ? ''
      : `,"status_update_state":"TASK_${latest.state}","status_update_uuid":"${uuid(task, latest)}"`;
  return (
    `{"name":"${service.name}","task_id":${id(task.id)},"framework_id":${id(service.framework.id)},` +
    `${executor === undefined ? '' : `"executor_id":${id(executor.id)},`}"agent_id":${id(agent.id)},` +
    `"state":"TASK_${task.state}","resources":[${resources.join(',')}]` +
    `${list(
      'statuses',
      statuses.map((status) => statusText(task, status))
    )}${update}${extras(task)}}`
  );
}

function reservation({ service }: Task): { reserved?: string } {
  return service.kind.bound ? { reserved: service.role } : {};
}

export function statusText(task: Task, status: Status): string {
  const { state, at, cause, healthy } = status;
  const { agent, executor, container } = task;
  const by = cause?.source ?? 'executor';
  const { message, more = '' } = wordsOf(task, status);
  const reason = cause?.reason ?? (healthy ? 'task_health_check_status_updated' : undefined);
  const fields = [
    `"task_id":${id(task.id)},"state":"TASK_${state}"`,
    ...(message === undefined ? [] : [`"message":${JSON.stringify(message)}`]),
    `"source":"SOURCE_${modern(by)}"`,
    ...(reason === undefined ? [] : [`"reason":"REASON_${modern(reason)}"`]),
    `"agent_id":${id(agent.id)}`,
    // The master itself knows no executor, and updates of its own are not acknowledged.
    ...(by === 'master' ? [] : [`"executor_id":${id(executor?.id ?? task.id)}`]),
    `"timestamp":${double(micro(at))}`,
    ...(by === 'master' ? [] : [`"uuid":"${uuid(task, status)}"`]),
    ...(healthy === undefined ? [] : [`"healthy":${healthy}`]),
    // Of a container that an agent has ended nothing is left to say.
    ...(by === 'executor'
      ? [
          `"container_status":{"container_id":${id(container.id)},"network_infos":[{"ip_addresses":[` +
            `{"protocol":"IPv4","ip_address":"${agent.address.split(':')[0]}"}]}],"executor_pid":${executorPid(container)}}`,
        ]
      : []),
  ];
  return `{${fields.join(',')}${more}}`;
}

/** Mesos' newer words for metric keys' older ones. */
function modern(word: string): string {
  return word.replace('slave', 'agent').toUpperCase();
}

/** Said of tasks under Mesos' own executor, which knows how its command ended. */
const COMMAND: Partial<Record<TaskState, string>> = {
  FINISHED: 'Command exited with status 0',
  FAILED: 'Command exited with status 1',
  KILLED: 'Command terminated with signal Terminated',
};

const CAUSES: Record<string, (task: Task, status: Status) => { message?: string; more?: string }> = {
  executor_terminated: () => ({ message: 'Executor terminated' }),
  container_limitation_memory: ({ container: { limit } }) => ({
    message: `Memory limit exceeded: Requested: ${limit.mem}MB Maximum Used: ${limit.mem}MB`,
    more: `,"limitation":{"resources":[{"name":"mem","type":"SCALAR","scalar":{"value":${double(limit.mem)}}}]}`,
  }),
  framework_removed: ({ service }) => ({ message: `Framework ${service.framework.id} removed` }),
  slave_removed: ({ agent }, { at, cause }) =>
    cause?.unreachable
      ? { message: 'health check timed out', more: `,"unreachable_time":${nanoseconds(at)}` }
      : { message: `Agent ${agent.hostname} removed: the agent unregistered` },
  slave_removed_by_operator: () => ({ message: 'Agent has been marked gone' }),
};

function wordsOf(task: Task, status: Status): { message?: string; more?: string } {
  const words = CAUSES[status.cause?.reason ?? ''];
  return words?.(task, status) ?? { message: task.executor === undefined ? COMMAND[status.state] : undefined };
}

/** Of a status update: 16 bytes that are the same whenever it is written. */
function uuid({ id: taskId, container }: Task, { state, at }: Status): string {
  return createHash('md5').update(`${taskId} ${container.id} ${state} ${at}`).digest('base64');
}

/** What a GET page writes too; labels are a message of their own here. */
function extras(task: Task): string {
  return taskExtras(task, (labels) => ({ labels }));
}
