/**
 * A task as masters write it in /state, /tasks and /frameworks, and agents in /state (src/common/http.cpp).
 */
import { double } from '../../generate/json.ts';
import { resources } from '../amount.ts';
import type { Status, Task } from '../model.ts';

export function taskText(task: Task): string {
  const { service, agent } = task;
  return (
    `{"id":"${task.id}","name":"${service.name}","framework_id":"${service.framework.id}",` +
    `"executor_id":"${task.executor?.id ?? ''}","slave_id":"${agent.id}","state":"TASK_${task.state}",` +
    `"resources":${resources(task.resources, task.ports)},"role":"${service.role}",` +
    `"statuses":[${task.statuses.map((status) => statusText(task, status)).join(',')}]${taskExtras(task)}}`
  );
}

function statusText(task: Task, { state, at, healthy }: Status): string {
  // What the master itself says of a task has no container.
  const container =
    state === 'UNREACHABLE' || state === 'LOST' || state === 'GONE_BY_OPERATOR'
      ? ''
      : `,"container_status":{"container_id":{"value":"${task.container.id}"},` +
        `"network_infos":[{"ip_addresses":[{"protocol":"IPv4","ip_address":"${task.agent.address.split(':')[0]}"}]}]}`;
  return `{"state":"TASK_${state}","timestamp":${double(micro(at))}${container}${healthy === undefined ? '' : `,"healthy":${healthy}`}}`;
}

export interface Label {
  key: string;
  value: string;
}

/**
 * Labels, discovery, container and health check, in the order of Mesos' writer (src/common/http.cpp). `labelled`: what labels
 * are written as.
 */
export function taskExtras(
  { service, ports }: Task,
  labelled: (labels: Label[]) => unknown = (labels) => labels
): string {
  const { kind, name } = service;
  const labels = Object.entries(kind.labels ?? {}).map(([key, value]) => ({ key, value }));
  const fields: Record<string, unknown> = {
    ...(labels.length > 0 && { labels: labelled(labels) }),
    ...(ports.length > 0 && {
      discovery: {
        ...{ visibility: 'CLUSTER', name, environment: 'prod', location: 'eu', version: '1.2' },
        ports: { ports: ports.map((number) => ({ number, name: 'http', protocol: 'tcp' })) },
        labels: { labels: [{ key: 'vip', value: `/${name}:80` }] },
      },
    }),
    ...(kind.docker !== undefined && {
      container: {
        type: 'DOCKER',
        docker: { image: kind.docker, network: 'HOST', privileged: false, force_pull_image: false },
      },
    }),
  };
  const health = kind.checked
    ? ',"health_check":{"delay_seconds":1.0,"interval_seconds":5.0,"timeout_seconds":5.0,"consecutive_failures":3,' +
      '"grace_period_seconds":5.0,"type":"COMMAND","command":{"shell":true,"value":"true"}}'
    : '';
  return (
    Object.entries(fields)
      .map(([field, value]) => `,"${field}":${JSON.stringify(value)}`)
      .join('') + health
  );
}

/** Mesos writes moments to the microsecond. */
export function micro(at: number): number {
  return Math.round(at * 1e6) / 1e6;
}
