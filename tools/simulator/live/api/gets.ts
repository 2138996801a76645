/**
 * The calls of the operator API that only read, by type, with what goes into the answer's own field: `get_roles` of GET_ROLES.
 * Undefined leaves the field out, as Mesos does when there is nothing in it.
 */
import { recordedDomain } from '../../generate/recorded.ts';
import { double } from '../../generate/json.ts';
import { sum } from '../amount.ts';
import type { Master } from '../model.ts';
import { offersBelow } from '../offers.ts';
import { quotaText, weightsOf } from '../pages/quota.ts';
import { VERSION } from '../pages/index.ts';
import { snapshotOf } from '../snapshot.ts';
import { flagsOf, HOSTNAME } from '../state.ts';
import { isListed, rolesInUse } from '../truth.ts';
import { full } from '../v0/full.ts';
import { micro } from '../v0/task.ts';
import { id, list } from '../v1/common.ts';
import type { World } from '../world.ts';
import { getAgents, getExecutors, getFrameworks, getState, getTasks, type Asked, type Pieces } from './state.ts';

type Get = (asked: Asked & { master: Master }) => Pieces | string | undefined;

export const GETS: Record<string, Get> = {
  GET_HEALTH: () => '{"healthy":true}',
  GET_VERSION: () => `{"version_info":${VERSION}}`,
  GET_FLAGS: ({ world, master }) => {
    const flags = Object.entries(flagsOf(world, master)).map(([name, value]) => ({ name, value }));
    return JSON.stringify({ flags });
  },
  GET_METRICS: ({ world, master }) => {
    const metrics = Object.entries(snapshotOf(world, master)).map(
      ([name, value]) => `{"name":${JSON.stringify(name)},"value":${double(value)}}`
    );
    return `{"metrics":[${metrics.join(',')}]}`;
  },
  GET_LOGGING_LEVEL: () => '{"level":0}',
  GET_MASTER: ({ master }) => masterText(master),
  GET_STATE: getState,
  GET_TASKS: getTasks,
  GET_EXECUTORS: getExecutors,
  GET_FRAMEWORKS: getFrameworks,
  GET_AGENTS: getAgents,
  GET_OPERATIONS: () => '{"operations":[]}',
  GET_ROLES: ({ world, restricted }) => {
    const roles = restricted ? [] : rolesInUse(world).map((role) => roleText(world, role));
    return roles.length === 0 ? '{}' : `{"roles":[${roles.join(',')}]}`;
  },
  GET_WEIGHTS: ({ world, restricted }) => {
    const weights = restricted ? [] : weightsOf(world);
    const infos = weights.map(([role, weight]) => `{"weight":${double(weight)},"role":"${role}"}`);
    return infos.length === 0 ? undefined : `{"weight_infos":[${infos.join(',')}]}`;
  },
  GET_QUOTA: ({ world }) => `{"status":${quotaText(world)}}`,
  // No maintenance is ever planned here.
  GET_MAINTENANCE_SCHEDULE: () => '{"schedule":{}}',
  GET_MAINTENANCE_STATUS: () => '{"status":{}}',
};

/** Calls with a field of their own that has to be there, even if empty. */
export const WITH_FIELD = new Set(['GET_METRICS']);

/** What ACLs forbid a restricted principal; the rest they only filter. */
export const FORBIDDEN_GETS = new Set(['GET_FLAGS']);

function masterText(master: Master): string {
  const [ip, port] = master.address.split(':');
  const info = {
    id: master.id,
    // Four bytes in the network's order, read as one number of a little-endian machine.
    ip: Buffer.from(ip.split('.').map(Number)).readUInt32LE(),
    port: Number(port),
    pid: `master@${master.address}`,
    hostname: HOSTNAME,
    version: '1.12.0',
    address: { hostname: HOSTNAME, ip, port: Number(port) },
    domain: recordedDomain(),
    capabilities: ['AGENT_UPDATE', 'AGENT_DRAINING', 'QUOTA_V2'].map((type) => ({ type })),
  };
  return (
    `{"master_info":${JSON.stringify(info)},"start_time":${double(micro(master.started))},` +
    `"elected_time":${double(micro(master.elected))}}`
  );
}

/** What is allocated and offered in a role and below it. */
function roleText(world: World, role: string): string {
  const frameworks = world.frameworks.filter((framework) => isListed(framework) && framework.roles.includes(role));
  const offers = offersBelow(world, role);
  const { revocable, ...given } = sum([world.subtree(role), ...offers.map(({ resources }) => resources)]);
  // As quantities: revocable CPUs are CPUs.
  const resources = full({ ...given, cpus: given.cpus + revocable, revocable: 0 }, {});
  return (
    `{"name":"${role}","weight":${double(world.quota.get(role)?.weight ?? 1)}` +
    `${list(
      'frameworks',
      frameworks.map((framework) => id(framework.id))
    )}${list('resources', resources)}}`
  );
}
