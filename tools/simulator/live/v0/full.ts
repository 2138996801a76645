/**
 * Resources as lists of what Mesos calls `Resource`: in the `..._full` fields of GET pages, and everywhere in the operator
 * API (include/mesos/mesos.proto).
 */
import { double } from '../../generate/json.ts';
import { add, amount, rangesOf, type Amount } from '../amount.ts';
import type { Agent, Executor, Offer, Task } from '../model.ts';
import { PORTS } from '../plan.ts';

/** What a resource says of itself besides name and amount. */
export interface Marks {
  /** Absent where Mesos writes the newer format, which has reservations only: in tasks and infos. */
  role?: string;
  /** The role it is allocated or offered to. */
  allocated?: string;
  /** The role it is reserved for. */
  reserved?: string;
}

const SCALARS = ['cpus', 'mem', 'disk', 'gpus'] as const;

/** What there is of an amount; of nothing, nothing. */
export function full(what: Amount, marks: Marks, ports: Array<[first: number, last: number]> = []): string[] {
  const tail = marksText(marks);
  const scalar = (name: string, value: number, more = '') =>
    `{"name":"${name}","type":"SCALAR","scalar":{"value":${double(value)}}${tail}${more}}`;
  const range = ports.map(([begin, end]) => `{"begin":${begin},"end":${end}}`).join(',');
  return [
    ...SCALARS.filter((kind) => what[kind] > 0).map((kind) => scalar(kind, what[kind])),
    ...(range === '' ? [] : [`{"name":"ports","type":"RANGES","ranges":{"range":[${range}]}${tail}}`]),
    ...(what.revocable > 0 ? [scalar('cpus', what.revocable, ',"revocable":{}')] : []),
  ];
}

function marksText({ role, allocated, reserved }: Marks): string {
  return (
    (role === undefined ? '' : `,"role":"${role}"`) +
    (allocated === undefined ? '' : `,"allocation_info":{"role":"${allocated}"}`) +
    (reserved === undefined ? '' : `,"reservations":[{"type":"STATIC","role":"${reserved}"}]`)
  );
}

/** The ports an agent has. */
export const ALL_PORTS: Array<[first: number, last: number]> = [[PORTS.first, PORTS.last]];

export function reservedFull({ reserved }: Agent): string {
  const roles = [...reserved].map(([role, what]) => `"${role}":[${full(what, { role, reserved: role }).join(',')}]`);
  return `{${roles.join(',')}}`;
}

/** What is allocated to a role, out of reservations and not. */
interface Allocation {
  reserved: Amount;
  rest: Amount;
  ports: number[];
}

/** What tasks and executors are allocated, by role. */
function allocations(tasks: Iterable<Task>, executors: Iterable<Executor>): Map<string, Allocation> {
  const byRole = new Map<string, Allocation>();
  const of = (role: string) => {
    const found = byRole.get(role) ?? { reserved: amount(), rest: amount(), ports: [] };
    byRole.set(role, found);
    return found;
  };
  for (const { service, resources, ports } of tasks) {
    const own = of(service.role);
    add(service.kind.bound ? own.reserved : own.rest, resources);
    own.ports.push(...ports);
  }
  for (const { role, container, resources } of executors) {
    const own = of(role);
    add(container.kind.bound ? own.reserved : own.rest, resources);
  }
  return byRole;
}

/** What tasks and executors are allocated, as a list. */
export function allocatedFull(tasks: Iterable<Task>, executors: Iterable<Executor>): string[] {
  return [...allocations(tasks, executors)].flatMap(([role, { reserved, rest, ports }]) => [
    ...full(reserved, { role, allocated: role, reserved: role }),
    ...full(rest, { role: '*', allocated: role }, rangesOf(ports)),
  ]);
}

/** What is offered, as a list. */
export function offeredFull(offers: Iterable<Offer>): string[] {
  return [...offers].flatMap(({ resources, role, ports }) =>
    full(resources, { role: '*', allocated: role }, rangesOf(ports))
  );
}
