/**
 * A framework and an executor as the operator API writes them (include/mesos/v1/master/master.proto:
 * Response.GetFrameworks.Framework, Response.GetExecutors.Executor).
 */
import { double } from '../../generate/json.ts';
import type { Executor, Framework } from '../model.ts';
import { labelsOf } from '../v0/framework.ts';
import { allocatedFull, full, offeredFull } from '../v0/full.ts';
import { id, list, nanoseconds } from './common.ts';

/** `executors`: those of it that its master lists. */
export function frameworkText(framework: Framework, executors: Executor[]): string {
  const tasks = framework.services.flatMap((service) =>
    [...service.tasks].filter((task) => task.agent.listed.has(task))
  );
  const over =
    framework.registration === 'completed' ? `,"unregistered_time":${nanoseconds(framework.unregistered)}` : '';
  return (
    `{${frameworkFields(framework)}${over}${list('allocated_resources', allocatedFull(tasks, executors))}` +
    `${list('offered_resources', offeredFull(framework.offers))},"offer_constraints":{}}`
  );
}

/** As events have it: without resources, and with a time of its end. */
export function frameworkEventText(framework: Framework): string {
  return `{${frameworkFields(framework)},"unregistered_time":${nanoseconds(framework.unregistered)}}`;
}

function frameworkFields(framework: Framework): string {
  const active = framework.registration === 'subscribed';
  const { registered, reregistered } = framework;
  // One that only agents told of has not registered yet.
  const times =
    registered === 0
      ? ''
      : `,"registered_time":${nanoseconds(registered)},"reregistered_time":${nanoseconds(Math.max(registered, reregistered))}`;
  return (
    `"framework_info":${frameworkInfoText(framework)},"active":${active},"connected":${active},` +
    `"recovered":${framework.registration === 'recovered'}${times}`
  );
}

export function frameworkInfoText(framework: Framework): string {
  const { user, name, failoverTimeout, roles, hostname, principal, webui, capabilities } = framework;
  const labels = labelsOf(framework);
  const fields: Record<string, string | undefined> = {
    user: JSON.stringify(user),
    name: JSON.stringify(name),
    id: id(framework.id),
    failover_timeout: double(failoverTimeout),
    checkpoint: 'true',
    roles: JSON.stringify(roles),
    hostname: hostname === '' ? undefined : JSON.stringify(hostname),
    principal: principal && JSON.stringify(principal),
    webui_url: webui === '' ? undefined : JSON.stringify(webui),
    capabilities: JSON.stringify(capabilities.map((type) => ({ type }))),
    labels: labels && JSON.stringify({ labels }),
  };
  const set = Object.entries(fields).filter(([, text]) => text !== undefined);
  return `{${set.map(([field, text]) => `"${field}":${text}`).join(',')}}`;
}

export function executorText(executor: Executor): string {
  const { container, role, framework } = executor;
  const reserved = container.kind.bound ? role : undefined;
  return (
    `{"executor_info":{"executor_id":${id(executor.id)},"framework_id":${id(framework.id)},` +
    `"command":{"shell":true,"value":"./executor"},` +
    `"resources":[${full(executor.resources, { allocated: role, reserved }).join(',')}],` +
    `"name":${JSON.stringify(executor.name)},"type":"CUSTOM"},"agent_id":${id(executor.agent.id)}}`
  );
}
