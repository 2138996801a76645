/**
 * The workload that a version of Mesos can run: one role for each framework and no roles below others, no GPUs, no revocable
 * CPUs, where it does not know them.
 */
import type { Agent } from '../model.ts';
import type { Amount } from '../amount.ts';
import { FRAMEWORKS, ROLES, type FrameworkKind, type RoleKind, type ServiceKind } from '../workload.ts';
import { shapeOf, type Shape, type Version } from './shapes.ts';

export function frameworksFor(version: Version | undefined): FrameworkKind[] {
  const shape = shapeOf(version);
  return shape === undefined ? FRAMEWORKS : FRAMEWORKS.map((kind) => fitted(kind, shape));
}

function fitted(kind: FrameworkKind, shape: Shape): FrameworkKind {
  const [role] = kind.services[0].role.split('/');
  const services = kind.services.map((service) => ({
    ...service,
    ...(shape.roles === 'one' && { role }),
    each: resourcesFor(service, shape),
  }));
  return { ...kind, services, capabilities: kind.capabilities.filter((name) => shape.capabilities.includes(name)) };
}

function resourcesFor({ each }: ServiceKind, shape: Shape): Partial<Amount> {
  const { gpus = 0, revocable = 0, cpus = 0, ...rest } = each;
  return shape.revocable
    ? { ...rest, cpus, revocable, gpus: knowsGpus(shape) ? gpus : 0 }
    : { ...rest, cpus: cpus + revocable, gpus: knowsGpus(shape) ? gpus : 0 };
}

/** What an agent has, without what the version does not know. */
export function fitAgents(agents: Agent[], version: Version | undefined): Agent[] {
  const shape = shapeOf(version);
  if (shape !== undefined) {
    for (const { total } of agents) {
      total.gpus = knowsGpus(shape) ? total.gpus : 0;
      total.revocable = shape.revocable ? total.revocable : 0;
    }
  }
  return agents;
}

function knowsGpus({ scalars }: Shape): boolean {
  return scalars.includes('gpus');
}

/** Roles with what can be set for them. Before 1.9 quota is one figure, the guarantee. */
export function rolesFor(version: Version | undefined): RoleKind[] {
  const shape = shapeOf(version);
  if (shape === undefined) {
    return ROLES;
  }
  return ROLES.map(({ name, weight, guarantee }) => ({
    ...{ name, weight },
    ...(shape.quota === 'guarantee' && { guarantee }),
  })).filter(
    // Others are those of frameworks.
    ({ name, weight, guarantee }) =>
      (weight !== 1 || guarantee !== undefined) && (shape.roles === 'several' || !name.includes('/'))
  );
}
