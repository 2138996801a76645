import type { Scenario } from './scenario.ts';

export default {
  name: 'no-leader',
  about: 'ZooKeeper is away: the leader of three masters ends itself, and nobody leads for three minutes',
  plan: { masters: 3 },
  length: 600,
  steps: [
    { at: 120, do: 'zookeeper fails' },
    { at: 300, do: 'zookeeper returns' },
    { at: 360, do: 'masters start' },
  ],
} satisfies Scenario as Scenario;
