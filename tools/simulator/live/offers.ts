/**
 * Offers that are outstanding: now and then a master offers a framework what is free on an agent, and the framework keeps the
 * offer for a moment before it declines. They are drawn from their own random numbers, so that
 * all other events of a cluster are the same as without offers.
 *
 * Launches do not wait for these: an agent on which something is launched loses its offer, taken or rescinded.
 */
import { Random } from '../generate/random.ts';
import { minus, sum, type Amount } from './amount.ts';
import type { Agent, Framework, Offer } from './model.ts';
import { lineage, PORTS } from './plan.ts';
import { endOffer } from './outstanding.ts';
import { operates } from './schedulers.ts';
import type { World } from './world.ts';

/** Seconds from one offer to a framework to the next. */
const EVERY = [15, 35] as const;

/** Seconds for which a framework keeps one. */
const KEPT = [0.5, 6] as const;

/** Less than one of these is not worth an offer (src/master/constants.hpp: MIN_CPUS, MIN_MEM). */
const LEAST = { cpus: 0.01, mem: 32 };

/** Agents that are looked at for an offer. */
const TRIES = 5;

/** Lets all frameworks get offers from now on. */
export function startOffers(world: World): void {
  const random = new Random(world.plan.seed * 41 + 7);
  const course: Course = { world, random, made: 0 };
  world.frameworks.forEach((framework) => next(course, framework, EVERY[1] * random.unit()));
}

/** What offers are drawn from. */
interface Course {
  world: World;
  random: Random;
  /** So many were made. */
  made: number;
}

function next(course: Course, framework: Framework, after: number): void {
  course.world.in(after, () => {
    // Drawn whether or not there is an offer, so that the course stays the same.
    const [kept, pause] = [KEPT, EVERY].map(([least, most]) => least + (most - least) * course.random.unit());
    const role = course.random.pick(framework.roles);
    const agents = Array.from({ length: TRIES }, () => course.random.pick(course.world.agents));
    if (operates(course.world, framework)) {
      offer(course, framework, role, agents, kept);
    }
    next(course, framework, pause);
  });
}

function offer(course: Course, framework: Framework, role: string, agents: Agent[], kept: number): void {
  const { world } = course;
  for (const agent of agents) {
    const resources = offerable(world, agent, role);
    if (agent.offer !== undefined || !world.offers(agent) || resources === undefined) {
      continue;
    }
    const made: Offer = { number: course.made++, framework, agent, role, resources, ports: freePorts(agent) };
    agent.offer = made;
    framework.offers.add(made);
    agent.version++;
    world.in(kept, () => {
      if (agent.offer === made) {
        endOffer(made);
        framework.counters.declined++;
        world.count('messages_decline_offers');
      }
    });
    return;
  }
}

/** What of an agent's available resources a role may have within its quota; undefined when that is nothing worth an offer. */
function offerable(world: World, agent: Agent, role: string): Amount | undefined {
  const available = world.available(agent);
  for (const name of lineage(role)) {
    const limit = world.quota.get(name)?.limit;
    if (limit !== undefined) {
      const headroom = minus(limit, sum([world.subtree(name), ...offersBelow(world, name).map((o) => o.resources)]));
      available.cpus = Math.max(0, Math.min(available.cpus, headroom.cpus));
      available.mem = Math.max(0, Math.min(available.mem, headroom.mem));
    }
  }
  return available.cpus >= LEAST.cpus || available.mem >= LEAST.mem ? available : undefined;
}

function freePorts({ ports }: Agent): number[] {
  const free: number[] = [];
  for (let port = PORTS.first; port <= PORTS.last; port++) {
    if (!ports.has(port)) {
      free.push(port);
    }
  }
  return free;
}

/** Offers to a role and those below it. */
export function offersBelow(world: World, role: string): Offer[] {
  return outstanding(world).filter((offer) => offer.role === role || offer.role.startsWith(`${role}/`));
}

export function outstanding(world: World): Offer[] {
  return world.frameworks.flatMap(({ offers }) => [...offers]);
}
