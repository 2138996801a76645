/**
 * Schedulers of frameworks: each service checks now and then whether it has as many tasks as it should, and starts or ends
 * some. Services are deployed again, cron jobs start at their time.
 */
import type { Framework, Service } from './model.ts';
import type { Plan } from './plan.ts';
import type { World } from './world.ts';

/** Seconds between two checks of a service whose number of tasks changes with time, or that lacks tasks. */
const LOOKS = 20;

/** Seconds between two tasks that are replaced while a service is deployed. */
const ROLLING = 8;

/** Most launches in one look. */
const BURST = 200;

/** Starts all schedulers: everything runs already, at different ages. */
export function startSchedulers(world: World): void {
  world.wakeScheduler = (service) => wake(world, service);
  for (const { services } of world.frameworks) {
    for (const service of services) {
      populate(world, service);
      if (service.kind.runs === 'cron') {
        planRun(world, service);
      } else {
        wake(world, service, LOOKS * world.random.unit());
      }
      if (service.kind.runs === 'service' && world.plan.deploys > 0) {
        const every = 3600 / world.plan.deploys;
        world.in(every * world.random.unit(), () => deploy(world, service, every));
      }
    }
  }
}

/** Lets a service look at its tasks soon. */
export function wake(world: World, service: Service, after = world.between(1, 4)): void {
  if (!service.watched) {
    service.watched = true;
    world.in(after, () => {
      service.watched = false;
      look(world, service);
    });
  }
}

/** How many tasks a service wants at a moment. */
export function wanted(service: Service, at: number, { dayShift = 0 }: Pick<Plan, 'dayShift'> = {}): number {
  if (service.demanded !== undefined) {
    return service.demanded;
  }
  const { rhythm = 0, busiest = 12 } = service.kind;
  const day = ((at + dayShift) / 86_400) % 1;
  const quiet = (1 - Math.cos(2 * Math.PI * (day - busiest / 24))) / 2;
  const floor = Math.floor(service.instances * (1 - rhythm * quiet) + service.character * 0.999);
  return Math.max(1, Math.min(service.instances, floor));
}

/** Whether a scheduler gets offers and can answer them. */
export function operates(world: World, framework: Framework): boolean {
  const { process, registration, starved = false } = framework;
  return world.ready !== undefined && process === 'up' && registration === 'subscribed' && !starved;
}

function populate(world: World, service: Service): void {
  const { kind } = service;
  const oldest = kind.lasts?.[1] ?? 5 * 86_400;
  const now = kind.runs === 'cron' ? 0 : wanted(service, world.now, world.plan);
  for (let i = 0; i < now; i++) {
    world.launch(service, 1 + oldest * world.random.unit());
  }
}

function look(world: World, service: Service): void {
  const { framework, kind } = service;
  if (!operates(world, framework)) {
    return; // Subscribing schedules the next check.
  }
  const live = [...service.tasks].filter(({ state }) => state !== 'KILLING');
  let missing = (kind.runs === 'cron' ? 0 : wanted(service, world.now, world.plan)) - live.length;
  for (let launches = 0; missing > 0 && launches < BURST && world.launch(service); launches++) {
    missing--;
  }
  if (missing < 0 && kind.runs === 'service') {
    live.slice(0, -missing).forEach((task) => world.kill(task));
  }
  if (missing > 0) {
    framework.counters.declined++;
    world.count('messages_decline_offers');
  }
  if (missing > 0 || kind.runs === 'batch' || (kind.rhythm ?? 0) > 0) {
    wake(world, service, LOOKS);
  }
}

/** A cron job starts all its tasks at once, when its minute comes. */
function planRun(world: World, service: Service): void {
  const { period = 600 } = service.kind;
  const offset = period * service.character;
  const next = Math.ceil((world.now + 1 - offset) / period) * period + offset;
  world.at(next, () => {
    if (operates(world, service.framework)) {
      for (let i = service.tasks.size; i < (service.demanded ?? service.instances); i++) {
        world.launch(service);
      }
    }
    planRun(world, service);
  });
}

/** All tasks of a service are replaced, one after another. */
function deploy(world: World, service: Service, every: number): void {
  [...service.tasks].forEach((task, i) =>
    world.in(i * ROLLING, () => {
      if (operates(world, service.framework)) {
        world.kill(task);
      }
    })
  );
  world.in(every, () => deploy(world, service, every));
}
