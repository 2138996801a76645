/**
 * /roles of a simulated cluster: sums over subtrees, as Mesos adds up (src/master/master.cpp, RoleResourceBreakdown).
 */
import { doubles, double } from '../generate/json.ts';
import { add, amount, quantities, type Amount } from './amount.ts';
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
  const allocated = doubles(quantities(world.subtree(role), ports.length));
  const limits = (of: Amount | undefined) => doubles(of === undefined ? {} : { cpus: of.cpus, mem: of.mem });
  return (
    `{"name":"${role}","weight":${double(quota?.weight ?? 1)},` +
    `"quota":{"role":"${role}","guarantee":${limits(quota?.guarantee)},"limit":${limits(quota?.limit)},` +
    `"consumed":${doubles(quantities(consumed(world, role), ports.length))}},` +
    `"resources":${allocated},"allocated":${allocated},"offered":{},` +
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
