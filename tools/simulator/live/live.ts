/**
 * A simulated cluster on real loopback ports. The library behind `--scenario`; tests use it directly, like a replay.
 *
 *   const live = await startLive({ scenario: scenarioOf('agent-dies'), speed: 10 });
 *   await fetch(`${live.masters[0]}/state`);
 *   live.truth();                                // what is true now
 *   await live.do({ do: 'agent dies', agent: 2 });
 *   await live.stop();
 */
import { Journal } from '../journal.ts';
import { checkFault, type Fault } from '../faults.ts';
import type { Replay } from '../replay.ts';
import type { Answer } from '../answer.ts';
import { HostServer, type Say } from '../server.ts';
import type { Scenario } from '../scenarios/scenario.ts';
import { Answers, REFUSED } from './answers.ts';
import type { AgentContainers } from './containers.ts';
import { frontOf, reachedFrom } from './front.ts';
import { History, makeWorld } from './history.ts';
import { Limiter } from './limit.ts';
import type { Agent, Master } from './model.ts';
import { DEFAULTS, type Plan } from './plan.ts';
import { carryOut, type Action } from './steps.ts';
import { truthOf, type Truth } from './truth.ts';
import type { Leadership, TaskEnd, TaskStart, WorldEvent } from './world.ts';

export interface LiveOptions {
  /** The scenario; without one, only the regular load. */
  scenario?: Scenario;
  /** What differs from the scenario's plan. `start` is now, when neither says it. */
  plan?: Partial<Plan>;
  /** Port of the first master; the others, the agents and the router follow. 0 (the default): any free ports. */
  port?: number;
  /** Seconds of the cluster per second. 0: its time moves by `setNow` only. Default 1. */
  speed?: number;
  /** Milliseconds since the epoch. With an own clock no timer runs: call tick() after moving it. */
  clock?: () => number;
  /** How many agents have a port of their own; the others answer through the router only. Default 500. */
  agentPorts?: number;
  /** File to append every request to, as lines of JSON. */
  record?: string;
}

/** How a cluster is reached. */
export interface Entry {
  masters: string[];
  agentAddress: string;
  /** The value of the header Authorization that masters and agents want. */
  token?: string;
}

/** A running simulated cluster. */
export interface Live extends Replay {
  plan: Plan;
  /** A router in front of all agents, as DC/OS has one: `<router>/agent/<agent id>/monitor/statistics`. */
  router: string;
  /** What a data source names: the masters, or what is in front of them. */
  entry: Entry;
  /** The cluster's own time, Unix seconds. */
  now(): number;
  /**
   * The cluster's time as it was at a moment of the clock, milliseconds: what happened until the first had been told on event
   * streams, and what happened until the second may have been, as it was being told. Its time moves with each request and five
   * times a second, or later on a busy machine. Throws when the moment is older than the moves that are remembered.
   */
  nowAt(clock: number): [told: number, telling: number];
  /** Lets time pass until then, Unix seconds. Never back. */
  setNow(at: number): Promise<void>;
  /** Sets the seconds of the cluster per second of the clock; 0: its time does not move. */
  setSpeed(speed: number): void;
  /** What is true now, or was at a moment. */
  truth(at?: number): Truth;
  /** What was in the containers of an agent (its number, from 1) at a moment, and what the leader listed of them. */
  containers(agent: number, at: number): AgentContainers;
  /** Who led when, oldest first. */
  leaderships(): Leadership[];
  /** The same as far as it can be seen from where `entry` is: what is in front of the masters follows them late. */
  reachable(): Leadership[];
  /** What happened so far, oldest first. */
  events(): WorldEvent[];
  /** Which tasks ended so far, as the leading masters heard of them. */
  ends(): TaskEnd[];
  /** Which tasks began to run so far, as the leading masters heard of them. */
  starts(): TaskStart[];
  /** How many bytes were sent to the newest subscriber of the leader's events; undefined: there is none. */
  streamed(): number | undefined;
  /** Performs an action on the cluster now. Throws when it names something that does not exist. */
  do(action: Action): Promise<void>;
}

