// Plays scenes of the simulator before all tools at once, in real time, and asks each tool the same questions at the same moments.
import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';

import type { Fault } from '../../simulator/faults.ts';
import { type Live, startLive } from '../../simulator/live/live.ts';
import type { Plan } from '../../simulator/live/plan.ts';
import type { Action } from '../../simulator/live/steps.ts';
import { numbersOf, type Plugin, withPlugin } from '../executable.ts';
import {
  ANSWERING,
  CALM,
  CHANGED,
  type Check,
  DEAD,
  type Facts,
  FAILING,
  judged,
  lately,
  type Result,
  type Said,
  truthText,
} from './checks.ts';
import type { Peers } from './find.ts';
import type { Tool } from './rows.ts';
import { type Infinity, type Prometheus, startExporter, startPrometheus, withInfinity } from './servers.ts';

/** Seconds between two polls of the plugin and two scrapes: the least the plugin allows. */
const INTERVAL = 10;

/** Seconds until each tool has polled once. */
const FIRST = 12;

/** What happens at a moment, in seconds after the tools have begun, and what is asked then. */
type Step = { at: number } & ({ does: (facts: Facts) => Action } | { asks: Check[] });

interface Scene {
  plan: Partial<Plan>;
  steps: Step[];
}

const crash = (): Action => ({ do: 'service crashes', framework: 'marathon', service: 'search' });

/** A cluster whose silent agents and lost leaders are noticed within seconds. */
const HASTY = { pingTimeout: 15, sessionTimeout: 5, reregistration: 5 };

const NOT_AVAILABLE: Fault = { kind: 'answer', status: 503, body: 'No leader elected' };

/** The number of an agent, by its host name. */
const numberOf = (agent: string) => Number(/\d+/.exec(agent)?.[0]);

const SCENES: Scene[] = [
  {
    plan: { ...HASTY, cluster: 'dies' },
    steps: [
      { at: 15, asks: CALM },
      { at: 16, does: ({ agent }) => ({ do: 'agent dies', agent: numberOf(agent.name) }) },
      { at: 60, asks: DEAD },
    ],
  },
  {
    plan: { ...HASTY, cluster: 'fails' },
    steps: [
      { at: 0, does: crash },
      { at: 40, does: () => ({ do: 'disturb', on: 'masters', fault: NOT_AVAILABLE }) },
      { at: 60, asks: FAILING },
      { at: 61, does: () => ({ do: 'disturb', on: 'masters', fault: null }) },
      { at: 95, asks: ANSWERING },
    ],
  },
  {
    plan: { ...HASTY, cluster: 'changes', masters: 3 },
    steps: [
      { at: 0, does: crash },
      { at: 30, does: () => ({ do: 'leader dies' }) },
      { at: 80, asks: CHANGED },
    ],
  },
];

/** Plays all scenes side by side, each with a cluster and tools of its own. Takes a minute and a half. */
export async function playScenes(peers: Peers): Promise<Result[]> {
  return (await Promise.all(SCENES.map((scene) => play(scene, peers)))).flat();
}

/** What answers a check with what it shows now. */
type Ask = (check: Check, facts: Facts, at: number) => Promise<Said | { cannot: string }>;

