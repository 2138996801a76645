// What older versions of Mesos do not tell (../simulator/live/versions/shapes.ts): values that may be missing then, and never
// wrong. All others must be there, whatever version it is.
import { VERSIONS, shapeOf, type Version } from '../simulator/live/versions/shapes.ts';
import type { Truth } from '../simulator/live/truth.ts';
import type { Check } from './checks.ts';
import type { Fact } from './compare.ts';

interface Untold {
  /** The first version of those that are simulated that tells it. */
  since: Version;
  exprs: RegExp;
  /** Only of some series. */
  only?(labels: Record<string, string>, truth: Truth): boolean;
}

const UNTOLD: Untold[] = [
  // Agents have neither offered_resources nor reserved_resources, so that nobody knows what is free.
  { since: '0.28', exprs: /^mesos_(cluster|agent)_(cpus|memory|disk)_(offered|reserved)|^fits/ },
  // They have no used_resources, and frameworks list no executors, which may be on any agent; here they hold no disk.
  {
    since: '0.28',
    exprs: /^mesos_agent_(cpus|memory)_allocated/,
    only: (_, { agents }) => agents.some(({ executors }) => executors > 0),
  },
  // There is no recovered_slaves, and agents are never unreachable.
  {
    since: '1.4',
    exprs: /^mesos_cluster_agents$/,
    only: ({ state }) => state === 'recovered' || state === 'unreachable',
  },
  // Agents have neither `deactivated` nor `drain_info`, which are from 1.9.
  {
    since: '1.12',
    exprs: /^mesos_cluster_agents$/,
    only: ({ state }) => state === 'deactivated' || state === 'draining' || state === 'drained',
  },
  // A task that is being killed is running.
  { since: '0.28', exprs: /^mesos_\w+_tasks$/, only: ({ state }) => state === 'killing' },
  // Frameworks have no `connected`: one that is not `active` is disconnected, or was deactivated.
  { since: '1.4', exprs: /^mesos_cluster_frameworks$/, only: ({ state }) => state === 'disconnected' },
  // /roles has `resources` alone, and from 1.3 on the guarantee.
  { since: '1.12', exprs: /^mesos_role_(cpus|memory|disk)_(reserved|quota_consumed)/ },
  // Metrics by framework are from 1.7.
  { since: '1.12', exprs: /^mesos_framework_tasks_ended_total$/ },
];

/** The facts of a check, as far as a version tells them. */
export function told({ expr, by }: Check, facts: Fact[], truth: Truth, version: Version | undefined): Fact[] {
  const shape = shapeOf(version);
  if (version === undefined || shape === undefined) {
    return facts;
  }
  const all = shape.keys.agent.includes('active')
    ? facts
    : facts.map(([labels, ...rest]): Fact => [asListed(expr, labels), ...rest]);
  const untold = UNTOLD.filter(
    ({ since, exprs }) => VERSIONS.indexOf(version) < VERSIONS.indexOf(since) && exprs.test(expr)
  );
  const known = summed(by, all).map(([labels, value, latitude]): Fact => {
    const silent = untold.some(({ only }) => only === undefined || only(labels, truth));
    return silent
      ? [labels, value, { low: value, high: value, ...latitude, mayLack: true }]
      : [labels, value, latitude];
  });
  return by[0] === 'role' && shape.defaultRole ? [...known, ...ofDefaultRole(facts)] : known;
}

const listed = new WeakMap<Truth, Truth>();

/** The truth that a check is made of: room is counted on agents that are active as far as a version tells it. */
export function truthFor({ expr }: Check, truth: Truth, version: Version | undefined): Truth {
  if (!expr.startsWith('fits') || (shapeOf(version)?.keys.agent.includes('active') ?? true)) {
    return truth;
  }
  const known = listed.get(truth) ?? {
    ...truth,
    agents: truth.agents.map((agent) => (agent.state === 'disconnected' ? { ...agent, state: 'active' } : agent)),
  };
  listed.set(truth, known);
  return known;
}

/** 0.19 has no `active`: what it lists it calls activated, lost connections included. */
function asListed(expr: string, labels: Record<string, string>): Record<string, string> {
  const lost = /^mesos_(cluster_agents|agent_state)$/.test(expr) && labels.state === 'disconnected';
  return lost ? { ...labels, state: 'active' } : labels;
}

/** Facts of the same series are one. */
function summed(by: string[], facts: Fact[]): Fact[] {
  const groups = Map.groupBy(facts, ([labels]) => JSON.stringify(by.map((label) => labels[label])));
  return [...groups.values()].map((same): Fact => {
    const [[labels, , latitude]] = same;
    return [labels, same.reduce((sum, [, value]) => sum + value, 0), latitude];
  });
}

/** /roles lists `*`, which nobody here uses. */
function ofDefaultRole(facts: Fact[]): Fact[] {
  const states = new Set(facts.map(([{ state }]) => state));
  return [...states].map((state) => [
    { role: '*', ...(state !== undefined && { state }) },
    0,
    { low: 0, high: 0, mayLack: true },
  ]);
}
