/**
 * A framework as masters write it in /state, /frameworks and /state-summary, but for its tasks.
 */
import { double } from '../../generate/json.ts';
import { resources, sum } from '../amount.ts';
import type { Executor, Framework, Offer } from '../model.ts';
import type { World } from '../world.ts';
import { micro } from './task.ts';

/** What a framework is allocated, with its ports, and what it is offered. */
function shares(framework: Framework) {
  const ports = framework.services
    .filter(({ kind }) => kind.ports !== undefined)
    .flatMap(({ tasks }) => [...tasks].filter((task) => task.agent.listed.has(task)).flatMap((task) => task.ports));
  const offers = [...framework.offers];
  const offered = sum(offers.map((offer) => offer.resources));
  // Ports by number: those of several agents fall together, as a set has each once.
  const offeredPorts = new Set(offers.flatMap((offer) => offer.ports));
  const used = resources(framework.used, new Set(ports));
  return {
    used,
    offered: resources(offered, offeredPorts),
    both: offers.length === 0 ? used : resources(sum([framework.used, offered]), new Set([...ports, ...offeredPorts])),
  };
}

/** The fields of a framework that /state-summary has too, without braces. */
export function frameworkSummary(framework: Framework, { used, offered } = shares(framework)): string {
  const active = framework.registration === 'subscribed';
  return (
    `"id":"${framework.id}","name":"${framework.name}","used_resources":${used},"offered_resources":${offered},` +
    `"capabilities":${JSON.stringify(framework.capabilities)},"hostname":"${framework.hostname}",` +
    `"webui_url":"${framework.webui}","active":${active},"connected":${active},` +
    `"recovered":${framework.registration === 'recovered'}`
  );
}

/** All fields of a framework before its tasks, without braces. */
export function frameworkHead(framework: Framework): string {
  const own = shares(framework);
  const principal = framework.principal === undefined ? '' : `"principal":"${framework.principal}",`;
  const reregistered =
    framework.reregistered > 0 ? `"reregistered_time":${double(micro(framework.reregistered))},` : '';
  return (
    `${frameworkSummary(framework, own)},"user":"${framework.user}",` +
    `"failover_timeout":${double(framework.failoverTimeout)},"checkpoint":true,` +
    `"registered_time":${double(micro(framework.registered))},` +
    `"unregistered_time":${double(micro(framework.unregistered))},${principal}"resources":${own.both},${reregistered}` +
    `"roles":${JSON.stringify(framework.roles)}`
  );
}

export function labelsText(framework: Framework): string {
  const labels = labelsOf(framework);
  return labels === undefined ? '' : `,"labels":${JSON.stringify(labels)}`;
}

/** One label has no value, as Mesos allows. */
export function labelsOf({ name, principal }: Framework): Array<{ key: string; value?: string }> | undefined {
  return principal === undefined ? undefined : [{ key: 'team', value: name }, { key: 'empty' }];
}

export function executorText(executor: Executor): string {
  return (
    `{"executor_id":"${executor.id}","name":"${executor.name}","framework_id":"${executor.framework.id}",` +
    `"command":{"value":"./executor","argv":[],"uris":[]},"resources":${resources(executor.resources)},` +
    `"role":"${executor.role}","type":"CUSTOM","slave_id":"${executor.agent.id}"}`
  );
}

export function offerText(world: World, offer: Offer): string {
  return (
    `{"id":"${offerId(world, offer)}","framework_id":"${offer.framework.id}","allocation_info":{"role":"${offer.role}"},` +
    `"slave_id":"${offer.agent.id}","resources":${resources(offer.resources, offer.ports)}}`
  );
}

export function offerId({ clusterId }: World, { number }: Offer): string {
  return `${clusterId}-O${number}`;
}
