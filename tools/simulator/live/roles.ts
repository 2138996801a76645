/**
 * /roles of a simulated cluster: sums over subtrees, as Mesos adds up (src/master/master.cpp, RoleResourceBreakdown).
 */
import { doubles, double } from '../generate/json.ts';
import { add, amount, quantities, sum, type Amount } from './amount.ts';
import { offersBelow } from './offers.ts';
import { consumed, isListed, isRegistered, rolesInUse } from './truth.ts';
import type { World } from './world.ts';

/** `restricted`: for a principal that may see no role. */
export function rolesText(world: World, restricted = false): string {
  if (restricted || world.ready === undefined) {
    return '{"roles":[]}';
  }
  return `{"roles":[${rolesInUse(world)
    .map((role) => roleText(world, role))
    .join(',')}]}`;
}

function roleText(world: World, role: string): string {
  const quota = world.quota.get(role);
  const frameworks = world.frameworks.filter((framework) => isListed(framework) && framework.roles.includes(role));
  const ports = frameworks
    .flatMap(({ services }) => services)
    .filter((service) => isBelow(service.role, role))
    .flatMap(({ tasks }) => [...tasks].filter((task) => task.agent.listed.has(task)).flatMap((task) => task.ports));
  const offers = offersBelow(world, role);
  const offeredPorts = offers.reduce((n, offer) => n + offer.ports.length, 0);
  const given = world.subtree(role);
  const open = sum(offers.map(({ resources }) => resources));
  const allocated = doubles(quantities(given, ports.length));
  const offered = doubles(quantities(open, offeredPorts));
  const both = doubles(quantities(sum([given, open]), ports.length + offeredPorts));
  const limits = (of: Amount | undefined) => doubles(of === undefined ? {} : { cpus: of.cpus, mem: of.mem });
  return (
    `{"name":"${role}","weight":${double(quota?.weight ?? 1)},` +
    `"quota":{"role":"${role}","guarantee":${limits(quota?.guarantee)},"limit":${limits(quota?.limit)},` +
    `"consumed":${doubles(quantities(consumed(world, role), ports.length))}},` +
    `"resources":${both},"allocated":${allocated},"offered":${offered},` +
    `"reserved":${doubles(quantities(reserved(world, role)))},` +
    `"frameworks":${JSON.stringify(frameworks.map(({ id }) => id))}}`
  );
}

function reserved(world: World, role: string): Amount {
  const total = amount();
  for (const agent of world.agents.filter(isRegistered)) {
    agent.reserved.forEach((what, name) => isBelow(name, role) && add(total, what));
  }
  return total;
}

function isBelow(name: string, role: string): boolean {
  return name === role || name.startsWith(`${role}/`);
}