async function play({ plan, steps }: Scene, peers: Peers): Promise<Result[]> {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'mesos-bench-'));
  const live = await startLive({ plan });
  const results: Result[] = [];
  try {
    const facts = factsOf(live);
    await withTools(peers, live, facts, folder, async (tools) => {
      await sleep(1000 * FIRST);
      facts.begun = live.now();
      for (const step of steps) {
        await sleep(Math.max(0, 1000 * (facts.begun + step.at - live.now())));
        if ('does' in step) {
          await live.do(step.does(facts));
        } else {
          results.push(...(await Promise.all(step.asks.map((check) => resultOf(check, facts, tools)))));
        }
      }
    });
    return results;
  } finally {
    await live.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

function factsOf(live: Live): Facts {
  const { agents, frameworks, roles } = live.truth();
  const most = <Thing>(things: Thing[], of: (thing: Thing) => number) =>
    things.reduce((best, thing) => (of(thing) > of(best) ? thing : best));
  const gpus = most(agents, ({ allocated }) => allocated.gpus);
  // Not the one with GPUs: it dies.
  const agent = most(
    agents.filter((one) => one !== gpus),
    ({ allocated }) => allocated.memoryBytes
  );
  const without = roles.filter(
    ({ role, quotaLimit, quotaGuarantee }) =>
      !quotaLimit && !quotaGuarantee && !roles.some((other) => other.role.startsWith(`${role}/`))
  );
  return {
    live,
    begun: live.now(),
    agent: { name: agent.agent, port: new URL(live.agents[numberOf(agent.agent) - 1]).port },
    gpus: { name: gpus.agent, url: live.agents[numberOf(gpus.agent) - 1] },
    framework: most(frameworks, ({ allocated }) => allocated.cpus).framework,
    role: most(without, ({ allocated }) => allocated.memoryBytes).role,
  };
}

/** Starts the tools that there are, and ends them when `use` has ended. */
async function withTools(
  { prometheus, exporter, infinity }: Peers,
  live: Live,
  facts: Facts,
  folder: string,
  use: (tools: Partial<Record<Tool, Ask>>) => Promise<void>
): Promise<void> {
  const tools: Partial<Record<Tool, Ask>> = {};
  const log = () => {}; // polls fail in scenes
  const withOurs = (then: () => Promise<void>) => {
    const measure = async (plugin: Plugin) => {
      tools.ours = askPlugin(plugin);
      await plugin.instant('mesos_up'); // begins to poll
      await then();
    };
    const { agentAddress } = live.entry;
    const settings = { pollInterval: `${INTERVAL}s`, agentStatistics: true, agentAddress };
    return withPlugin(live.masters, settings, measure, { log });
  };
  const withExporter = async (then: () => Promise<void>) => {
    if (!prometheus || !exporter) {
      return then();
    }
    const exporters = await Promise.all([
      ...live.masters.map((master) => startExporter(exporter.file, { master }, folder)),
      startExporter(exporter.file, { slave: facts.gpus.url }, folder),
    ]);
    const server = await startPrometheus(prometheus.file, folder, {
      targets: exporters.map(({ url }) => url),
      interval: INTERVAL,
    });
    tools.exporter = askPrometheus(server);
    try {
      await then();
    } finally {
      await Promise.all([server, ...exporters].map((one) => one.stop()));
    }
  };
  const withOther = async (then: () => Promise<void>) => {
    if (!infinity) {
      return then();
    }
    // It has one address: that of the master that leads at first.
    const leader = live.masters.find((url) => new URL(url).port === live.truth().leader?.split(':')[1]);
    const measure = async (backend: Infinity) => {
      tools.infinity = askInfinity(backend);
      await then();
    };
    await withInfinity(infinity.file, leader ?? live.masters[0], measure, [facts.gpus.url]);
  };
  await withOurs(() => withExporter(() => withOther(() => use(tools))));
}

async function resultOf(check: Check, facts: Facts, tools: Partial<Record<Tool, Ask>>): Promise<Result> {
  const at = facts.live.now();
  const asked = Object.entries(tools).map(async ([tool, ask]) => [tool as Tool, await ask(check, facts, at)] as const);
  const answers = await Promise.all(asked);
  const expected = check.expected(facts, at);
  const values = 'is' in expected ? lately(facts, facts.live.now(), expected.is) : [];
  const said: Result['said'] = {};
  for (const [tool, answer] of answers) {
    said[tool] =
      'cannot' in answer
        ? { verdict: 'cannot', text: `cannot: ${answer.cannot}` }
        : judged(answer, expected, values, check.show);
  }
  return { what: check.what, truth: truthText(expected, values, check.show), said };
}

/** The one number of an answer. More than one is a question that is asked wrongly. */
function theOne(numbers: number[], query: string): Said {
  if (numbers.length > 1) {
    throw new Error(`${query}: ${numbers.length} numbers, expected one`);
  }
  return numbers.length === 0 ? { none: 'nothing' } : { value: numbers[0] };
}

function askPlugin(plugin: Plugin): Ask {
  return async ({ ours }, facts, at) => {
    const expr = ours(facts, at);
    const now = Date.now() / 1000;
    const frames = await plugin.range({ queryType: 'promql', expr, instant: true }, now - 600, now, INTERVAL);
    return theOne(numbersOf(frames), expr);
  };
}

function askPrometheus(prometheus: Prometheus): Ask {
  return async ({ exporter }, facts, at) => {
    if (typeof exporter !== 'function') {
      const { cannot, unless } = exporter;
      const names = await prometheus.instant('count by (__name__) ({__name__!=""})');
      const other = names.map(({ metric }) => metric.__name__).find((name) => unless?.test(name));
      if (other !== undefined) {
        throw new Error(`mesos_exporter "${cannot}", and has ${other}: ask it for that`);
      }
      return { cannot };
    }
    const expr = exporter(facts, at);
    const found = await prometheus.instant(expr);
    return theOne(
      found.map(({ points }) => points[0][1]),
      expr
    );
  };
}

function askInfinity(backend: Infinity): Ask {
  return async ({ infinity }, facts) => {
    if (typeof infinity !== 'function') {
      return { cannot: infinity.cannot };
    }
    const { page, value, failed } = infinity(facts);
    let rows;
    try {
      rows = await backend.rows(page);
    } catch {
      return failed === undefined ? { none: 'an error' } : { value: failed };
    }
    const found = value(rows);
    return found === undefined ? { none: 'nothing' } : { value: found };
  };
}
