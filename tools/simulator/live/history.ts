/**
 * The truth of any earlier moment of a simulated cluster. Its events depend on plan and steps only, so a second cluster
 * repeats them up to that moment.
 */
import { containersOf, type AgentContainers } from './containers.ts';
import { startOffers } from './offers.ts';
import type { Plan } from './plan.ts';
import { startSchedulers } from './schedulers.ts';
import { carryOut, type Action, type Step } from './steps.ts';
import { truthOf, type Truth } from './truth.ts';
import { World } from './world.ts';

/** Returns a cluster with all its planned events. */
export function makeWorld(plan: Plan, steps: Step[]): World {
  const world = new World(plan);
  startSchedulers(world);
  startOffers(world);
  for (const { at, ...action } of steps) {
    world.in(at, () => carryOut(world, action as Action));
  }
  return world;
}

export class History {
  private readonly plan: Plan;
  private readonly steps: Step[];
  private readonly addresses: string[];
  /** What was done besides the scenario, in its order. */
  private readonly done: Array<{ at: number; action: Action }> = [];
  private again?: { world: World; next: number };

  /** `addresses`: of the masters, by number. */
  constructor(plan: Plan, steps: Step[], addresses: string[]) {
    this.plan = plan;
    this.steps = steps;
    this.addresses = addresses;
  }

  /** Records an action at a moment (Unix seconds). */
  note(at: number, action: Action): void {
    this.done.push({ at, action });
  }

  /** The truth at a moment, which must not be later than the served cluster's time. */
  truth(at: number): Truth {
    return truthOf(this.worldAt(at));
  }

  /** What an agent's containers were at such a moment. `agent`: its number, from 1. */
  containers(agent: number, at: number): AgentContainers {
    const world = this.worldAt(at);
    return containersOf(world, world.agents[agent - 1]);
  }

  private worldAt(at: number): World {
    if (this.again === undefined || this.again.world.now > at) {
      const world = makeWorld(this.plan, this.steps);
      world.masters.forEach((master, i) => (master.address = this.addresses[i]));
      this.again = { world, next: 0 };
    }
    const { again } = this;
    for (; again.next < this.done.length && this.done[again.next].at <= at; again.next++) {
      const { at: when, action } = this.done[again.next];
      again.world.advance(when);
      carryOut(again.world, action);
    }
    again.world.advance(at);
    return again.world;
  }
}
