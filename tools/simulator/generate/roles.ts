/**
 * The roles of a generated cluster, and /roles.
 */
import { tidy, type Amount, type Cluster, type Framework } from './cluster.ts';
import { doubles } from './json.ts';

export interface Role {
  name: string;
  weight: number;
  /** What the role and everything below it is allocated: Mesos adds up subtrees. */
  allocated: Amount;
  frameworks: Framework[];
}

/** All roles in use, by name. */
export function rolesOf(cluster: Cluster): Role[] {
  const roles = new Map<string, Role>();
  const role = (name: string): Role => {
    const known = roles.get(name) ?? { name, weight: 1, allocated: { cpus: 0, mem: 0, disk: 0 }, frameworks: [] };
    roles.set(name, known);
    return known;
  };
  for (const framework of cluster.frameworks) {
    framework.roles.forEach((name) => role(name).frameworks.push(framework));
    for (const { role: own, occupies, tasks } of framework.services) {
      for (const name of [own, ...above(own)]) {
        const { allocated } = role(name);
        allocated.cpus += occupies.cpus * tasks.length;
        allocated.mem += occupies.mem * tasks.length;
        allocated.disk += occupies.disk * tasks.length;
      }
    }
  }
  roles.forEach(({ allocated }) => (allocated.cpus = tidy(allocated.cpus)));
  return [...roles.values()].sort((a, b) => (a.name < b.name ? -1 : 1));
}

/** The roles a role is below of: a/b/c is below a/b and a. */
function above(name: string): string[] {
  const parts = name.split('/');
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join('/'));
}

/** /roles, as Mesos writes it: without resources of amount 0. */
export function rolesText(cluster: Cluster): string {
  const texts = rolesOf(cluster).map((role) => {
    const allocated = doubles(present(role.allocated));
    const ids = JSON.stringify(role.frameworks.map(({ id }) => id));
    return (
      `{"name":"${role.name}","weight":${role.weight}.0,` +
      `"quota":{"role":"${role.name}","guarantee":{},"limit":{},"consumed":${allocated}},` +
      `"resources":${allocated},"allocated":${allocated},"offered":{},"reserved":{},"frameworks":${ids}}`
    );
  });
  return `{"roles":[${texts.join(',')}]}`;
}

function present(amount: Amount): Record<string, number> {
  return Object.fromEntries(Object.entries(amount).filter(([, value]) => value > 0));
}