/** Milliseconds between two checks of which hosts are up. */
const TICK = 200;

const AGENT_PORTS = 500;

/** How many of the latest moves of the cluster's time are remembered. */
const MOVES = 20_000;

/** Creates a cluster and serves it. Throws when a port is in use. */
export async function startLive(options: LiveOptions = {}): Promise<Live> {
  const { scenario } = options;
  const clock = options.clock ?? Date.now;
  const begun = clock();
  const plan: Plan = { ...DEFAULTS, start: Math.floor(begun / 1000), ...scenario?.plan, ...options.plan };
  const steps = scenario?.steps ?? [];
  const world = makeWorld(plan, steps);
  const answers = new Answers(world, (action) => void perform(action));
  const journal = new Journal(options.record);
  const limiters = new Map<string, Limiter>();
  /** How time passes, and since when: Unix seconds of the cluster, milliseconds of the clock. */
  let pace = { speed: options.speed ?? 1, since: { at: plan.start, clock: begun } };
  const moment = () => Math.max(world.now, pace.since.at + ((clock() - pace.since.clock) / 1000) * pace.speed);
  /** When the cluster's time moved: from and to in milliseconds of the clock, Unix seconds of the cluster. */
  const moves: Array<{ begun: number; ended: number; at: number }> = [];
  let forgotten = false;
  const advance = (to = moment()) => {
    const [before, begun] = [world.now, clock()];
    world.advance(to);
    if (world.now !== before && moves.push({ begun, ended: clock(), at: world.now }) > 2 * MOVES) {
      moves.splice(0, MOVES);
      forgotten = true;
    }
  };

  /** The limit applies in real time only, so that a test with its own clock does not wait. */
  const inRealTime = () => options.clock === undefined && pace.speed !== 0;
  const waitForLimit = async (name: string, url: string) => {
    if (inRealTime() && /^\/+metrics\/+snapshot\/?(\?|$)/.test(url)) {
      const limiter = limiters.get(name) ?? new Limiter();
      limiters.set(name, limiter);
      await limiter.wait(name.startsWith('master') ? world.crowd : 0);
    }
  };
  type Answering = (asked: Parameters<Say>[0]) => ReturnType<Say>;
  /** Answers as a host: each request first moves the cluster to the time of its arrival. */
  const timed =
    (name: string, answer: Answering): Answering =>
    async (asked) => {
      await waitForLimit(name, asked.url);
      advance();
      const said = await answer(asked);
      return said === REFUSED ? said : dated(said, world.now);
    };
  const host = (name: string, answer: Answering) => new HostServer(name, timed(name, answer), journal);
  const masterName = (master: Master) => `master${master.number + 1}`;
  const agentName = (agent: Agent) => `agent${agent.number + 1}`;
  /** What only the host in front of the masters may ask refuses all others. */
  const direct = (answer: Answering): Answering => (plan.front === undefined ? answer : () => REFUSED);
  const directAgent = (answer: Answering): Answering => (plan.front?.kind === 'dcos' ? () => REFUSED : answer);

  const masters = world.masters.map((master) => ({
    up: () => master.process === 'up',
    server: host(
      masterName(master),
      direct((asked) => answers.ofMaster(master, asked))
    ),
    moved: (address: string) => (master.address = address),
    dies: { do: 'master dies', master: master.number + 1 } satisfies Action as Action,
    returns: { do: 'master starts', master: master.number + 1 } satisfies Action as Action,
  }));
  const agents = world.agents.slice(0, options.agentPorts ?? AGENT_PORTS).map((agent) => ({
    up: () => agent.process !== 'down',
    server: host(
      agentName(agent),
      directAgent((asked) => answers.ofAgent(agent, asked))
    ),
    moved: (address: string) => (agent.address = address),
    dies: { do: 'agent dies', agent: agent.number + 1 } satisfies Action as Action,
    returns: { do: 'agent returns', agent: agent.number + 1 } satisfies Action as Action,
  }));
  const byId = new Map(world.agents.map((agent) => [agent.id, agent]));
  const router = host(
    'router',
    directAgent((asked) => routed(answers, byId, asked))
  );
  const behind = async (name: string, answer: Answering, asked: Parameters<Say>[0]) => {
    const said = await timed(name, answer)(asked);
    return said === REFUSED ? said : { ...said, behind: { host: name, path: asked.url } };
  };
  const front =
    plan.front &&
    new HostServer(
      'front',
      frontOf(plan.front, world, {
        now: () => {
          advance();
          return world.now;
        },
        master: (master, asked) => behind(masterName(master), (to) => answers.ofMaster(master, to), asked),
        agent: (agent, asked) => behind(agentName(agent), (to) => answers.ofAgent(agent, to), asked),
      }),
      journal
    );
  const hosts = [...masters, ...agents];

  /** Serialized, so that two changes in a row end in the later one. */
  let settling = Promise.resolve();
  let disturbed = '';
  let calm: Array<() => void> = [];
  const settle = () =>
    (settling = settling.then(async () => {
      advance();
      const now = JSON.stringify([...world.disturbances]);
      if (now !== disturbed) {
        disturbed = now;
        calm.forEach((undo) => undo());
        calm = [...world.disturbances.values()].flatMap(({ on, fault }) =>
          (on === 'masters' ? masters : agents).map(({ server }) => server.addFault(fault))
        );
      }
      const changed = hosts.filter(({ up, server }) => up() !== server.up);
      await Promise.all(changed.map(({ up, server }) => (up() ? server.bringUp() : server.takeDown())));
    }));

  const others = front === undefined ? [router] : [router, front];
  const stopServers = () => Promise.all([...hosts.map(({ server }) => server), ...others].map((s) => s.takeDown()));
  try {
    const port = options.port ?? 0;
    const place = (n: number) => (port === 0 ? 0 : port + n);
    // All of them, so that none starts to listen after a failure.
    const started = await Promise.allSettled([
      ...hosts.map(async ({ server, moved }, n) => {
        await server.start(place(n));
        moved(`127.0.0.1:${server.port}`);
      }),
      ...others.map((server, n) => server.start(place(hosts.length + n))),
    ]);
    const failed = started.find((result) => result.status === 'rejected');
    if (failed !== undefined) {
      throw failed.reason;
    }
    world.agents
      .filter(({ address }) => address === '')
      .forEach((agent) => (agent.address = `127.0.0.1:${router.port}`));
  } catch (error) {
    await stopServers();
    await journal.close();
    throw error;
  }
  const addresses = world.masters.map(({ address }) => address);
  // One for each kind of question: when both are asked alternately, neither has to repeat its events.
  const histories = { truth: new History(plan, steps, addresses), containers: new History(plan, steps, addresses) };
  const ticking = () => (inRealTime() ? setInterval(() => void settle(), TICK) : undefined);
  let timer = ticking();

  const urlOf = ({ server }: { server: HostServer }) => `http://localhost:${server.port}`;
  const entryOf = (): Entry => {
    const agentAddress = 'http://{ip}:{port}';
    if (front === undefined) {
      return { masters: masters.map(urlOf), agentAddress };
    }
    const url = urlOf({ server: front });
    return plan.front?.kind === 'dcos'
      ? { masters: [`${url}/mesos`], agentAddress: `${url}/agent/{id}`, token: `token=${plan.front.token}` }
      : { masters: [url], agentAddress };
  };
  const find = (name: string) => {
    const found = hosts.find((h) => h.server.host === name || String(h.server.port) === name || urlOf(h) === name);
    if (found === undefined) {
      throw new Error(`no host "${name}"; there are: ${hosts.map(({ server }) => server.host).join(', ')}`);
    }
    return found;
  };
  const perform = async (action: Action) => {
    advance();
    carryOut(world, action);
    Object.values(histories).forEach((history) => history.note(world.now, action));
    await settle();
  };

  return {
    scene: scenario?.name ?? 'everyday',
    plan,
    masters: masters.map(urlOf),
    agents: agents.map(urlOf),
    router: urlOf({ server: router }),
    entry: entryOf(),
    hosts: Object.fromEntries(
      [...hosts.map(({ server }) => server), ...others].map((s) => [s.host, urlOf({ server: s })])
    ),
    stages: [],
    requests: () => journal.all(),
    clearRequests: () => journal.clear(),
    stage: () => '',
    setStage: (name) => Promise.reject(new Error(`a simulated cluster has no stage "${name}": see its scenarios`)),
    kill: (name) => perform(find(name).dies),
    revive: (name) => perform(find(name).returns),
    fault(name, fault: Fault | null) {
      const { server } = find(name);
      if (fault === null) {
        server.clearFaults();
        disturbed = '';
      } else {
        server.addFault(checkFault(fault));
      }
    },
    position() {
      advance();
      const last = world.events.at(-1);
      return {
        loop: 0,
        elapsed: world.now - plan.start,
        event: last && { t: Math.round(last.at - plan.start), text: last.text },
      };
    },
    tick: settle,
    now() {
      advance();
      return world.now;
    },
    nowAt(at) {
      const told = moves.findLast(({ ended }) => ended <= at);
      if (told === undefined && forgotten) {
        const [asked, oldest] = [at, moves[0].ended].map((moment) => new Date(moment).toISOString());
        throw new Error(`the cluster's time at ${asked} is forgotten: it is remembered since ${oldest}`);
      }
      return [told?.at ?? plan.start, moves.findLast(({ begun }) => begun <= at)?.at ?? plan.start];
    },
    setNow(at) {
      advance(at);
      return settle();
    },
    setSpeed(speed) {
      advance();
      pace = { speed, since: { at: world.now, clock: clock() } };
      clearInterval(timer);
      timer = ticking();
    },
    truth(at) {
      advance();
      return at === undefined || at >= world.now ? truthOf(world) : histories.truth.truth(at);
    },
    containers(agent, at) {
      advance();
      return histories.containers.containers(agent, Math.min(at, world.now));
    },
    leaderships: () => world.leaderships.map((leadership) => ({ ...leadership })),
    reachable: () =>
      world.leaderships.map((leadership) => {
        const from = reachedFrom(plan.front, leadership.from);
        return { ...leadership, from, ready: leadership.ready && Math.max(from, leadership.ready) };
      }),
    events: () => [...world.events],
    ends: () => [...world.ends],
    starts: () => [...world.starts],
    streamed: () => [...world.subscribers].at(-1)?.sent,
    do: perform,
    async stop() {
      clearInterval(timer);
      limiters.forEach((limiter) => limiter.stop());
      await settling;
      await stopServers();
      await journal.close();
    },
  };
}

/** An answer by the cluster's clock, which also Date shows: clients hold elected_time against that. */
function dated(answer: Answer, at: number): Answer {
  return { ...answer, at, headers: [...answer.headers, ['Date', new Date(at * 1000).toUTCString()]] };
}

/** `/agent/<id>/<page>` of any agent; one that is down makes a bad gateway. */
function routed(answers: Answers, agents: Map<string, Agent>, asked: Parameters<Say>[0]): Awaited<ReturnType<Say>> {
  const [, id, page] = /^\/agent\/([^/]+)(\/.*)$/.exec(asked.url) ?? [];
  const agent = agents.get(id ?? '');
  const answer = agent && answers.ofAgent(agent, { ...asked, url: page });
  if (answer === undefined || answer === REFUSED) {
    const status = answer === undefined ? 404 : 502;
    return {
      status,
      headers: [['Content-Type', 'text/html']],
      body: Buffer.from(status === 404 ? 'Not Found' : 'Bad Gateway'),
    };
  }
  return answer;
}
